/** A job that goes on for as long as a test needs it, and the container in which it runs. */
import { randomUUID } from 'node:crypto'
import type { ApiClient } from '../support/api-client.ts'
import { waitUntil } from '../support/wait-until.ts'
import { type ContainerStack, type Executor, SLOW_MS } from './container-stack.ts'
import { docker } from './engine.ts'

/** Of a job that a test ends, in seconds. */
const UNTIL_CANCELLED = 600

export interface LongJob {
  client: ApiClient
  id: string
  /** In the arguments of its FFmpeg and of no other. */
  mark: string
}

/** Submits a job that takes so long, in seconds. Whoever leaves it running cancels it. */
export async function begin(client: ApiClient, seconds = UNTIL_CANCELLED): Promise<LongJob> {
  const mark = randomUUID()
  const id = await client.submit({
    output_files: { out_v: 'long.mp4' },
    ffmpeg_command: `-re -f lavfi -i testsrc=s=160x90:d=${seconds} -metadata comment=${mark} {{out_v}}`,
  })
  return { client, id, mark }
}

/** Resolves when its FFmpeg runs. */
export async function untilItRuns({ client, id }: LongJob): Promise<void> {
  await waitUntil(`job ${id} runs`, async () => (await client.poll(id)).processing_stage === 'FFMPEG', SLOW_MS)
}

/** The container in which the job runs. */
export async function executorOf(job: LongJob, stack: ContainerStack): Promise<Executor> {
  await untilItRuns(job)
  return waitUntil(`a container runs job ${job.id}`, async () => {
    for (const candidate of await stack.executors()) {
      // An idle one may end between the two questions.
      if ((await docker('top', candidate.id).catch(() => '')).includes(job.mark)) return candidate
    }
    return null
  })
}

/** What the stack prints of a job that has lost its container: it waits again after it has run. */
export function lossOf({ id }: LongJob): RegExp {
  return new RegExp(`${id}.*"stage":"FFMPEG"[^]*${id}.*"stage":"QUEUED"`)
}
