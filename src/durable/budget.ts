/** What is left of an alarm for the work that it does: time, and requests. */
import type { EngineLimits } from './limits.ts'

export class Budget {
  readonly #over = new AbortController()
  readonly #timer: ReturnType<typeof setTimeout>
  #requests: number

  constructor({ sliceMs, requests }: Pick<EngineLimits, 'sliceMs' | 'requests'>) {
    this.#requests = requests
    this.#timer = setTimeout(() => this.end(), sliceMs)
  }

  /** Aborts when the time is over, or something outside of the work has made it useless. */
  get signal(): AbortSignal {
    return this.#over.signal
  }

  /** Takes so many requests. Answers false, and takes none, where so many are not left: the work then goes on in the next alarm. */
  take(requests = 1): boolean {
    if (this.#over.signal.aborted || this.#requests < requests) {
      this.#requests = 0
      return false
    }
    this.#requests -= requests
    return true
  }

  /** Whether nothing more can be begun in this alarm. */
  get isSpent(): boolean {
    return this.#over.signal.aborted || this.#requests === 0
  }

  /** Ends the work of this alarm. */
  end(): void {
    clearTimeout(this.#timer)
    this.#over.abort()
  }

  /** The work is done: what it was given ends with it. An object with a timer pending is kept in memory, and paid for. */
  close(): void {
    clearTimeout(this.#timer)
  }
}

/**
 * A share of a budget that was taken at once, before the rest of it: what is begun then comes as far as its share, however much others take
 * meanwhile. Were it not so, several might use up every alarm with their beginnings.
 */
export class Share {
  readonly #budget: Budget
  #left: number

  /** Throws OutOfBudget where so many requests are not left. */
  constructor(budget: Budget, requests: number) {
    spend(budget, requests)
    this.#budget = budget
    this.#left = requests
  }

  get signal(): AbortSignal {
    return this.#budget.signal
  }

  take(requests = 1): boolean {
    if (this.signal.aborted || this.#left < requests) return this.#budget.take(requests)
    this.#left -= requests
    return true
  }
}

/** Ends what was begun in the middle: the next alarm goes on with it. */
export class OutOfBudget extends Error {
  override readonly name = 'OutOfBudget'
}

/** Takes so many requests. Throws OutOfBudget where so many are not left. */
export function spend(budget: Pick<Budget, 'take'>, requests = 1): void {
  if (!budget.take(requests)) throw new OutOfBudget('this alarm has spent its requests')
}
