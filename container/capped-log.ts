/** A text of any length kept within bounds: its head in a file, its tail in memory until the end. */
import { createWriteStream, type WriteStream } from 'node:fs'
import { readFile } from 'node:fs/promises'

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
    this.#forgetGone()
    return Buffer.concat(this.#chunks).toString('utf8')
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

  /** All that was kept, with a line in the middle that says how much was left out. */
  async read(): Promise<string> {
    await this.#flushed
    const head = await readFile(this.#path, 'utf8').catch(() => '')
    const cut = this.#tail.dropped === 0 ? '' : `\n[… ${this.#tail.dropped} bytes left out …]\n`
    return head + cut + this.#tail.toString()
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
