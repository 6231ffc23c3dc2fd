/** Ends a job's programs for a reason, and keeps its limits. */
import type { JobLimits } from '../src/executor/protocol.ts'
import type { ProcessGroup } from './process-group.ts'

export type StopReason = 'TIMEOUT' | 'OUTPUT_TOO_LARGE' | 'CANCELLED'

const DISK_CHECK_MS = 500

/** Longest delay that timers know; a limit beyond 24 days is none. */
const MAX_TIMER_MS = 2 ** 31 - 1

export class Stopper {
  #reason: StopReason | null = null
  readonly #groups = new Set<ProcessGroup>()
  readonly #stopped = new AbortController()

  /** Why the job is to end; the first reason given stays. Null while nothing speaks against it. */
  get reason(): StopReason | null {
    return this.#reason
  }

  /** Aborts when the job is to end, for what is done without a program. */
  get signal(): AbortSignal {
    return this.#stopped.signal
  }

  stop(reason: StopReason): void {
    this.#reason ??= reason
    this.#stopped.abort()
    for (const group of this.#groups) void group.stop()
  }

  /** Has the program ended when the job is; at once if the job already is. */
  readonly attach = (group: ProcessGroup): void => {
    this.#groups.add(group)
    void group.exited.then(() => this.#groups.delete(group))
    if (this.#reason !== null) void group.stop()
  }

  /** Stops the job when it breaks a limit. Call what it returns when there is nothing left to watch. */
  watch(limits: JobLimits, usedBytes: () => Promise<number>): () => void {
    const timeout = setTimeout(() => this.stop('TIMEOUT'), Math.min(limits.run_seconds * 1000, MAX_TIMER_MS))
    let checking = false
    const disk = setInterval(async () => {
      if (checking) return
      checking = true
      if ((await usedBytes()) > limits.disk_bytes) this.stop('OUTPUT_TOO_LARGE')
      checking = false
    }, DISK_CHECK_MS)
    return () => {
      clearTimeout(timeout)
      clearInterval(disk)
    }
  }
}
