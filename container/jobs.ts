/** All jobs of this process, by name. */
import type { Logger } from 'pino'
import { Fault } from './fault.ts'
import { Job } from './job.ts'
import { Spares } from './spares.ts'
import type { Toolbox } from './toolbox.ts'

/** A job that nobody has asked for in so long belongs to a Worker that has lost it. */
const ABANDONED_MS = 6 * 3600 * 1000
/** Likewise one that nobody sends anything to, such as one that was begun after its client had given up. */
const IDLE_MS = 20 * 60 * 1000
const SWEEP_MS = 10 * 60 * 1000

interface Entry {
  job: Promise<Job>
  usedAt: number
}

export class Jobs {
  readonly #entries = new Map<string, Entry>()
  readonly #toolbox: Toolbox
  readonly #spares: Spares
  readonly #log: Logger
  #draining: PromiseWithResolvers<void> | null = null

  /** @param maxSpares how many FFmpegs may wait for jobs that are not there yet */
  constructor(toolbox: Toolbox, maxSpares: number, log: Logger) {
    this.#toolbox = toolbox
    this.#spares = new Spares(toolbox, maxSpares)
    this.#log = log
    setInterval(() => void this.#sweep(), SWEEP_MS).unref()
  }

  /** The job of that name, made if there is none. Throws `SHUTTING_DOWN` when no more are taken. */
  async open(name: string): Promise<Job> {
    if (this.#draining !== null && !this.#entries.has(name)) throw new Fault('SHUTTING_DOWN', 'this executor is about to end')
    const entry = this.#entries.get(name) ?? {
      job: Job.create(name, { toolbox: this.#toolbox, spares: this.#spares, log: this.#log }),
      usedAt: 0,
    }
    entry.usedAt = Date.now()
    this.#entries.set(name, entry)
    try {
      return await entry.job
    } catch (error) {
      this.#entries.delete(name)
      throw error
    }
  }

  /** Throws `JOB_NOT_FOUND`. */
  async get(name: string): Promise<Job> {
    if (!this.#entries.has(name)) throw new Fault('JOB_NOT_FOUND', 'there is no such job here')
    return this.open(name)
  }

  /** Ends and wipes the job if there is one. Until that is done, who asks finds it `FAILED` with `CANCELLED`. */
  async remove(name: string): Promise<void> {
    const entry = this.#entries.get(name)
    if (entry === undefined) return
    const job = await entry.job.catch(() => null)
    const succeeded = job?.state.state === 'SUCCEEDED'
    await job?.remove()
    // Now, as it is the moment at which nobody waits for this process.
    if (succeeded) this.#spares.add().catch((error: unknown) => this.#log.warn({ err: error }, 'no spare could be made'))
    if (this.#entries.get(name) === entry) this.#entries.delete(name)
    if (this.#entries.size === 0) this.#draining?.resolve()
  }

  /** Takes no more jobs and hands back those that have not begun. Resolves when every other one has ended and been removed by its client. */
  async drain(): Promise<void> {
    this.#draining ??= Promise.withResolvers()
    await Promise.all([this.#spares.close(), ...[...this.#entries].map(([name, { job }]) => this.#handBack(name, job))])
    if (this.#entries.size > 0) await this.#draining.promise
  }

  async #handBack(name: string, job: Promise<Job>): Promise<void> {
    if ((await job).state.state === 'RECEIVING') await this.remove(name)
  }

  /** How many are at work. */
  async runningCount(): Promise<number> {
    const jobs = await Promise.all([...this.#entries.values()].map(({ job }) => job.catch(() => null)))
    return jobs.filter((job) => job?.isAtWork).length
  }

  async #sweep(): Promise<void> {
    for (const [name, { job, usedAt }] of this.#entries) {
      const { isAtWork, isIdle } = await job
      if (isAtWork || Date.now() - usedAt < (isIdle ? IDLE_MS : ABANDONED_MS)) continue
      this.#log.warn({ job: name }, 'removing an abandoned job')
      await this.remove(name)
    }
  }
}
