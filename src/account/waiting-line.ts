/**
 * Those who wait, in order, as an account keeps them in memory: how many there are every submit wants to know, and every poll of one that
 * waits how many are ahead of it. Counting them in the table would read, and cost, a row for each.
 */
import type { Candidate } from './admission.ts'

/** A place in the queue. Places are numbered in the order in which they were taken. */
export type WaitingPlace = { seq: number; kind: Candidate['kind'] }

export class WaitingLine {
  /** Ascending. */
  readonly #seqs: number[]
  #commands: number

  /** @param places all there are, in order */
  constructor(places: readonly WaitingPlace[]) {
    this.#seqs = places.map(({ seq }) => seq)
    this.#commands = places.filter(({ kind }) => kind === 'command').length
  }

  /** How many commands wait. */
  get commands(): number {
    return this.#commands
  }

  /** How many wait ahead of a place. */
  ahead(seq: number): number {
    let [from, to] = [0, this.#seqs.length]
    while (from < to) {
      const middle = (from + to) >> 1
      if ((this.#seqs[middle] ?? seq) < seq) from = middle + 1
      else to = middle
    }
    return from
  }

  /** Adds a place behind all others. */
  add({ seq, kind }: WaitingPlace): void {
    this.#seqs.push(seq)
    if (kind === 'command') this.#commands += 1
  }

  /** Takes a place away that is there. */
  remove({ seq, kind }: WaitingPlace): void {
    this.#seqs.splice(this.ahead(seq), 1)
    if (kind === 'command') this.#commands -= 1
  }
}
