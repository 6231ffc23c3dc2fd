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
