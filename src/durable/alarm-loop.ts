/**
 * How an object works in alarms. Each alarm does steps until nothing is due, or until it has spent its time or its requests; then the next one
 * goes on where this one was. A watchdog alarm is set before anything else, so that a process that dies in between is begun again.
 */
import { Budget } from './budget.ts'
import type { EngineLimits } from './limits.ts'

/** The work that an object has to do. */
export interface AlarmWork {
  /** Whether there is anything at all: an object that was erased has nothing left to wake up for. */
  exists(): boolean
  /** One step. Answers when the next one is due, in ms since the epoch; null when nothing is left to do. */
  advance(budget: Budget): Promise<number | null>
  /**
   * A step has thrown what nobody expected, for the `faults`th time in a row; `isLast` where it is to be given up. The fault is ours.
   * Answers whether it was given up: what follows is due at once then, and the same step again after a pause where not.
   */
  onFault(error: unknown, faults: number, isLast: boolean): boolean
}

type Limits = Pick<EngineLimits, 'sliceMs' | 'requests' | 'watchdogMs' | 'faults'>
type Storage = Pick<DurableObjectStorage, 'setAlarm' | 'deleteAlarm' | 'kv'>

/** The longest pause after a fault, in milliseconds. */
const LONGEST_PAUSE_MS = 60_000
/** After how long an alarm that has spent its budget is followed by the next, in milliseconds. */
const NEXT_ALARM_MS = 20

export class AlarmLoop {
  readonly #storage: Storage
  readonly #limits: Limits
  /** What the alarm that runs has left; null while none does. */
  #budget: Budget | null = null
  /** Set by whoever wants attention, which may be while an alarm has found nothing to do and is about to go to sleep. */
  #poked = false

  constructor(storage: Storage, limits: Limits) {
    this.#storage = storage
    this.#limits = limits
  }

  /** The body of an object's `alarm`. */
  async run(work: AlarmWork): Promise<void> {
    if (!work.exists()) return
    await this.#storage.setAlarm(Date.now() + this.#limits.watchdogMs)
    this.#poked = false
    const next = await this.#work(work)
    if (!work.exists()) return
    if (this.#poked) await this.#storage.setAlarm(Date.now())
    else if (next === null) await this.#storage.deleteAlarm()
    else await this.#storage.setAlarm(next)
  }

  /** Has an alarm look at how things stand, at once or right after the one that runs. */
  async wake(): Promise<void> {
    this.#poked = true
    await this.#storage.setAlarm(Date.now())
  }

  /** Ends the step that runs, since something outside of it has changed the state. */
  interrupt(): void {
    this.#budget?.end()
  }

  async #work(work: AlarmWork): Promise<number | null> {
    const budget = new Budget(this.#limits)
    this.#budget = budget
    try {
      let next: number | null
      do next = await work.advance(budget)
      while (next !== null && next <= Date.now() && !budget.isSpent && work.exists())
      if (work.exists()) this.#forgiveFaults()
      return next !== null && budget.isSpent ? Math.max(next, Date.now() + NEXT_ALARM_MS) : next
    } catch (error) {
      return work.exists() ? this.#countFault(error, work) : null
    } finally {
      budget.close()
      this.#budget = null
    }
  }

  #countFault(error: unknown, work: AlarmWork): number {
    const faults = (this.#storage.kv.get<number>('faults') ?? 0) + 1
    this.#storage.kv.put('faults', faults)
    if (work.onFault(error, faults, faults >= this.#limits.faults)) return Date.now()
    return Date.now() + Math.min(LONGEST_PAUSE_MS, 500 * 2 ** faults)
  }

  #forgiveFaults(): void {
    if (this.#storage.kv.get('faults') !== undefined) this.#storage.kv.delete('faults')
  }
}
