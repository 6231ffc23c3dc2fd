/** Reads a stream a buffer at a time. The runtime fills the buffer by itself, which costs a fifth of what its own small pieces do. */

/** In bytes. A larger one is no faster, a smaller one is slower. */
const CHUNK_BYTES = 256 * 1024

export class ByteReader {
  readonly #stream: ReadableStream<Uint8Array>
  #buffer: ArrayBufferLike = new ArrayBuffer(CHUNK_BYTES)
  #reader: ReadableStreamBYOBReader | null = null

  constructor(stream: ReadableStream<Uint8Array>) {
    this.#stream = stream
  }

  /** The next bytes, `most` at most, which are good until the next call; null at the end. Between two calls the stream is free for others. */
  async read(most = CHUNK_BYTES): Promise<Uint8Array | null> {
    const reader = this.#stream.getReader({ mode: 'byob' })
    this.#reader = reader
    try {
      const { done, value } = await reader.read(new Uint8Array(this.#buffer, 0, Math.min(CHUNK_BYTES, most)))
      if (done) return null
      this.#buffer = value.buffer
      return value
    } finally {
      this.#reader = null
      reader.releaseLock()
    }
  }

  /** Lets go of the stream, and ends a call that waits. Never rejects. */
  async cancel(): Promise<void> {
    await (this.#reader ?? this.#stream).cancel().catch(() => undefined)
  }
}
