/** How far the transfers into one place have come, kept from one alarm to the next, and forgotten when others go somewhere else. */
import type { KeptTransfer, TransferProgress } from './transfer.ts'

interface Kept {
  place: string
  progress: Record<string, TransferProgress>
}

const KEY = 'transfers'

export class KeptTransfers {
  readonly #storage: Pick<DurableObjectStorage, 'kv'>

  constructor(storage: Pick<DurableObjectStorage, 'kv'>) {
    this.#storage = storage
  }

  /** @param place to which the files are brought: a job at an executor, which is another one in every attempt @param file by which it is known there */
  of(place: string, file: string): KeptTransfer {
    return {
      read: () => this.#in(place)[file] ?? null,
      write: (progress) => {
        const kept: Kept = { place, progress: { ...this.#in(place), [file]: progress } }
        this.#storage.kv.put(KEY, kept)
      },
    }
  }

  #in(place: string): Kept['progress'] {
    const kept = this.#storage.kv.get<Kept>(KEY)
    return kept?.place === place ? kept.progress : {}
  }
}
