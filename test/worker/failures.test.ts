import { env } from 'cloudflare:workers'
import { expect, test } from 'vitest'
import { TestAccount } from './client.ts'

test('FFmpeg’s own words say why it failed, and its whole stderr can be read', async () => {
  const account = await TestAccount.create()
  const command = await account.run({
    output_files: { out_tone: 'tone.wav' },
    ffmpeg_command: '-f lavfi -i sine=d=0.1 -c:a no_such_encoder {{out_tone}}',
  })
  expect(command).toMatchObject({ status: 'FAILED', error_status: 'FFMPEG_ERROR' })
  expect(command.error_message).toContain('no_such_encoder')
  expect(command.error_message).not.toContain('ffmpeg version')
  expect(await account.log(command.command_id)).toContain('no_such_encoder')
})

test('a command that asks for silence says why it failed all the same', async () => {
  const account = await TestAccount.create()
  const command = await account.run({
    output_files: { out_tone: 'tone.wav' },
    ffmpeg_command: '-v quiet -f lavfi -i sine=d=0.1 -c:a no_such_encoder {{out_tone}}',
  })
  expect(command).toMatchObject({ status: 'FAILED', error_status: 'FFMPEG_ERROR' })
  expect(command.error_message).toContain("Unknown encoder 'no_such_encoder'")
  expect(await account.log(command.command_id)).toContain('no_such_encoder')
})

test('an output that was not written is OUTPUT_MISSING, with its alias and what files there are', async () => {
  const account = await TestAccount.create()
  const command = await account.run({
    output_files: { out_tone: 'tone.wav', out_frame: 'frame.png' },
    ffmpeg_command: '-f lavfi -i sine=d=0.1 -metadata comment={{out_frame}} {{out_tone}}',
  })
  expect(command).toMatchObject({ status: 'FAILED', error_status: 'OUTPUT_MISSING', output_files: {} })
  expect(command.error_message).toMatch(/out_frame.*frame\.png/)
  expect(command.error_message).toContain('tone.wav')
  expect((await env.FILES.list({ prefix: `${account.name}/` })).objects, 'nothing is stored of a failed command').toEqual([])
})

test('a command that fills the disk is OUTPUT_TOO_LARGE', async () => {
  const account = await TestAccount.create()
  const command = await account.run({
    output_files: { out_video: 'huge.avi' },
    ffmpeg_command: '-f lavfi -i testsrc=s=640x480:r=25:d=60 -c:v rawvideo {{out_video}}',
  })
  expect(command).toMatchObject({ error_status: 'OUTPUT_TOO_LARGE', error_message: expect.stringContaining('limit for one job') })
})

test('a command that takes too long is stopped, and says after how many seconds', async () => {
  const account = await TestAccount.create()
  const command = await account.run({
    output_files: { out_tone: 'tone.wav' },
    ffmpeg_command: '-re -f lavfi -i sine=d=30 {{out_tone}}',
    max_command_run_seconds: 1,
  })
  expect(command).toMatchObject({ status: 'FAILED', error_status: 'TIMEOUT', error_message: expect.stringContaining('1 second') })
})
