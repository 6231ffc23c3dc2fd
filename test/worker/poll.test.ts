import { describe, expect, test } from 'vitest'
import { onlyOutput, TestAccount, until } from './client.ts'
import { copyOf, Gate, mediaUrl, SHORT_TONE } from './media.ts'

const METADATA = { order: 17, tags: ['a', null, { b: true }] }
const ISO_DATE: unknown = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)

const LOG_URL: unknown = expect.stringMatching(/^http:\/\/renderio\.test\/api\/v1\/commands\/[\w-]{36}\/log$/)

/** Of a command whose result is files. */
const NO_TEXT = {
  stdout: null,
  report: null,
  log_url: LOG_URL,
}

describe('the poll response, to the letter', () => {
  test('while the command waits', async () => {
    const account = await TestAccount.create()
    const gates = [new Gate(), new Gate()]
    for (const gate of gates) await account.submit(copyOf(gate.url))
    const request = copyOf(mediaUrl('/status/404'))
    const id = await account.submit({ ...request, metadata: METADATA })
    expect(await account.poll(id)).toEqual({
      command_id: id,
      status: 'QUEUED',
      command_type: 'FFMPEG_COMMAND',
      created_at: ISO_DATE,
      processing_stage: null,
      progress: null,
      queue_position: expect.any(Number),
      total_processing_seconds: null,
      ffmpeg_command_run_seconds: null,
      metadata: METADATA,
      error_status: null,
      error_message: null,
      original_request: request,
      output_files: {},
      ...NO_TEXT,
    })
    for (const gate of gates) await gate.open()
  })

  test('while the command runs', async () => {
    const account = await TestAccount.create()
    const gate = new Gate()
    const request = copyOf(gate.url)
    const id = await account.submit({ ...request, metadata: METADATA })
    const command = await until('it runs', async () => {
      const poll = await account.poll(id)
      return poll.status === 'PROCESSING' && poll
    })
    expect(command).toEqual({
      command_id: id,
      status: 'PROCESSING',
      command_type: 'FFMPEG_COMMAND',
      created_at: ISO_DATE,
      processing_stage: 'DOWNLOADING',
      progress: null,
      queue_position: null,
      total_processing_seconds: null,
      ffmpeg_command_run_seconds: null,
      metadata: METADATA,
      error_status: null,
      error_message: null,
      original_request: request,
      output_files: {},
      ...NO_TEXT,
    })
    await gate.open()
  })

  test('when the command has succeeded', async () => {
    const account = await TestAccount.create()
    const request = {
      input_files: { in_video: mediaUrl('/tiny.mp4') },
      output_files: { out_video: 'small.mp4' },
      ffmpeg_command: 'ffmpeg -i {{in_video}} -vf scale=80:-2 -c:v libx264 -c:a aac {{out_video}}',
    }
    const command = await account.succeed({ ...request, metadata: METADATA })
    expect(command).toEqual({
      command_id: expect.any(String),
      status: 'SUCCESS',
      command_type: 'FFMPEG_COMMAND',
      created_at: ISO_DATE,
      processing_stage: null,
      progress: 100,
      queue_position: null,
      total_processing_seconds: expect.any(Number),
      ffmpeg_command_run_seconds: expect.any(Number),
      metadata: METADATA,
      error_status: null,
      error_message: null,
      original_request: request,
      output_files: {
        out_video: {
          file_id: expect.stringMatching(/^[\w-]+$/),
          storage_url: expect.stringMatching(/^http:\/\/renderio\.test\/files\/[\w.-]+\/small\.mp4$/),
          status: 'STORED',
          rendi_store_type: 'OUTPUT',
          is_deleted: false,
          filename: 'small.mp4',
          size_mbytes: expect.any(Number),
          duration: expect.closeTo(1, 0),
          file_type: 'video',
          file_format: 'mp4',
          codec: 'h264',
          pixel_format: 'yuv420p',
          mime_type: 'video/mp4',
          width: 80,
          height: 46,
          rotation: 0,
          frame_rate: 25,
          bitrate_video_kb: expect.any(Number),
          bitrate_audio_kb: expect.any(Number),
          sample_rate: 44100,
          channels: 1,
        },
      },
      ...NO_TEXT,
    })
    expect(command.ffmpeg_command_run_seconds).toBeGreaterThan(0)
    expect(command.total_processing_seconds).toBeGreaterThanOrEqual(command.ffmpeg_command_run_seconds ?? 0)
  })

  test('when the command has failed', async () => {
    const account = await TestAccount.create()
    const request = copyOf(mediaUrl('/status/404'))
    const command = await account.run({ ...request, metadata: METADATA })
    expect(command).toEqual({
      command_id: expect.any(String),
      status: 'FAILED',
      command_type: 'FFMPEG_COMMAND',
      created_at: ISO_DATE,
      processing_stage: null,
      progress: null,
      queue_position: null,
      total_processing_seconds: expect.any(Number),
      ffmpeg_command_run_seconds: null,
      metadata: METADATA,
      error_status: 'UNREACHABLE_INPUT_FILE',
      error_message: expect.stringContaining('404'),
      original_request: request,
      output_files: {},
      ...NO_TEXT,
    })
  })
})

describe('outputs', () => {
  test('every output of a command is there under its alias', async () => {
    const account = await TestAccount.create()
    const command = await account.succeed({
      input_files: { in_video: mediaUrl('/tiny.mp4') },
      output_files: { out_sound: 'sound.mp3', out_frame: 'frame.png' },
      ffmpeg_command: '-i {{in_video}} -vn {{out_sound}} -frames:v 1 -update 1 {{out_frame}}',
    })
    expect(command.output_files).toMatchObject({
      out_sound: { filename: 'sound.mp3', file_type: 'audio', codec: 'mp3', width: null, pixel_format: null },
      out_frame: { filename: 'frame.png', file_type: 'image', mime_type: 'image/png', width: 160, height: 90 },
    })
  })

  test('an account’s files are kept apart from all others', async () => {
    const [one, other] = await Promise.all([TestAccount.create(), TestAccount.create()])
    const outputs = await Promise.all([one.succeed(SHORT_TONE), other.succeed(SHORT_TONE)])
    expect(new Set(outputs.map((command) => onlyOutput(command).file_id)).size).toBe(2)
  })
})

describe('progress', () => {
  test('grows up to 100 while FFmpeg runs, where the length is known', async () => {
    const account = await TestAccount.create()
    const id = await account.submit({
      output_files: { out_tone: 'tone.wav' },
      // Long enough for a busy machine to be asked twice.
      ffmpeg_command: '-re -f lavfi -i sine -t 6 {{out_tone}}',
    })
    const seen: number[] = []
    await until('it has ended', async () => {
      const { status, processing_stage, progress } = await account.poll(id)
      if (processing_stage === 'FFMPEG' && progress !== null) seen.push(progress)
      return status === 'SUCCESS'
    })
    expect(new Set(seen).size).toBeGreaterThan(1)
    expect(seen).toEqual(seen.toSorted((a, b) => a - b))
  })
})

describe('waiting', () => {
  test('?wait=N holds the answer until the command ends', async () => {
    const account = await TestAccount.create()
    const gate = new Gate()
    const id = await account.submit(copyOf(gate.url))
    const waiting = account.poll(id, 60)
    await gate.open()
    expect((await waiting).status).toBe('SUCCESS')
  })

  test('?wait=N is answered with the command as it stands when the time is over', async () => {
    const account = await TestAccount.create()
    const gate = new Gate()
    const id = await account.submit(copyOf(gate.url))
    expect((await account.poll(id, 1)).status).not.toMatch(/SUCCESS|FAILED/)
    await gate.open()
  })

  test('?wait=N on a command that has ended is answered at once, as often as it is asked', async () => {
    const account = await TestAccount.create()
    const { command_id } = await account.run(copyOf(mediaUrl('/status/404')))
    const polls = await Promise.all(Array.from({ length: 5 }, () => account.poll(command_id, 60)))
    expect(new Set(polls.map(({ status }) => status))).toEqual(new Set(['FAILED']))
  })

  test('several may wait for the same command', async () => {
    const account = await TestAccount.create()
    const gate = new Gate()
    const id = await account.submit(copyOf(gate.url))
    const waiting = [account.poll(id, 60), account.poll(id, 60), account.poll(id, 60)]
    await gate.open()
    expect((await Promise.all(waiting)).map(({ status }) => status)).toEqual(['SUCCESS', 'SUCCESS', 'SUCCESS'])
  })

  test.each(['61', '-1', '1.5', 'soon', '1e99'])('?wait=%s is a 400', async (wait) => {
    const account = await TestAccount.create()
    const response = await account.request(`/api/v1/commands/${crypto.randomUUID()}?wait=${wait}`)
    expect(response.status).toBe(400)
    expect(await response.json()).toMatchObject({ error: 'INVALID_REQUEST', message: expect.stringContaining('wait') })
  })

  test('an id may be written in capitals', async () => {
    const account = await TestAccount.create()
    const { command_id } = await account.run(copyOf(mediaUrl('/status/404')))
    expect((await account.poll(command_id.toUpperCase())).command_id).toBe(command_id)
  })
})

describe('the log', () => {
  test('is FFmpeg’s whole stderr as plain text', async () => {
    const account = await TestAccount.create()
    const { command_id } = await account.succeed(SHORT_TONE)
    const response = await account.request(`/api/v1/commands/${command_id}/log`)
    expect(response.headers.get('content-type')).toMatch(/^text\/plain/)
    expect(await response.text()).toMatch(/Input #0, lavfi[\s\S]*Output #0, ipod, to '.*tone\.m4a'/)
  })

  test('is empty before FFmpeg has run', async () => {
    const account = await TestAccount.create()
    const gate = new Gate()
    const id = await account.submit(copyOf(gate.url))
    expect(await account.log(id)).toBe('')
    await gate.open()
  })
})
