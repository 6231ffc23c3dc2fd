/** Ends a job's programs for a reason, and keeps its limits. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { FolderUsage } from './folder.ts'
import type { ProcessGroup } from './process-group.ts'

export type StopReason = 'TIMEOUT' | 'OUTPUT_TOO_LARGE' | 'TOO_MANY_FILES' | 'CANCELLED'

const DISK_CHECK_MS = 500
/** Counting many files takes time, of which no more than a share may go into it. */
const REST_BETWEEN_CHECKS = 4

/** Longest delay that timers know; a limit beyond 24 days is none. */
const MAX_TIMER_MS = 2 ** 31 - 1

export class Stopper {
  #reason: StopReason | null = null
  readonly #groups = new Set<ProcessGroup>()
  readonly #stopped = new AbortController()
  readonly #firstReason = Promise.withResolvers<StopReason>()

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
    this.#firstReason.resolve(this.#reason)
    this.#stopped.abort()
    for (const group of this.#groups) void group.stop()
  }

  /** Resolves, to the reason, when the job was to end so many milliseconds ago. */
  async overdue(milliseconds: number): Promise<StopReason> {
    return sleep(milliseconds, await this.#firstReason.promise, { ref: false })
  }

  /** Has the program ended when the job is; at once if the job already is. */
  readonly attach = (group: ProcessGroup): void => {
    this.#groups.add(group)
    void group.exited.then(() => this.#groups.delete(group))
    if (this.#reason !== null) void group.stop()
  }

  /** Stops the job after so many seconds. Call what it returns when the time no longer counts. */
  limitTime(seconds: number): () => void {
    const timeout = setTimeout(() => this.stop('TIMEOUT'), Math.min(seconds * 1000, MAX_TIMER_MS))
    return () => clearTimeout(timeout)
  }

  /** Stops the job when its folder takes more than `limit`. Call what it returns when there is nothing left to watch. */
  limitFolder(limit: FolderUsage, usage: () => Promise<FolderUsage>): () => void {
    let watching = true
    let timer: NodeJS.Timeout
    const look = async () => {
      const began = performance.now()
      // A look that fails is left to the next one.
      const used = await usage().catch(() => null)
      if (!watching) return
      if (used !== null) this.judge(used, limit)
      timer = setTimeout(look, Math.max(DISK_CHECK_MS, (performance.now() - began) * REST_BETWEEN_CHECKS))
    }
    timer = setTimeout(look, DISK_CHECK_MS)
    return () => {
      watching = false
      clearTimeout(timer)
    }
  }

  /** Stops the job if its folder takes more than `limit`. */
  judge(used: FolderUsage, limit: FolderUsage): void {
    if (used.bytes > limit.bytes) this.stop('OUTPUT_TOO_LARGE')
    else if (used.entries > limit.entries) this.stop('TOO_MANY_FILES')
  }
}
