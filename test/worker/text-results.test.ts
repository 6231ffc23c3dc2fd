import { expect, test } from 'vitest'
import { needs } from '../machine/needs.ts'
import { download, onlyOutput, SUBMIT_CHAIN, TestAccount } from './client.ts'
import { mediaUrl } from './media.ts'

const VIDEO = { in_v: mediaUrl('/tiny.mp4') }

test('a command that measures has its measurements in the poll, in the webhook’s form, and the whole log behind log_url', async () => {
  const account = await TestAccount.create()
  const command = await account.succeed({
    output_files: {},
    ffmpeg_command: '-f lavfi -i sine=d=1 -af volumedetect -f null -',
  })
  expect(command).toMatchObject({
    output_files: {},
    stdout: null,
    report: expect.stringMatching(/^\[Parsed_volumedetect_0\] n_samples: 44100$/m),
  })
  expect(command.log_url).toBe(`http://renderio.test/api/v1/commands/${command.command_id}/log`)
  expect(await account.log(command.command_id)).toContain('Input #0')
  expect((await account.list()).commands, 'a list has no texts').toMatchObject([
    { command_id: command.command_id, report: null, stdout: null },
  ])
})

test('what a command writes to standard output is in the poll, without output files and beside them', async () => {
  const account = await TestAccount.create()
  const alone = await account.succeed({ input_files: VIDEO, ffmpeg_command: '-i {{in_v}} -map 0 -c copy -f md5 -' })
  expect(alone.stdout).toMatch(/^MD5=[0-9a-f]{32}\n$/)
  expect(alone.report).toBeNull()
  const beside = await account.succeed({
    input_files: VIDEO,
    output_files: { out_v: 'v.mp4' },
    ffmpeg_command: '-i {{in_v}} -c copy {{out_v}} -map 0 -c copy -f md5 pipe:1',
  })
  expect(beside).toMatchObject({ stdout: alone.stdout, report: null, output_files: { out_v: { filename: 'v.mp4' } } })
})

test('ffprobe answers its report as text, or as a file', async () => {
  const account = await TestAccount.create()
  const text = await account.succeed({
    input_files: VIDEO,
    ffmpeg_command: 'ffprobe -v error -show_format -show_streams -of json {{in_v}}',
  })
  expect(JSON.parse(text.stdout ?? '')).toMatchObject({
    format: { filename: 'in_v.mp4' },
    streams: expect.arrayContaining([expect.objectContaining({ codec_type: 'video' })]),
  })
  const chained = await account.succeed(
    {
      input_files: VIDEO,
      output_files: { out_v: 'v.mkv' },
      ffmpeg_commands: ['-i {{in_v}} -c copy {{out_v}}', 'ffprobe -v error -show_entries format=format_name -of csv=p=0 {{out_v}}'],
    },
    SUBMIT_CHAIN,
  )
  expect(chained.stdout).toBe('"matroska,webm"\n')
  expect(onlyOutput(chained).filename).toBe('v.mkv')
})

test('a report of ffprobe is stored where an output is named for it', needs('ffmpeg5'), async () => {
  const account = await TestAccount.create()
  const command = await account.succeed({
    input_files: VIDEO,
    output_files: { out_j: 'report.json' },
    ffmpeg_command: 'ffprobe -v error -show_format -of json {{in_v}} > {{out_j}}',
  })
  expect(command.stdout).toBeNull()
  const { mime_type, storage_url } = onlyOutput(command)
  expect(mime_type).toBe('application/json')
  expect(await (await download(storage_url ?? '')).json()).toMatchObject({ format: { filename: 'in_v.mp4' } })
})

test('an ffprobe that fails says why', async () => {
  const account = await TestAccount.create()
  const command = await account.run({ input_files: { in_v: mediaUrl('/tiny.mp4') }, ffmpeg_command: 'ffprobe -f matroska {{in_v}}' })
  expect(command).toMatchObject({ status: 'FAILED', error_status: 'FFMPEG_ERROR', stdout: null, report: null })
  expect(command.error_message).toContain('in_v.mp4')
})
