/** Writes a file of unknown length to where it is stored, with one part of it in memory. */
import { complete, type FileTarget, type NumberedPart, partBytesFor } from '../durable/store-file.ts'
import type { UploadRecord } from '../durable/upload-record.ts'

/** R2's smallest part, since it is what one file takes of the memory. All parts but the last are equal, as R2 wants them. */
const LEAST_PART_BYTES = 5 * 1024 * 1024

/** The file has more bytes than it may have. */
export class TooManyBytes extends Error {
  override readonly name = 'TooManyBytes'
}

export interface WriterOptions {
  target: FileTarget
  /** Where a writer before this one has come to, and this one comes to. */
  record: UploadRecord
  maxBytes: number
  /** Called before each request. What it throws is thrown. */
  beforeRequest?: () => void
}

export class BucketWriter {
  readonly #options: WriterOptions
  readonly #partBytes: number
  #parts: number
  #buffer: Uint8Array | null = null
  #buffered = 0

  constructor(options: WriterOptions) {
    const { record, maxBytes } = options
    this.#options = options
    this.#partBytes = record.begun?.partBytes ?? partBytesFor(maxBytes, LEAST_PART_BYTES)
    this.#parts = record.begun === null ? 0 : record.etags.size
  }

  /** Whether any of them are there for good. */
  get hasStored(): boolean {
    return this.#parts > 0
  }

  /** Bytes of the file that are there, those in memory included. */
  get bytes(): number {
    return this.#parts * this.#partBytes + this.#buffered
  }

  /** Takes the next bytes; they may be changed afterwards. Throws TooManyBytes. */
  async write(bytes: Uint8Array): Promise<void> {
    const { maxBytes } = this.#options
    if (this.bytes + bytes.length > maxBytes) throw new TooManyBytes(`the file has more than ${maxBytes} bytes`)
    this.#buffer ??= new Uint8Array(this.#partBytes)
    for (let rest = bytes; rest.length > 0; ) {
      // A part goes up when there is more to come, so that what fits into one needs no upload in parts.
      if (this.#buffered === this.#partBytes) await this.#uploadPart()
      const piece = rest.subarray(0, this.#partBytes - this.#buffered)
      this.#buffer.set(piece, this.#buffered)
      this.#buffered += piece.length
      rest = rest.subarray(piece.length)
    }
  }

  /** Makes the file out of what was written. Answers its size in bytes. */
  async close(): Promise<number> {
    const { target, record } = this.#options
    const size = this.bytes
    if (record.begun === null) {
      this.#beforeRequest()
      await target.put(this.#filled())
    } else {
      const { uploadId } = record.begun
      this.#beforeRequest()
      const last = this.#buffered > 0 ? [await this.#putPart(uploadId)] : []
      // The last part is not recorded: it is shorter, and whoever goes on takes those that are recorded for equal.
      await complete(uploadId, size, target, record, last)
    }
    this.#buffer = null
    return size
  }

  /** Forgets what was written. */
  async discard(): Promise<void> {
    const { target, record } = this.#options
    this.#buffered = 0
    this.#parts = 0
    if (record.begun === null) return
    await target.abort(record.begun.uploadId)
    await record.forget()
  }

  async #uploadPart(): Promise<void> {
    const { record } = this.#options
    const { partNumber, etag } = await this.#putPart(record.begun?.uploadId ?? (await this.#begin()))
    await record.putPart(partNumber, etag)
    this.#parts = partNumber
    this.#buffered = 0
  }

  async #begin(): Promise<string> {
    const { target, record } = this.#options
    this.#beforeRequest()
    const uploadId = await target.begin()
    await record.begin({ uploadId, partBytes: this.#partBytes })
    return uploadId
  }

  async #putPart(uploadId: string): Promise<NumberedPart> {
    this.#beforeRequest()
    const partNumber = this.#parts + 1
    return { partNumber, etag: await this.#options.target.putPart(uploadId, partNumber, this.#filled()) }
  }

  #beforeRequest(): void {
    this.#options.beforeRequest?.()
  }

  #filled(): Uint8Array {
    return this.#buffer?.subarray(0, this.#buffered) ?? new Uint8Array()
  }
}
