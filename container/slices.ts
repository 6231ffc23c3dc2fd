/** Long work in slices, between which this process sees to everybody else that it serves. */
import { setImmediate as pendingEvents } from 'node:timers/promises'

/** How long a slice is, in milliseconds: what a neighbour may have to wait for, once for each piece of such work. */
const SLICE_MS = 2

export class Slices {
  readonly #signal: AbortSignal | null
  #began = performance.now()

  /** @param signal ends the work where it stands */
  constructor(signal: AbortSignal | null = null) {
    this.#signal = signal
  }

  /** To be awaited between two small pieces of work: lets pending events be handled once a slice is over. Throws what the signal aborts with. */
  async pause(): Promise<void> {
    this.#signal?.throwIfAborted()
    if (performance.now() - this.#began < SLICE_MS) return
    await pendingEvents()
    this.#began = performance.now()
    this.#signal?.throwIfAborted()
  }
}
