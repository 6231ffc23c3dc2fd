/**
 * What the executor tells of a command's job: one stream of states for as long as it holds, from one step of an alarm to the next. One that
 * breaks is opened anew where it was.
 */
import type { Budget } from '../durable/budget.ts'
import type { ExecutorClient } from '../executor/client.ts'
import { ExecutorFailure } from '../executor/failure.ts'
import type { JobStateStream } from '../executor/job-state-stream.ts'
import type { JobState, RunRequest } from '../executor/protocol.ts'

/** How long an executor that stops answering in the middle of a job is asked again, in milliseconds. */
const RECONNECT_MS = 8_000
const RECONNECT_PAUSE_MS = 200

/** The alarm has no more to give: the next one goes on from here. */
type Later = 'later'

interface Asking {
  executor: ExecutorClient
  budget: Budget
}

export class JobStates {
  #open: { job: string; stream: JobStateStream } | null = null
  /** The latest state that was told, unless it was the last of its job: what is asked for is what comes after it. */
  #seen: { job: string; revision: number } | null = null

  /** Hands the job over; what follows is told by `next`. Answers false when the budget is spent. Throws as `ExecutorClient.run` does. */
  async run(job: string, request: RunRequest, { executor, budget }: Asking): Promise<boolean> {
    this.close()
    if (!budget.take()) return false
    this.#open = { job, stream: await executor.run(job, request, budget.signal) }
    return true
  }

  /**
   * The job's next state, or why it is lost: an executor that goes silent is asked again for a few seconds. Whoever waits is told `later` when the
   * budget is spent, and when `signal` aborts. Throws an ExecutorFailure where the executor breaks the protocol.
   */
  async next(
    job: string,
    { executor, budget }: Asking,
    signal: AbortSignal = budget.signal,
  ): Promise<{ state: JobState } | { lost: string } | Later> {
    let failingSince: number | null = null
    const stop = () => this.close()
    signal.addEventListener('abort', stop)
    try {
      while (!signal.aborted) {
        const told = this.#open?.job === job ? this.#open.stream : null
        if (told === null && !budget.take()) return 'later'
        let stream = told
        const askedAt = Date.now()
        try {
          stream ??= await this.#follow(job, { executor, budget }, signal)
          const state = await stream.next()
          if (signal.aborted) return 'later'
          if (state !== null) {
            this.#seen = state.state === 'SUCCEEDED' || state.state === 'FAILED' ? null : { job, revision: state.revision }
            return { state }
          }
          this.close()
          // One that had nothing to say is not asked again at once.
          if (stream.hasSpoken) continue
        } catch (error) {
          this.close()
          if (signal.aborted) return 'later'
          if (!(error instanceof ExecutorFailure) || error.fault === 'refused' || error.fault === 'input_too_large') throw error
          failingSince = stream?.hasSpoken ? Date.now() : (failingSince ?? askedAt)
          if (error.fault === 'job_unknown' || Date.now() - failingSince >= RECONNECT_MS) return { lost: error.message }
        }
        await scheduler.wait(RECONNECT_PAUSE_MS)
      }
      return 'later'
    } finally {
      signal.removeEventListener('abort', stop)
    }
  }

  /** How the job stands now, as `next` answers it. */
  now(job: string, asking: Asking): ReturnType<JobStates['next']> {
    this.close()
    this.#seen = null
    return this.next(job, asking)
  }

  /** Nothing is to be told any more, as at the end of an alarm. */
  close(): void {
    this.#open?.stream.close()
    this.#open = null
  }

  async #follow(job: string, { executor, budget }: Asking, signal: AbortSignal): Promise<JobStateStream> {
    this.close()
    const stream = await executor.states(job, this.#seen?.job === job ? this.#seen.revision : -1, budget.signal)
    // Whoever has asked since has a stream of its own.
    if (signal.aborted) stream.close()
    else this.#open = { job, stream }
    return stream
  }
}
