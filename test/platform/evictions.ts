/** Evictions at random: what an object does breaks off, and it begins anew with what it has stored, as after a deploy or on another host. */

import { seededRandom } from '../support/seeded-random.ts'
import { ledger } from './ledger.ts'

export class Evictions {
  #random: (() => number) | null = null
  #withinMs = 0

  /** From now on half of all objects are evicted within so many milliseconds of coming into memory, at times that follow from the seed. */
  begin(seed: string, withinMs: number): void {
    this.#random = seededRandom(seed)
    this.#withinMs = withinMs
  }

  end(): void {
    this.#random = null
  }

  /** An object has come into memory. */
  loaded(ctx: DurableObjectState): void {
    const random = this.#random
    if (random === null || random() < 0.5) return
    const inMs = random() * this.#withinMs
    setTimeout(() => {
      // Those that are left when it is over stay.
      if (this.#random !== random) return
      ledger.evictions += 1
      ctx.abort('evicted at random')
    }, inMs)
  }
}

export const evictions = new Evictions()
