/**
 * A job's states as they change, one line of JSON each. Only how the job stands when a line can be taken is told: whoever reads slowly
 * misses what was in between, and nothing is kept for it.
 */
import type { JobState } from '../src/executor/protocol.ts'
import type { Job } from './job.ts'

/** In milliseconds. */
export interface StateStreamTimes {
  /** How far apart two reports of progress are at least. */
  quiet: number
  /** After how long an empty line tells that the connection holds. */
  heartbeat: number
  /** How long the stream lasts if the job does not end. */
  whole: number
}

export const STATE_STREAM_TIMES: StateStreamTimes = { quiet: 500, heartbeat: 5_000, whole: 10 * 60_000 }

const utf8 = new TextEncoder()

/**
 * The states whose revision is above `after`, until the job has ended or the time is over. Nothing is waited for but while somebody reads,
 * and a reader that cancels leaves nothing behind.
 */
export function stateStream(
  job: Pick<Job, 'state' | 'waitFor'>,
  after: number,
  times: StateStreamTimes = STATE_STREAM_TIMES,
): ReadableStream<Uint8Array> {
  const gone = new AbortController()
  const endsAt = performance.now() + times.whole
  let told: JobState | null = null
  let quietUntil = 0

  /** The next state that is worth a line; null where there is none before the next sign of life is due. */
  async function next(): Promise<JobState | null> {
    const seen = told?.revision ?? after
    const patience = Math.min(times.heartbeat, endsAt - performance.now())
    let state = await job.waitFor(seen, Math.max(0, patience), gone.signal)
    if (state.revision <= seen) return null
    while (told?.state === 'RUNNING' && state.state === 'RUNNING' && !gone.signal.aborted) {
      const quiet = quietUntil - performance.now()
      if (quiet <= 0) break
      state = await job.waitFor(state.revision, quiet, gone.signal)
    }
    return state
  }

  return new ReadableStream(
    {
      async pull(controller) {
        const state = await next()
        if (gone.signal.aborted) return
        if (state === null && performance.now() >= endsAt) return controller.close()
        controller.enqueue(utf8.encode(state === null ? '\n' : `${JSON.stringify(state)}\n`))
        if (state === null) return
        told = state
        quietUntil = performance.now() + times.quiet
        if (state.state === 'SUCCEEDED' || state.state === 'FAILED') controller.close()
      },
      cancel: () => gone.abort(),
    },
    { highWaterMark: 0 },
  )
}
