/** The bucket as the target of a transfer. */
import { ByteReader } from '../durable/byte-reader.ts'
import type { PlacedPiece } from '../durable/piece.ts'
import type { TransferTarget } from '../durable/transfer.ts'
import { type BucketWriter, TooManyBytes } from './bucket-writer.ts'

class SourceCut extends Error {
  override readonly name = 'SourceCut'
}

/** Writes what comes with `writer`, which itself sees to the size of its requests: a file may come in one piece. */
export class BucketTarget implements TransferTarget {
  readonly pieceBytes = Number.POSITIVE_INFINITY
  readonly #writer: BucketWriter

  constructor(writer: BucketWriter) {
    this.#writer = writer
  }

  async put({ stream, offset }: PlacedPiece, signal: AbortSignal, keep: () => void): Promise<number> {
    if (offset === 0) await this.clear()
    const reader = new ByteReader(stream)
    const cancel = () => void reader.cancel()
    signal.addEventListener('abort', cancel, { once: true })
    try {
      for (let bytes = await this.#next(reader); bytes !== null; bytes = await this.#next(reader)) {
        signal.throwIfAborted()
        await this.#writer.write(bytes)
        if (this.#writer.hasStored) keep()
      }
      signal.throwIfAborted()
      return this.#writer.bytes
    } finally {
      signal.removeEventListener('abort', cancel)
      await reader.cancel()
    }
  }

  clear(): Promise<void> {
    return this.#writer.discard()
  }

  async size(): Promise<number> {
    return this.#writer.bytes
  }

  async blame(error: unknown): Promise<'source' | 'target' | 'too_large'> {
    if (error instanceof TooManyBytes) return 'too_large'
    return error instanceof SourceCut ? 'source' : 'target'
  }

  async #next(reader: ByteReader): Promise<Uint8Array | null> {
    try {
      return await reader.read()
    } catch (cause) {
      throw new SourceCut('the source broke off', { cause })
    }
  }
}
