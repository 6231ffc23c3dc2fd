/** The lines of a stream of bytes, wherever its chunks begin and end. */

export interface Line {
  text: string
  /** Whether its end was there: a stream may have been cut in the middle of its last line. */
  isWhole: boolean
}

/** Why a stream has no next line. */
export class LineFault extends Error {
  override readonly name = 'LineFault'
  /** `silent`: nothing has come for too long. `broken`: the stream has failed. `unreadable`: the line is too long, or no UTF-8. */
  readonly kind: 'silent' | 'broken' | 'unreadable'

  constructor(kind: LineFault['kind'], message: string, options?: ErrorOptions) {
    super(message, options)
    this.kind = kind
  }
}

export class LineReader {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>
  readonly #decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
  readonly #maxCharacters: number
  /** What has come of the line that is not whole yet. */
  #begun: string[] = []
  #begunCharacters = 0
  /** What has come last, and how far it has been taken. */
  #chunk = ''
  #taken = 0
  #isOver = false

  /** @param maxCharacters the most that one line may have; no more than that, and what came last, is ever held */
  constructor(stream: ReadableStream<Uint8Array>, maxCharacters: number) {
    this.#reader = stream.getReader()
    this.#maxCharacters = maxCharacters
  }

  /**
   * The next line without its end, which may be an empty one; null at the end of the stream, and once it was closed.
   * Rejects with a LineFault, `silent` where nothing comes for `silenceMs` milliseconds; then the stream is closed.
   */
  async next(silenceMs: number): Promise<Line | null> {
    try {
      for (;;) {
        const line = this.#take()
        if (line !== null) return line
        if (this.#isOver) return this.#last()
        await this.#read(silenceMs)
      }
    } catch (error) {
      this.close()
      throw error
    }
  }

  /** Ends the stream; whoever waits for its next line is told that there is none. */
  close(): void {
    this.#isOver = true
    this.#begun = []
    this.#begunCharacters = 0
    this.#chunk = ''
    this.#taken = 0
    this.#reader.cancel().catch(() => undefined)
  }

  #take(): Line | null {
    const end = this.#chunk.indexOf('\n', this.#taken)
    this.#begin(this.#chunk.slice(this.#taken, end === -1 ? undefined : end))
    this.#taken = end === -1 ? this.#chunk.length : end + 1
    if (end === -1) return null
    return { text: this.#finish(), isWhole: true }
  }

  #begin(text: string): void {
    this.#begunCharacters += text.length
    if (this.#begunCharacters > this.#maxCharacters) {
      throw new LineFault('unreadable', `a line is longer than ${this.#maxCharacters} characters`)
    }
    if (text !== '') this.#begun.push(text)
  }

  #finish(): string {
    const text = this.#begun.join('')
    this.#begun = []
    this.#begunCharacters = 0
    return text
  }

  #last(): Line | null {
    const text = this.#finish()
    return text === '' ? null : { text, isWhole: false }
  }

  async #read(silenceMs: number): Promise<void> {
    const silence = Promise.withResolvers<never>()
    const timer = setTimeout(() => silence.reject(new LineFault('silent', 'nothing has come for too long')), silenceMs)
    let read: Awaited<ReturnType<ReadableStreamDefaultReader<Uint8Array>['read']>>
    try {
      read = await Promise.race([this.#reader.read(), silence.promise])
    } catch (cause) {
      // A stream that was closed from here may break as it ends.
      if (this.#isOver) return
      throw cause instanceof LineFault ? cause : new LineFault('broken', 'the stream was cut', { cause })
    } finally {
      clearTimeout(timer)
    }
    this.#taken = 0
    this.#chunk = this.#isOver ? '' : this.#decode(read.value, read.done)
    if (read.done) this.#isOver = true
  }

  #decode(bytes: Uint8Array | undefined, isLast: boolean): string {
    try {
      return this.#decoder.decode(bytes, { stream: !isLast })
    } catch (cause) {
      // A character that the end has cut is a line that is not whole.
      if (isLast) return ''
      throw new LineFault('unreadable', 'a line is no UTF-8', { cause })
    }
  }
}
