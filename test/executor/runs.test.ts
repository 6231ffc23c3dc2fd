import { readdir, rm, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { needs } from '../machine/needs.ts'
import { type ExecutorProcess, startExecutor } from '../support/executor-process.ts'
import { endless, JobClient, LIMITS, processesWith, refusal, testSource } from './job-client.ts'

let executor: ExecutorProcess
beforeAll(async () => {
  executor = await startExecutor()
})
afterAll(() => executor.stop())

const encode = (filename: string): string[] => [...testSource(1), '-c:v', 'mpeg4', filename]

describe.concurrent('a run that succeeds', () => {
  test('ends with the size and the probed facts of every output', async () => {
    const state = await new JobClient(executor).ended({
      commands: [[...testSource(1), '-f', 'lavfi', '-i', 'sine=duration=1', '-map', '0', 'v.mp4', '-map', '1', 'a.wav']],
      outputs: { video: 'v.mp4', audio: 'a.wav' },
    })
    expect(state).toMatchObject({
      state: 'SUCCEEDED',
      outputs: {
        video: { filename: 'v.mp4', media: { file_type: 'video', width: 160, height: 120, duration: 1 } },
        audio: { filename: 'a.wav', media: { file_type: 'audio', sample_rate: 44100 } },
      },
    })
  })

  test('reads inputs by name, and hands the commands of a chain what the ones before wrote', async () => {
    const job = new JobClient(executor)
    await job.put('in.srt', '1\n00:00:00,000 --> 00:00:01,000\nHello\n')
    const state = await job.ended({
      commands: [
        ['-i', 'in.srt', 'middle.ass'],
        ['-i', 'middle.ass', 'out.vtt'],
      ],
      inputs: { subs: 'in.srt' },
      outputs: { vtt: 'out.vtt' },
    })
    expect(state.state).toBe('SUCCEEDED')
    expect(await (await job.output('vtt')).text()).toContain('Hello')
  })

  test('standard output is the commands’ own, kept up to a bound, and progress is told beside it', async () => {
    const job = new JobClient(executor)
    const frames = ['-f', 'lavfi', '-i', 'testsrc=duration=60:size=16x16:rate=25', '-f', 'framemd5', '-']
    const slow = ['-re', ...testSource(1), '-f', 'framemd5', '-']
    await job.run({ commands: [slow, frames] })
    const running = await job.until((state) => state.state === 'RUNNING' && state.progress !== null)
    expect(running).toMatchObject({ progress: { step: 0 } })
    const state = await job.until(({ state }) => state === 'SUCCEEDED')
    expect(state).toMatchObject({ stdout: { text: expect.stringMatching(/^#format: frame checksums\n/), truncated: true } })
    expect('stdout' in state && state.stdout?.text.length).toBe(64 * 1024)
  })

  test('ffprobe is run where a command is for it', async () => {
    const job = new JobClient(executor)
    const state = await job.ended({
      commands: [encode('v.mp4'), ['-v', 'error', '-show_entries', 'stream=width', '-of', 'csv=p=0', 'v.mp4']],
      programs: ['ffmpeg', 'ffprobe'],
    })
    expect(state).toMatchObject({ state: 'SUCCEEDED', outputs: {}, stdout: { text: '160\n', truncated: false } })
  })

  test('an output that is no media succeeds with unknown facts', async () => {
    const state = await new JobClient(executor).ended({
      commands: [[...testSource(1), '-vf', 'metadata=print:file=log.txt', '-f', 'null', '-']],
      outputs: { log: 'log.txt' },
    })
    expect(state).toMatchObject({ state: 'SUCCEEDED', outputs: { log: { media: { duration: null, codec: null } } } })
  })

  test('a playlist is not followed when it is probed', async () => {
    const job = new JobClient(executor)
    await job.put('list.txt', `ffconcat version 1.0\nfile v.mp4\n`)
    const state = await job.ended({
      commands: [encode('v.mp4'), ['-f', 'data', '-i', 'list.txt', '-map', '0', '-c', 'copy', '-f', 'data', 'list.mp4']],
      inputs: { list: 'list.txt' },
      outputs: { list: 'list.mp4' },
    })
    expect(state).toMatchObject({ state: 'SUCCEEDED', outputs: { list: { media: { width: null } } } })
  })

  test("progress grows to each command's share, and revisions only grow", async () => {
    const job = new JobClient(executor)
    const lasting = (seconds: number) => ['-re', ...testSource(seconds), '-t', `${seconds}`, '-f', 'null', '-']
    await job.run({ commands: [lasting(1), lasting(4)] })
    const seen: { revision: number; percent: number; step: number }[] = []
    await job.until((state) => {
      if (state.state === 'RUNNING' && state.progress !== null && state.progress.percent !== null) {
        seen.push({ revision: state.revision, percent: state.progress.percent, step: state.progress.step })
      }
      return state.state === 'SUCCEEDED'
    })
    expect(seen).toEqual([...seen].sort((a, b) => a.revision - b.revision))
    expect(seen.map(({ percent }) => percent)).toEqual(seen.map(({ percent }) => percent).sort((a, b) => a - b))
    expect(seen.filter(({ step }) => step === 0).every(({ percent }) => percent <= 50)).toBe(true)
    expect(seen.some(({ step, percent }) => step === 1 && percent > 50)).toBe(true)
  })

  test('the log holds the stderr of all commands', async () => {
    const job = new JobClient(executor)
    await job.ended({ commands: [encode('one.avi'), encode('two.avi')], outputs: { two: 'two.avi' } })
    const log = await job.log()
    expect(log).toContain("to 'one.avi'")
    expect(log).toContain("to 'two.avi'")
  })

  test('time in FFmpeg is counted and stands still afterwards', async () => {
    const job = new JobClient(executor)
    const state = await job.ended({ commands: [['-re', ...testSource(3), '-f', 'null', '-']] })
    expect(state.ffmpeg_seconds).toBeGreaterThan(0.5)
    expect((await job.state()).ffmpeg_seconds).toBe(state.ffmpeg_seconds)
  })
})

describe.concurrent('a run that fails', () => {
  test("says so in FFmpeg's own words", async () => {
    const state = await new JobClient(executor).ended({ commands: [['-i', 'absent.mp4', 'out.mp4']], outputs: { out: 'out.mp4' } })
    expect(state).toMatchObject({ state: 'FAILED', error: { code: 'FFMPEG_ERROR', step: 0 } })
    if (state.state === 'FAILED') expect(state.error.message).toMatch(/(?=.*absent\.mp4).*No such file or directory/s)
  })

  test('names the step of a chain, runs nothing after it, and keeps only the log', async () => {
    const job = new JobClient(executor)
    const state = await job.ended({
      commands: [encode('one.avi'), ['-i', 'absent.mp4', 'out.mp4'], encode('three.avi')],
      outputs: { out: 'three.avi' },
    })
    expect(state).toMatchObject({
      state: 'FAILED',
      error: { code: 'FFMPEG_ERROR', step: 1, message: expect.stringMatching(/^command 2 of 3: /) },
    })
    expect(await job.log()).toContain('absent.mp4')
    expect(await readdir((await job.folder()) ?? '')).toEqual([])
  })

  test('gives the exit code where FFmpeg says nothing', async () => {
    const state = await new JobClient(executor).ended({ commands: [['-v', 'quiet', '-i', 'absent.mp4', 'out.mp4']] })
    expect(state).toMatchObject({
      state: 'FAILED',
      error: { code: 'FFMPEG_ERROR', message: expect.stringMatching(/^FFmpeg ended with exit code \d+$/) },
    })
  })

  test('an output that was not written is named, with the files there are', async () => {
    const state = await new JobClient(executor).ended({ commands: [encode('other.avi')], outputs: { clip: 'clip.avi' } })
    expect(state).toMatchObject({
      state: 'FAILED',
      error: { code: 'OUTPUT_MISSING', message: expect.stringMatching(/"clip" \(clip\.avi\).*other\.avi/) },
    })
  })

  test('an output that is a link is missing', async () => {
    const job = new JobClient(executor)
    await job.put('in.txt', 'x')
    await symlink('/etc/passwd', join((await job.folder()) ?? '', 'out.txt'))
    const state = await job.ended({ commands: [[...testSource(1), '-f', 'null', '-']], outputs: { out: 'out.txt' } })
    expect(state).toMatchObject({ state: 'FAILED', error: { code: 'OUTPUT_MISSING' } })
  })

  test('the time limit is over all commands and says how long it was', async () => {
    const state = await new JobClient(executor).ended({
      commands: [encode('one.avi'), endless()],
      limits: { ...LIMITS, run_seconds: 12 },
    })
    expect(state).toMatchObject({
      state: 'FAILED',
      error: {
        code: 'TIMEOUT',
        step: 1,
        message: expect.stringMatching(/^command 2 of 2: the command was stopped after 12 seconds \(max_command_run_seconds\)(?=:)/),
      },
    })
    expect(state.ffmpeg_seconds).toBeLessThan(20)
  })

  test('the disk limit ends a single file that grows', async () => {
    const state = await new JobClient(executor).ended({
      commands: [[...testSource(3600), '-c:v', 'rawvideo', 'out.avi']],
      outputs: { out: 'out.avi' },
      limits: { ...LIMITS, disk_bytes: 5e6 },
    })
    expect(state).toMatchObject({ state: 'FAILED', error: { code: 'OUTPUT_TOO_LARGE', message: expect.stringContaining('5 MB') } })
  })

  test('the disk limit ends many small files that grow', async () => {
    const state = await new JobClient(executor).ended({
      commands: [['-re', ...testSource(3600), '-c:v', 'bmp', '%05d.bmp']],
      limits: { ...LIMITS, disk_bytes: 500_000 },
    })
    expect(state).toMatchObject({ state: 'FAILED', error: { code: 'OUTPUT_TOO_LARGE' } })
  })

  test('a file takes as many bytes as it has blocks on disk', needs('linux'), async () => {
    const state = await new JobClient(executor).ended({
      commands: [['-f', 'lavfi', '-i', 'color=s=2x2,format=gray', '-frames:v', '1000', '%d.pgm']],
      limits: { ...LIMITS, disk_bytes: 1_000_000 },
    })
    expect(state).toMatchObject({ state: 'FAILED', error: { code: 'OUTPUT_TOO_LARGE', message: expect.stringContaining('1 MB') } })
  })

  test('files without end are stopped, and said to be too many', async () => {
    const state = await new JobClient(executor).ended({
      commands: [['-f', 'lavfi', '-i', 'color=s=2x2:r=1000,format=gray', '-f', 'image2', '%d.pgm']],
      limits: { run_seconds: 600, disk_bytes: 100e9 },
    })
    expect(state).toMatchObject({
      state: 'FAILED',
      error: { code: 'OUTPUT_TOO_LARGE', message: expect.stringContaining('more than 50000 files') },
    })
  })

  test('the memory limit ends a picture that is too large', needs('linux'), async () => {
    const small = await startExecutor({ env: { MAX_FFMPEG_MEMORY_MB: '500' } })
    try {
      const state = await new JobClient(small).ended({
        commands: [['-f', 'lavfi', '-i', 'color=size=10000x10000', '-frames:v', '1', 'out.bmp']],
      })
      expect(state).toMatchObject({
        state: 'FAILED',
        error: { code: 'FFMPEG_ERROR' },
      })
    } finally {
      await small.stop()
    }
  })

  test('a job that breaks takes nothing else with it', async () => {
    const job = new JobClient(executor)
    const neighbour = new JobClient(executor)
    await neighbour.put('a.bin', 'x')
    await job.run({ commands: [['-re', ...testSource(5), '-f', 'null', '-']], outputs: { out: 'out.avi' } })
    await job.until((state) => state.state === 'RUNNING' && state.progress !== null)
    await rm((await job.folder()) ?? '', { recursive: true })
    const state = await job.until(({ state }) => state === 'FAILED')
    expect(state).toMatchObject({ error: { code: 'INTERNAL_ERROR' } })
    expect((await neighbour.ended({ commands: [encode('out.avi')], outputs: { out: 'out.avi' } })).state).toBe('SUCCEEDED')
  })

  test('what is written in no time counts too', async () => {
    const state = await new JobClient(executor).ended({
      commands: [[...testSource(1), '-c:v', 'bmp', '%05d.bmp']],
      limits: { ...LIMITS, disk_bytes: 400_000 },
    })
    expect(state).toMatchObject({ state: 'FAILED', error: { code: 'OUTPUT_TOO_LARGE' } })
  })
})

describe.concurrent('POST run', () => {
  test('the same request again only answers, while it runs and after', async () => {
    const job = new JobClient(executor)
    const request = { commands: [['-re', ...testSource(1), '-f', 'null', '-']] }
    const answers = await Promise.all([job.run(request), job.run(request)])
    expect(answers.map(({ status }) => status)).toEqual([202, 202])
    const ended = await job.ended(request)
    expect(await (await job.run(request)).json()).toMatchObject({ revision: ended.revision })
    expect((await job.log()).match(/Output #0/g)).toHaveLength(1)
  })

  test('another request for the same job, and inputs after the start, are a CONFLICT', async () => {
    const job = new JobClient(executor)
    await job.ended({ commands: [encode('a.avi')] })
    expect(await refusal(job.run({ commands: [encode('b.avi')] }))).toEqual([409, 'CONFLICT'])
    expect(await refusal(job.put('late.bin', 'x'))).toEqual([409, 'CONFLICT'])
  })

  test('an input that has not arrived is a FILE_NOT_FOUND that can be mended', async () => {
    const job = new JobClient(executor)
    const request = { commands: [['-i', 'in.srt', 'out.vtt']], inputs: { subs: 'in.srt' }, outputs: { out: 'out.vtt' } }
    expect(await refusal(job.run(request))).toEqual([404, 'FILE_NOT_FOUND'])
    await job.put('in.srt', '1\n00:00:00,000 --> 00:00:01,000\nHello\n')
    expect((await job.ended(request)).state).toBe('SUCCEEDED')
  })

  test.each([
    ['not JSON', '{'],
    ['no commands', '{"commands":[],"inputs":{},"outputs":{},"limits":{"run_seconds":1,"disk_bytes":1}}'],
    ['nothing', ''],
  ])('%s is a BAD_REQUEST', async (_, body) => {
    expect(await refusal(fetch(`${new JobClient(executor).url}/run`, { method: 'POST', body }))).toEqual([400, 'BAD_REQUEST'])
  })
})

describe.concurrent('GET job', () => {
  test('an unknown job is JOB_NOT_FOUND, whatever is asked of it', async () => {
    const { url } = new JobClient(executor)
    for (const path of ['', '/log', '/outputs/a']) expect(await refusal(fetch(url + path))).toEqual([404, 'JOB_NOT_FOUND'])
  })

  test('waits for a newer revision, and no longer than asked', async () => {
    const job = new JobClient(executor)
    await job.put('a.bin', 'x')
    const { revision } = await job.state()
    const asked = performance.now()
    expect((await job.state(revision, 1)).revision).toBe(revision)
    expect(performance.now() - asked).toBeGreaterThan(900)
    const waiting = job.state(revision, 30)
    await job.run({ commands: [[...testSource(1), '-f', 'null', '-']] })
    expect((await waiting).revision).toBeGreaterThan(revision)
  })

  test('a wait beyond a minute is a BAD_REQUEST', async () => {
    expect(await refusal(fetch(`${new JobClient(executor).url}?wait=61`))).toEqual([400, 'BAD_REQUEST'])
  })
})

describe.concurrent('DELETE job', () => {
  test('ends FFmpeg, wipes the folder, and may be repeated', async () => {
    const job = new JobClient(executor)
    await job.run({ commands: [endless(job.name)] })
    await job.until((state) => state.state === 'RUNNING' && state.progress !== null)
    expect(await job.folder()).not.toBeNull()
    expect((await job.remove()).status).toBe(204)
    expect(await processesWith(job.name)).toEqual([])
    expect(await job.folder()).toBeNull()
    expect((await job.remove()).status).toBe(204)
    expect(await refusal(fetch(job.url))).toEqual([404, 'JOB_NOT_FOUND'])
  })

  test('tells who waits', async () => {
    const job = new JobClient(executor)
    await job.put('a.bin', 'x')
    const { revision } = await job.state()
    const waiting = job.state(revision, 30)
    await job.state()
    expect((await job.remove()).status).toBe(204)
    expect(await waiting).toMatchObject({ state: 'FAILED', error: { code: 'CANCELLED' } })
  })
})
