import { randomUUID } from 'node:crypto'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { RunRequest } from '../../src/executor/protocol.ts'
import { needsSandbox } from '../machine/needs.ts'
import { type ExecutorProcess, startExecutor } from '../support/executor-process.ts'
import { killProcess } from '../support/processes.ts'
import { waitUntil } from '../support/wait-until.ts'
import { JobClient, processesWith, refusal } from './job-client.ts'

const SUBTITLES = '1\n00:00:00,000 --> 00:00:01,000\nHello\n'

/** Copies subtitles; `token` is found in its arguments. */
const convert = (token: string): Partial<RunRequest> => ({
  commands: [['-i', 'in.srt', '-metadata', `comment=${token}`, 'out.vtt']],
  inputs: { subs: 'in.srt' },
  outputs: { vtt: 'out.vtt' },
})

const started = (token: string) => waitUntil('FFmpeg has been started', async () => (await processesWith(token)).length > 0)
const gone = (token: string) => waitUntil('FFmpeg is gone', async () => (await processesWith(token)).length === 0)

for (const kind of ['landlock', 'bwrap', 'none'] as const) {
  describe(`in the sandbox ${kind}`, needsSandbox(kind), () => {
    let executor: ExecutorProcess
    beforeAll(async () => {
      executor = await startExecutor({ env: { SANDBOX: kind, MAX_SPARE_FFMPEGS: '2' } })
    })
    afterAll(() => executor.stop())

    const succeeds = async (request: Partial<RunRequest>, job = new JobClient(executor)) => {
      await job.put('in.srt', SUBTITLES)
      const state = await job.ended(request)
      expect(state, JSON.stringify(state)).toMatchObject({ state: 'SUCCEEDED' })
      expect(await (await job.output('vtt')).text()).toContain('Hello')
      return job
    }

    test('a job that was prepared has its FFmpeg before its input, which then reads it', async () => {
      const job = new JobClient(executor)
      expect((await job.prepare(convert(job.name))).status).toBe(202)
      await started(job.name)
      expect(await job.state()).toMatchObject({ state: 'RECEIVING' })
      await succeeds(convert(job.name), job)
      await gone(job.name)
    })

    test('a run of another command than was prepared ends the FFmpeg that waits', async () => {
      const [job, other] = [new JobClient(executor), randomUUID()]
      await job.prepare(convert(other))
      await started(other)
      await succeeds(convert(job.name), job)
      await gone(other)
      expect(await job.log()).not.toContain(other)
    })

    test('preparing another command ends the FFmpeg of the one before', async () => {
      const [job, other] = [new JobClient(executor), randomUUID()]
      await job.prepare(convert(other))
      await job.prepare(convert(job.name))
      await gone(other)
      await started(job.name)
      await succeeds(convert(job.name), job)
    })

    test('removing a job ends the FFmpeg that waits for its inputs', async () => {
      const job = new JobClient(executor)
      await job.prepare(convert(job.name))
      await started(job.name)
      expect((await job.remove()).status).toBe(204)
      expect(await processesWith(job.name)).toEqual([])
    })

    test('a command that FFmpeg refuses fails as it does without being prepared', async () => {
      const job = new JobClient(executor)
      const nonsense = { commands: [['-nonsense', job.name, '-i', 'in.srt', 'out.vtt']], inputs: { subs: 'in.srt' } }
      await job.prepare(nonsense)
      await gone(job.name)
      await job.put('in.srt', SUBTITLES)
      const state = await job.ended(nonsense)
      expect(state).toMatchObject({ state: 'FAILED', error: { code: 'FFMPEG_ERROR' } })
      expect(await job.log()).toContain('nonsense')
    })

    test('a job whose waiting FFmpeg was killed gets another', async () => {
      const job = new JobClient(executor)
      await job.prepare(convert(job.name))
      await started(job.name)
      await waitUntil('all of it is killed', async () => {
        const pids = await processesWith(job.name)
        // What stands around FFmpeg may have started it since.
        for (const pid of pids) killProcess(pid)
        return pids.length === 0
      })
      await succeeds(convert(job.name), job)
    })

    test('a gate that is given back by two removals at once holds one FFmpeg at a time', async () => {
      const removed = new JobClient(executor)
      await removed.prepare(convert(removed.name))
      await Promise.all([removed.remove(), removed.remove()])
      const [first, second] = [new JobClient(executor), new JobClient(executor)]
      for (const job of [first, second]) await job.prepare(convert(job.name))
      await started(second.name)
      await succeeds(convert(first.name), first)
      expect(await processesWith(second.name)).not.toEqual([])
      await succeeds(convert(second.name), second)
    })

    test('an archive that cannot be unpacked leaves no FFmpeg that waits', async () => {
      const job = new JobClient(executor)
      const request = { ...convert(job.name), inputs: {}, archive: 'in.zip' }
      await job.prepare(request)
      await job.put('in.zip', 'no zip')
      expect(await job.ended(request)).toMatchObject({ state: 'FAILED', error: { code: 'INPUT_UNUSABLE' } })
      await job.remove()
      expect(await processesWith(job.name)).toEqual([])
    })

    test('a command that has run twice finds FFmpeg waiting the third time, and any other command does not mind', async () => {
      const token = randomUUID()
      const remove = async (job: JobClient) => void (await job.remove())
      await remove(await succeeds(convert(token)))
      await gone(token)
      await remove(await succeeds(convert(token)))
      await started(token)
      const waiting = await processesWith(token)
      const third = new JobClient(executor)
      await third.put('in.srt', SUBTITLES)
      expect(await processesWith(token)).toEqual(expect.arrayContaining(waiting))
      await remove(await succeeds(convert(token), third))
      await started(token)
      // Takes the spare's folder, and not its FFmpeg.
      const other = new JobClient(executor)
      await remove(await succeeds(convert(other.name), other))
      await gone(token)
    })
  })
}

describe.concurrent('in any sandbox', () => {
  let executor: ExecutorProcess
  beforeAll(async () => {
    executor = await startExecutor()
  })
  afterAll(() => executor.stop())

  test('what was prepared leaves nothing behind, however its executor ends', async ({ onTestFinished }) => {
    const mortal = await startExecutor()
    onTestFinished(() => mortal.stop())
    const job = new JobClient(mortal)
    await job.prepare(convert(job.name))
    await started(job.name)
    await mortal.kill()
    await gone(job.name)
  })

  test('a spare that another command has taken leaves no folder behind', async ({ onTestFinished }) => {
    const executor = await startExecutor({ env: { MAX_SPARE_FFMPEGS: '2' } })
    onTestFinished(() => executor.stop())
    const folders = async () =>
      (await readdir(join(executor.jobsDir, `${executor.pid}`))).filter((name) => name.startsWith('spare-') || name.includes('.1-'))
    for (const token of ['a', 'a', 'b', 'c', 'd']) {
      const job = new JobClient(executor)
      await job.put('in.srt', SUBTITLES)
      await job.ended(convert(token))
      await job.remove()
    }
    await waitUntil('no job is left', async () => (await folders()).length === 0)
  })

  test('a command that writes before it comes to a gate is not started early', async () => {
    const job = new JobClient(executor)
    const { commands: [argv = []] = [], ...files } = convert(job.name)
    const request = { ...files, commands: [['-report', ...argv]] }
    await job.prepare(request)
    expect(await processesWith(job.name)).toEqual([])
    await job.put('in.srt', SUBTITLES)
    expect(await job.ended(request)).toMatchObject({ state: 'SUCCEEDED' })
  })

  test('a job that runs is not prepared any more', async () => {
    const job = new JobClient(executor)
    await job.put('in.srt', SUBTITLES)
    await job.ended(convert(job.name))
    expect(await (await job.prepare(convert('late'))).json()).toMatchObject({ state: 'SUCCEEDED' })
    expect(await processesWith('comment=late')).toEqual([])
    expect(await refusal(job.put('in.srt', SUBTITLES))).toEqual([409, 'CONFLICT'])
  })
})
