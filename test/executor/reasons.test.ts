/** What a command that fails says beyond FFmpeg's own words, with real FFmpeg. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { RunRequest } from '../../src/executor/protocol.ts'
import { needs } from '../machine/needs.ts'
import { type ExecutorProcess, startExecutor } from '../support/executor-process.ts'
import { JobClient, LIMITS, testSource } from './job-client.ts'

let executor: ExecutorProcess
let clip: Uint8Array<ArrayBuffer>

beforeAll(async () => {
  executor = await startExecutor()
  const source = new JobClient(executor)
  await source.ended({ commands: [[...testSource(3), 'clip.mp4']], outputs: { out: 'clip.mp4' } })
  clip = new Uint8Array(await (await source.output('out')).arrayBuffer())
})
afterAll(() => executor.stop())

/** How a job fails that has one input. */
async function failure(filename: string, content: string | Uint8Array<ArrayBuffer>, command: string[], request: Partial<RunRequest> = {}) {
  const job = new JobClient(executor)
  await job.put(filename, content)
  const state = await job.ended({ commands: [command], inputs: { in_1: filename }, outputs: { out: command.at(-1) ?? '' }, ...request })
  expect(state.state, JSON.stringify(state)).toBe('FAILED')
  return state.state === 'FAILED' ? state.error : null
}

describe('a TIMEOUT', () => {
  test('of a command without an end says what has none, and how to end it', async () => {
    const command = ['-stream_loop', '-1', '-i', 'in_1.mp4', '-c', 'copy', '-f', 'null', 'out.mp4']
    const limits = { ...LIMITS, run_seconds: 1 }
    expect(await failure('in_1.mp4', clip, command, { limits })).toEqual({
      code: 'TIMEOUT',
      step: 0,
      message:
        'the command was stopped after 1 seconds (max_command_run_seconds): -stream_loop -1 makes the input "in_1" endless, and nothing ends the output; write -t and its length in seconds before the output’s name, or -shortest to end it with another input',
    })
  })

  test('quotes the error that FFmpeg has repeated until then, and says what the input is', async () => {
    const command = ['-loop', '1', '-i', 'in_1.png', '-t', '1', 'out.mp4']
    const error = await failure('in_1.png', '<!DOCTYPE html><html></html>', command, { limits: { ...LIMITS, run_seconds: 3 } })
    expect(error?.code).toBe('TIMEOUT')
    expect(error?.message).toContain('\nThe input "in_1" is not media: it is a web page (text/html)')
    expect(error?.message).toMatch(/\nFFmpeg repeated this: \[png\] Invalid PNG signature/)
  })
})

test('files that grow without an end say why', async () => {
  const command = ['-f', 'lavfi', '-i', 'color=red:s=640x480', '-c:v', 'rawvideo', 'out.avi']
  const error = await failure('in_1.mp4', clip, command, { limits: { ...LIMITS, disk_bytes: 5e6 } })
  expect(error).toMatchObject({
    code: 'OUTPUT_TOO_LARGE',
    message: expect.stringContaining(': color has no end, and nothing ends the output'),
  })
})

test.each([
  ['before the input', ['-ss', '10', '-i', 'in_1.mp4', 'out.mp4']],
  ['after it', ['-i', 'in_1.mp4', '-ss', '10', 'out.webm']],
  ['for a picture', ['-ss', '10', '-i', 'in_1.mp4', '-frames:v', '1', 'out.png']],
])('a start past the end says so: %s', async (_, command) => {
  expect(await failure('in_1.mp4', clip, command)).toEqual({
    code: 'OUTPUT_MISSING',
    step: 0,
    message:
      'the command ended well but wrote nothing: -ss 10 is past the end of the input "in_1", which lasts 3 seconds; write a smaller -ss',
  })
})

test('FFmpeg’s own words are followed by what to write', async () => {
  const error = await failure('in_1.mp4', clip, ['-i', 'in_1.mp4', '-vf', 'scale=101:101', '-pix_fmt', 'yuv420p', 'out.mp4'])
  expect(error?.code).toBe('FFMPEG_ERROR')
  expect(error?.message).toMatch(/width not divisible by 2[\s\S]*\nThis encoder takes an even width and height only: .*trunc\(iw\/2\)\*2/)
})

test.each([
  ['JSON', '{"error":"gone"}', 'JSON (application/json), which begins with "{"error":"gone"}"'],
  ['a text', 'Access denied\n', 'text (text/plain), which begins with "Access denied"'],
  ['an archive', 'Rar!\x1a\x07\0', 'a RAR archive'],
])('an input that is %s is named when FFmpeg cannot read it', async (_, content, what) => {
  const error = await failure('in_1', content, ['-i', 'in_1', 'out.mp4'])
  expect(error?.message).toMatch(/Invalid data found[\s\S]*\nThe input "in_1" is not media: it is /)
  expect(error?.message.endsWith(what)).toBe(true)
})

test.each([
  ['a script', 'in_2.txt', 'no time at all\n', 'sendcmd=f=in_2.txt,hue=s=1', /Invalid start time specification/],
  ['a LUT', 'in_2.cube', 'LUT_3D_SIZE 2\n0 0 0\n', 'lut3d=in_2.cube:interp=nosuch', /\nnosuch is not a valid value for interp$/],
])('%s that a filter reads need not be media', async (_, filename, content, filter, message) => {
  const job = new JobClient(executor)
  await job.put('in_1.mp4', clip)
  await job.put(filename, content)
  const commands = [['-i', 'in_1.mp4', '-vf', filter, 'out.mp4']]
  const state = await job.ended({ commands, inputs: { in_1: 'in_1.mp4', in_2: filename }, outputs: { out: 'out.mp4' } })
  const error = state.state === 'FAILED' ? state.error.message : ''
  expect(error).toMatch(message)
  expect(error).not.toContain('is not media')
})

test('of several inputs, the one that FFmpeg names is the reason', async () => {
  const job = new JobClient(executor)
  await job.put('in_1.mp4', clip.slice(0, 9000))
  await job.put('in_2.txt', 'hello\n')
  const commands = [['-i', 'in_1.mp4', '-vf', 'drawtext=textfile=in_2.txt', 'out.mp4']]
  const state = await job.ended({ commands, inputs: { in_1: 'in_1.mp4', in_2: 'in_2.txt' }, outputs: { out: 'out.mp4' } })
  const error = state.state === 'FAILED' ? state.error.message : ''
  expect(error).toContain('in_1.mp4: ')
  expect(error).not.toContain('in_2')
})

test('subtitles that are none are named as such', async () => {
  const job = new JobClient(executor)
  await job.put('in_1.mp4', clip)
  await job.put('in_2.srt', 'nothing of the kind\n')
  const commands = [['-i', 'in_1.mp4', '-vf', 'subtitles=in_2.srt', 'out.mp4']]
  const state = await job.ended({ commands, inputs: { in_1: 'in_1.mp4', in_2: 'in_2.srt' }, outputs: { out: 'out.mp4' } })
  const error = state.state === 'FAILED' ? state.error.message : ''
  expect(error).toMatch(/\nThe input "in_2" holds no subtitles that FFmpeg can read: it is text .*"nothing of the kind"$/)
})

test('an output without bytes is no success beside one that is whole', async () => {
  const job = new JobClient(executor)
  await job.put('in_1.mp4', clip)
  const commands = [['-i', 'in_1.mp4', '-c', 'copy', 'a.mp4', '-frames:v', '0', '-an', '-f', 'rawvideo', 'b.avi']]
  const state = await job.ended({ commands, inputs: { in_1: 'in_1.mp4' }, outputs: { out_a: 'a.mp4', out_b: 'b.avi' } })
  const message = 'the command ended well but wrote nothing into the output "out_b" (b.avi)'
  expect(state).toMatchObject({ state: 'FAILED', error: { code: 'OUTPUT_MISSING', message } })
})

test('files of MP4 that are glued together are not taken for the first of them', async () => {
  const command = ['-i', 'concat:in_1.mp4|in_1.mp4', '-c', 'copy', 'out.mp4']
  const error = await failure('in_1.mp4', clip, command)
  expect(error?.message).toContain('read only the first file of `concat:`')
})

test('a concat list that is opened as media is told how to be opened', needs('ffmpeg5'), async () => {
  const error = await failure('in_1.txt', "# parts\nfile 'a.mp4'\n", ['-i', 'in_1.txt', 'out.mp4'])
  expect(error?.message).toMatch(/\n"in_1\.txt" is a concat list: write -f concat -safe 0 before its -i$/)
})

test('a concat list is not taken for its first files where a later one is broken', async () => {
  const job = new JobClient(executor)
  await job.put('in_1.mp4', clip)
  await job.put('in_2.mp4', new Uint8Array(2000))
  await job.put('in_3.txt', "file 'in_1.mp4'\nfile 'in_2.mp4'\n")
  const commands = [['-f', 'concat', '-i', 'in_3.txt', '-c', 'copy', 'out.mp4']]
  const inputs = { in_1: 'in_1.mp4', in_2: 'in_2.mp4', in_3: 'in_3.txt' }
  const state = await job.ended({ commands, inputs, outputs: { out: 'out.mp4' } })
  expect(state).toMatchObject({
    state: 'FAILED',
    error: { message: expect.stringContaining('could not open in_2.mp4 of the concat list') },
  })
})
