/**
 * Jobs that an object has begun at executors and needs no more. An executor keeps a job until it is told not to, so each is remembered until its
 * executor has confirmed that it is gone.
 */
import type { ExecutorClient } from '../executor/client.ts'
import { ExecutorFailure } from '../executor/failure.ts'
import { log } from '../logging/log.ts'

export interface LeftJob {
  slot: number
  name: string
}

interface Remembered extends LeftJob {
  /** Since when nobody needs it, in ms since the epoch. */
  leftAt: number
  /** How often its executor has not confirmed its end. */
  failures: number
  /** When its executor is asked again, in ms since the epoch. */
  dueAt: number
}

type JobRemover = Pick<ExecutorClient, 'remove'>

/** The pause doubles from the first to the longest, in milliseconds. */
const FIRST_PAUSE_MS = 1_000
const LONGEST_PAUSE_MS = 5 * 60_000
/** An executor removes by itself, within six hours, what nobody asks for: after this time, in milliseconds, it is gone wherever it was. */
export const FORGOTTEN_AFTER_MS = 7 * 3600 * 1000

const KEY = 'left_jobs'
const OLDER_KEY = 'job'

export class LeftJobs {
  readonly #storage: Pick<DurableObjectStorage, 'kv'>

  constructor(storage: Pick<DurableObjectStorage, 'kv'>) {
    this.#storage = storage
    this.#takeOver()
  }

  /** Those that may still be there, the oldest first. */
  get all(): readonly LeftJob[] {
    return this.#remembered
  }

  /** Whether there is one whose executor has not been asked yet. What it works with is not free before. */
  get hasUntried(): boolean {
    return this.#remembered.some(({ failures }) => failures === 0)
  }

  /** Remembers a job that is to be wiped. Belongs into the transaction by which the object stops to need it. Idempotent. */
  leave({ slot, name }: LeftJob): void {
    const others = this.#remembered.filter((job) => job.name !== name)
    const now = Date.now()
    this.#keep([...others, { slot, name, leftAt: now, failures: 0, dueAt: now }])
  }

  /** When an executor is to be asked again, in ms since the epoch; null when all are gone. */
  get dueAt(): number | null {
    const times = this.#remembered.map(({ dueAt }) => dueAt)
    return times.length > 0 ? Math.min(...times) : null
  }

  /** Has those wiped whose time it is. @param executor answers the executor of a slot */
  async wipe(executor: (slot: number) => JobRemover): Promise<void> {
    const due = this.#remembered.filter(({ dueAt }) => dueAt <= Date.now())
    await Promise.all(due.map((job) => this.#wipe(job, executor(job.slot))))
  }

  /** Remembers the job that was stored in another form, as it may have been before a deployment: one, and when it was left is not known. */
  #takeOver(): void {
    const job = this.#storage.kv.get<LeftJob>(OLDER_KEY)
    if (job === undefined) return
    this.leave(job)
    this.#storage.kv.delete(OLDER_KEY)
  }

  async #wipe(job: Remembered, executor: JobRemover): Promise<void> {
    try {
      await executor.remove(job.name)
      this.#replace(job.name, null)
    } catch (error) {
      if (!(error instanceof ExecutorFailure)) throw error
      this.#replace(job.name, this.#afterFailure(job, error))
    }
  }

  #afterFailure(job: Remembered, error: ExecutorFailure): Remembered | null {
    const now = Date.now()
    const isForgotten = now - job.leftAt >= FORGOTTEN_AFTER_MS
    log('warn', 'executor.job_not_wiped', { job: job.name, slot: job.slot, failures: job.failures + 1, given_up: isForgotten, error })
    if (isForgotten) return null
    const pauseMs = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** job.failures)
    return { ...job, failures: job.failures + 1, dueAt: now + pauseMs }
  }

  /** Reads what is stored anew: others may have been left, or wiped, while the executor was asked. */
  #replace(name: string, after: Remembered | null): void {
    this.#keep(this.#remembered.flatMap((job) => (job.name !== name ? [job] : after === null ? [] : [after])))
  }

  get #remembered(): Remembered[] {
    return this.#storage.kv.get<Remembered[]>(KEY) ?? []
  }

  #keep(jobs: Remembered[]): void {
    if (jobs.length > 0) this.#storage.kv.put(KEY, jobs)
    else this.#storage.kv.delete(KEY)
  }
}
