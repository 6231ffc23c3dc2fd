/** A counter that can be waited on: what the long poll stands on. */
export class Revision {
  #value = 0
  readonly #waiters = new Set<() => void>()

  get value(): number {
    return this.#value
  }

  bump(): void {
    this.#value += 1
    for (const wake of this.#waiters) wake()
  }

  /** Resolves when the value is above `after`, when the time is over, or when `signal` aborts; leaves nothing behind. */
  async passed(after: number, waitMs: number, signal: AbortSignal): Promise<void> {
    if (this.#value > after || waitMs === 0 || signal.aborted) return
    await new Promise<void>((resolve) => {
      const wake = () => {
        if (this.#value <= after && !expired && !signal.aborted) return
        clearTimeout(timer)
        signal.removeEventListener('abort', wake)
        this.#waiters.delete(wake)
        resolve()
      }
      let expired = false
      const timer = setTimeout(() => {
        expired = true
        wake()
      }, waitMs)
      signal.addEventListener('abort', wake)
      this.#waiters.add(wake)
    })
  }
}
