import { expect, test } from 'vitest'
import { TestAccount } from './client.ts'
import { copyOf, mediaUrl, requestsFor } from './media.ts'

test('an input that is not there fails at once, and the message names alias, host and status', async () => {
  const account = await TestAccount.create()
  const url = mediaUrl('/status/404')
  const command = await account.run(copyOf(url))
  expect(command).toMatchObject({ status: 'FAILED', error_status: 'UNREACHABLE_INPUT_FILE', output_files: {} })
  expect(command.error_message).toContain('"in_file"')
  expect(command.error_message).toContain(new URL(url).host)
  expect(command.error_message).toContain('404')
  expect(await requestsFor(url)).toHaveLength(1)
})

test('a server that fails is asked three times more before the command fails', async () => {
  const account = await TestAccount.create()
  const url = mediaUrl('/status/503')
  expect(await account.run(copyOf(url))).toMatchObject({ error_status: 'UNREACHABLE_INPUT_FILE' })
  expect(await requestsFor(url)).toHaveLength(4)
})

test('a server that recovers in time costs nothing but time', async () => {
  const account = await TestAccount.create()
  await account.succeed(copyOf(mediaUrl('/failing/2/500/tone.wav')))
})

test('a download that is cut is resumed where it was, if it is still the same file', async () => {
  const account = await TestAccount.create()
  const url = mediaUrl('/cut/1/tone.wav')
  await account.succeed(copyOf(url))
  const [first, second, ...more] = await requestsFor(url)
  expect(first?.range).toBeNull()
  expect(second?.range).toMatch(/^bytes=[1-9]\d*-$/)
  expect(second?.ifRange).not.toBeNull()
  expect(more).toEqual([])
})

test('a download that is cut at a server without ranges is begun anew', async () => {
  const account = await TestAccount.create()
  const url = mediaUrl('/norange/1/tone.wav')
  await account.succeed(copyOf(url))
  expect((await requestsFor(url)).map(({ range }) => range)).toEqual([null, null])
})

test('a server that nobody runs is an unreachable input', async () => {
  const account = await TestAccount.create()
  const command = await account.run(copyOf('http://127.0.0.1:1/x.wav'))
  expect(command).toMatchObject({ error_status: 'UNREACHABLE_INPUT_FILE', error_message: expect.stringContaining('127.0.0.1:1') })
})

test('five redirects are followed, six are not', async () => {
  const account = await TestAccount.create()
  await account.succeed(copyOf(mediaUrl('/redirect/5/tone.wav')))
  expect(await account.run(copyOf(mediaUrl('/redirect/6/tone.wav')))).toMatchObject({ error_status: 'UNREACHABLE_INPUT_FILE' })
})

test('an input over the limit is INPUT_TOO_LARGE, whether or not its size was announced', async () => {
  const account = await TestAccount.create()
  for (const path of ['/big/2000000', '/chunked/2000000']) {
    const command = await account.run(copyOf(mediaUrl(path)))
    expect(command).toMatchObject({ error_status: 'INPUT_TOO_LARGE', error_message: expect.stringContaining('"in_file"') })
  }
})

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

test('an output that was not written is OUTPUT_MISSING, with its alias and what files there are', async () => {
  const account = await TestAccount.create()
  const command = await account.run({
    output_files: { out_frame: 'frame.png' },
    ffmpeg_command: '-f lavfi -i color=d=0.2:r=10 -f image2 -start_number 7 -frames:v 1 -metadata comment={{out_frame}} -f null -',
  })
  expect(command).toMatchObject({ status: 'FAILED', error_status: 'OUTPUT_MISSING' })
  expect(command.error_message).toContain('out_frame')
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
