import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, type TestContext, test } from 'vitest'
import { findExecutable } from '../../container/executable.ts'
import { FFMPEG, FFPROBE } from '../machine/ffmpeg.ts'
import { needsSandbox } from '../machine/needs.ts'
import { startExecutor } from '../support/executor-process.ts'
import { waitUntil } from '../support/wait-until.ts'
import { endless, JobClient, processesWith } from './job-client.ts'

/** Has an executor with this environment killed while FFmpeg runs, and waits for FFmpeg's end. */
async function killedWhileRunning(env: Record<string, string>, { onTestFinished }: TestContext): Promise<void> {
  const executor = await startExecutor({ env })
  onTestFinished(() => executor.stop())
  const job = new JobClient(executor)
  await job.run({ commands: [endless(job.name)] })
  await job.until((state) => state.state === 'RUNNING' && state.progress !== null)
  expect(await processesWith(job.name)).not.toEqual([])
  await executor.kill()
  await waitUntil('FFmpeg has ended', async () => (await processesWith(job.name)).length === 0)
}

describe.concurrent('no FFmpeg outlives its executor, even when that is killed', () => {
  for (const kind of ['landlock', 'bwrap', 'none'] as const) {
    test(`in the sandbox ${kind}`, needsSandbox(kind), (context) => killedWhileRunning({ SANDBOX: kind }, context))
  }

  test('where the kernel does not see to it', async (context) => {
    const [ffmpeg, ffprobe] = await Promise.all([FFMPEG, FFPROBE].map((name) => findExecutable(name, process.env.PATH ?? '')))
    const empty = await mkdtemp(join(tmpdir(), 'renderio-test-'))
    context.onTestFinished(() => rm(empty, { recursive: true, force: true }))
    await killedWhileRunning({ SANDBOX: 'none', FFMPEG_PATH: ffmpeg ?? '', FFPROBE_PATH: ffprobe ?? '', PATH: empty }, context)
  })
})
