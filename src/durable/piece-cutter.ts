/** Cuts the stream of one connection into bodies of bounded size, with a small buffer of it in memory. */
import { ByteReader } from './byte-reader.ts'
import type { Piece } from './piece.ts'

/**
 * A stream that fits into one body passes as it is: the runtime then moves the bytes by itself, for two thirds of the work. The bytes of any
 * other go through this program, one buffer at a time; the runtime takes no stream as a body that somebody has read from.
 */
export class PieceCutter {
  readonly #stream: ReadableStream<Uint8Array>
  readonly #reader: ByteReader
  /** Bytes of the stream that are in no piece yet; null where nobody knows. */
  #left: number | null
  #passed: number | null = 0
  #pumping: Promise<void> = Promise.resolve()
  #writer: WritableStreamDefaultWriter<Uint8Array> | null = null
  #state: 'at_start' | 'under_way' | 'ended' = 'at_start'
  #isBroken = false

  /** @param length of the whole stream, in bytes; null where it is not known */
  constructor(stream: ReadableStream<Uint8Array>, length: number | null) {
    this.#stream = stream
    this.#reader = new ByteReader(stream)
    this.#left = length
  }

  /** Bytes of the stream that have been handed on; null where they pass without being seen. */
  get passed(): number | null {
    return this.#passed
  }

  /** Whether the stream itself has failed; false where it has not, or nobody here has seen it. */
  get isBroken(): boolean {
    return this.#isBroken
  }

  /**
   * The next piece, of `maxBytes` at most. Asked for when the one before was consumed. Null when nothing is left; the first is never null.
   * Rejects with what the stream fails with.
   */
  async next(maxBytes: number): Promise<Piece | null> {
    await this.#pumping
    const isFirst = this.#state === 'at_start'
    if (this.#state === 'ended' || (this.#left === 0 && !isFirst)) return null
    this.#state = 'under_way'
    if (isFirst && this.#left !== null && this.#left <= maxBytes) {
      this.#passed = null
      this.#state = 'ended'
      return { stream: this.#stream, length: this.#left }
    }
    const head = await this.#read(maxBytes)
    if (head === null && !isFirst) return null
    const length = this.#left === null ? null : Math.min(maxBytes, this.#left)
    const { readable, writable } = length === null ? new IdentityTransformStream() : new FixedLengthStream(length)
    this.#pumping = this.#pump(writable, head, length ?? maxBytes)
    return { stream: readable, length }
  }

  /** Lets go of the stream. Never rejects. */
  async cancel(): Promise<void> {
    this.#state = 'ended'
    // Nobody may be there to read what is being written.
    this.#writer?.abort().catch(() => undefined)
    await this.#reader.cancel()
  }

  /** Never rejects: whoever reads the piece meets what has failed. */
  async #pump(writable: WritableStream<Uint8Array>, head: Uint8Array | null, most: number): Promise<void> {
    const writer = writable.getWriter()
    this.#writer = writer
    let rest = most
    try {
      for (let bytes = head; bytes !== null; bytes = rest > 0 ? await this.#read(rest) : null) {
        const { length } = bytes
        await writer.write(bytes)
        rest -= length
        this.#passed = (this.#passed ?? 0) + length
        if (this.#left !== null) this.#left -= length
      }
      await writer.close()
    } catch (error) {
      await writer.abort(error).catch(() => undefined)
    } finally {
      this.#writer = null
    }
  }

  /** The next bytes, `most` at most; null at the end of a stream of unknown length. */
  async #read(most: number): Promise<Uint8Array | null> {
    try {
      const bytes = await this.#reader.read(most)
      if (bytes !== null) return bytes
      if (this.#left !== null) throw new Error(`the stream ended ${this.#left} bytes before its announced end`)
      this.#state = 'ended'
      return null
    } catch (error) {
      this.#isBroken = true
      throw error
    }
  }
}
