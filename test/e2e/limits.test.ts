/** Settings that limit something count what the guide says, from when to when it says, and tell a caller what they met. */
import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ApiClient } from '../support/api-client.ts'
import { type GatedServer, startGatedServer } from '../support/gated-server.ts'
import { startTestStack, type TestStack } from '../support/stack.ts'
import { waitUntil } from '../support/wait-until.ts'

/** Six seconds. */
const RETENTION_DAYS = 0.00007

let stack: TestStack
let api: ApiClient
let silent: GatedServer

beforeAll(async () => {
  silent = await startGatedServer(Buffer.alloc(1000))
  stack = await startTestStack({
    env: {
      MAX_COMMAND_RUN_SECONDS: '4',
      MAX_DOWNLOAD_SECONDS: '3',
      STORAGE_URL_TTL_SECONDS: '1',
      FILE_RETENTION_DAYS: String(RETENTION_DAYS),
      MAX_CONCURRENT_COMMANDS: '6',
      PUBLIC_URL: 'https://media.example.com',
    },
  })
  api = new ApiClient(stack)
})
afterAll(async () => {
  await stack?.stop()
  await silent?.stop()
})

const TONE = { output_files: { out_a: 'a.wav' }, ffmpeg_command: '-f lavfi -i sine=d=0.1 {{out_a}}' }

describe.concurrent('settings', () => {
  test('MAX_COMMAND_RUN_SECONDS bounds what may be asked for', async () => {
    const answer = await api.fetch('/api/v1/run-ffmpeg-command', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ ...TONE, max_command_run_seconds: 5 }),
    })
    expect(answer.status).toBe(422)
    expect(await answer.text()).toContain('4 seconds at most')
  })

  test('MAX_COMMAND_RUN_SECONDS holds for a command that asks for nothing', async () => {
    const command = await api.ended(await api.submit({ ...TONE, ffmpeg_command: '-re -f lavfi -i sine=d=600 {{out_a}}' }))
    expect(command).toMatchObject({ error_status: 'TIMEOUT', error_message: expect.stringContaining('4 seconds') })
  })

  test('MAX_DOWNLOAD_SECONDS counts the inputs of a command together', async () => {
    const names = ['in_a', 'in_b']
    const command = await api.ended(
      await api.submit({
        input_files: Object.fromEntries(names.map((name) => [name, `${silent.url}?${randomUUID()}`])),
        output_files: { out_a: 'a.wav' },
        ffmpeg_command: '-i {{in_a}} -i {{in_b}} {{out_a}}',
      }),
    )
    expect(command).toMatchObject({ error_status: 'UNREACHABLE_INPUT_FILE', error_message: expect.stringContaining('within 3 seconds') })
  })

  test('STORAGE_URL_TTL_SECONDS is the life of a link, and PUBLIC_URL its origin', async () => {
    const { output_files } = await api.ended(await api.submit(TONE))
    const link = output_files.out_a?.storage_url ?? ''
    expect(link).toMatch(/^https:\/\/media\.example\.com\/files\//)
    const here = stack.url + new URL(link).pathname
    await waitUntil('the link has expired', async () => {
      const answer = await fetch(here)
      return (await answer.text()).includes('expired')
    })
  })

  test('FILE_RETENTION_DAYS counts from the end of the command', async () => {
    const id = await api.submit(TONE)
    const { created_at, total_processing_seconds } = await api.ended(id)
    await waitUntil('the output is deleted', async () => (await api.poll(id)).output_files.out_a?.is_deleted)
    const kept = Date.now() - Date.parse(created_at) - (total_processing_seconds ?? 0) * 1000
    expect(kept).toBeGreaterThan(RETENTION_DAYS * 86_400_000)
  })
})
