/** A text of any length kept within bounds: its head in a file, its tail in memory until the end. */
import { createWriteStream, type WriteStream } from 'node:fs'
import { open } from 'node:fs/promises'

const HEAD_BYTES = 8 * 1024 ** 2
const TAIL_BYTES = 2 * 1024 ** 2

/** The last `limit` bytes of what is pushed, give or take a chunk. */
export class Tail {
  readonly #limit: number
  #chunks: Buffer[] = []
  /** Chunks at the beginning that are gone; taking each out of the list at once would move all others. */
  #gone = 0
  #bytes = 0
  #dropped = 0

  constructor(limit: number) {
    this.#limit = limit
  }

  /** Bytes that did not fit and are gone. */
  get dropped(): number {
    return this.#dropped
  }

  /** Bytes that are kept. */
  get bytes(): number {
    return this.#bytes
  }

  push(chunk: Buffer): void {
    this.#chunks.push(chunk)
    this.#bytes += chunk.length
    for (let first = this.#chunks[this.#gone]; first && this.#bytes - first.length >= this.#limit; first = this.#chunks[this.#gone]) {
      this.#gone += 1
      this.#bytes -= first.length
      this.#dropped += first.length
    }
    if (this.#gone * 2 > this.#chunks.length) this.#forgetGone()
  }

  toString(): string {
    return this.end(this.#bytes).toString('utf8')
  }

  /** The last bytes of what is kept, so many at most. */
  end(bytes: number): Buffer {
    this.#forgetGone()
    let [from, total] = [this.#chunks.length, 0]
    for (; from > 0 && total < bytes; from -= 1) total += this.#chunks[from - 1]?.length ?? 0
    return Buffer.concat(this.#chunks.slice(from)).subarray(Math.max(0, total - bytes))
  }

  #forgetGone(): void {
    this.#chunks = this.#chunks.slice(this.#gone)
    this.#gone = 0
  }
}

export class CappedLog {
  readonly #path: string
  readonly #tail = new Tail(TAIL_BYTES)
  #file: WriteStream | null = null
  #headBytes = 0
  /** Settles when all that went to the file is there. */
  #flushed: Promise<void> = Promise.resolve()

  constructor(path: string) {
    this.#path = path
  }

  write(chunk: Buffer): void {
    const head = chunk.subarray(0, HEAD_BYTES - this.#headBytes)
    if (head.length > 0) {
      this.#headBytes += head.length
      const file = this.#open()
      this.#flushed = new Promise((resolve) => file.write(head, () => resolve()))
    }
    if (head.length < chunk.length) this.#tail.push(chunk.subarray(head.length))
  }

  /** Bytes of all that is kept. */
  get bytes(): number {
    return this.#headBytes + this.#tail.bytes
  }

  /** The last bytes of what was kept, so many at most, with a line in the middle of the whole that says how much was left out. */
  async read(bytes = this.bytes): Promise<string> {
    const tail = this.#tail.end(bytes)
    if (tail.length === bytes) return tail.toString('utf8')
    const cut = this.#tail.dropped === 0 ? '' : `\n[… ${this.#tail.dropped} bytes left out …]\n`
    return (await this.#endOfHead(bytes - tail.length)).toString('utf8') + cut + tail.toString('utf8')
  }

  async #endOfHead(bytes: number): Promise<Buffer> {
    const length = Math.min(bytes, this.#headBytes)
    const position = this.#headBytes - length
    await this.#flushed
    const file = await open(this.#path).catch(() => null)
    if (file === null) return Buffer.alloc(0)
    try {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, position)
      return buffer.subarray(0, bytesRead)
    } finally {
      await file.close()
    }
  }

  /** Closes the file. What is kept stays readable. */
  close(): void {
    this.#file?.end()
  }

  #open(): WriteStream {
    if (this.#file === null) {
      this.#file = createWriteStream(this.#path)
      // A log that cannot be written must not end the job.
      this.#file.on('error', () => {})
    }
    return this.#file
  }
}
