import { env, exports } from 'cloudflare:workers'
import { beforeAll, expect, test } from 'vitest'
import { hashApiKey, newApiKey } from '../../src/api/api-key.ts'

const apiKey = newApiKey()
beforeAll(async () => {
  await env.KEYS.put(await hashApiKey(apiKey), JSON.stringify({ account: 'tests', label: '', created_at: new Date().toISOString() }))
})

test('a command that is submitted ends in SUCCESS, and its output can be downloaded without a key', async () => {
  const response = await exports.default.fetch('http://renderio.test/api/v1/run-ffmpeg-command?wait=30', {
    method: 'POST',
    headers: { 'x-api-key': apiKey, 'content-type': 'application/json' },
    body: JSON.stringify({
      input_files: { in_video: `${env.MEDIA_URL}/tiny.mp4` },
      output_files: { out_video: 'small.mp4' },
      ffmpeg_command: '-i {{in_video}} -vf scale=80:-2 {{out_video}}',
    }),
  })
  const command = await response.json<Record<string, unknown>>()
  expect(command).toMatchObject({ status: 'SUCCESS', output_files: { out_video: { filename: 'small.mp4', width: 80 } } })
})
