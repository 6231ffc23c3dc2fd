/** Writes a file of unknown length into the bucket, with one part of it in memory. */
import { storedHeaders } from './content.ts'

/** R2's smallest part, since it is what one file takes of the memory. All parts but the last are equal, as R2 wants them. */
const PART_BYTES = 5 * 1024 * 1024

/** How far a multipart upload has come: what is needed to go on with it, or to abort it. */
export interface MultipartProgress {
  uploadId: string
  /** Of the parts that are there, in order, from the first. */
  etags: string[]
}

/** The file has more bytes than it may have. */
export class TooManyBytes extends Error {
  override readonly name = 'TooManyBytes'
}

export interface WriterOptions {
  bucket: R2Bucket
  key: string
  filename: string
  maxBytes: number
  /** Where a writer before this one has come to; null to begin. */
  progress: MultipartProgress | null
  /** Called with every change, before anything is built on it; null when there is nothing to go on with or to abort. */
  onProgress: (progress: MultipartProgress | null) => void | Promise<void>
}

export class BucketWriter {
  readonly #options: WriterOptions
  #progress: MultipartProgress | null
  #buffer: Uint8Array | null = null
  #buffered = 0

  constructor(options: WriterOptions) {
    this.#options = options
    this.#progress = options.progress
  }

  /** Bytes of the file that are there, those in memory included. */
  get bytes(): number {
    return (this.#progress?.etags.length ?? 0) * PART_BYTES + this.#buffered
  }

  /** Takes the next bytes; they may be changed afterwards. Throws TooManyBytes. */
  async write(bytes: Uint8Array): Promise<void> {
    const { maxBytes } = this.#options
    if (this.bytes + bytes.length > maxBytes) throw new TooManyBytes(`the file has more than ${maxBytes} bytes`)
    this.#buffer ??= new Uint8Array(PART_BYTES)
    for (let rest = bytes; rest.length > 0; ) {
      // A part goes up when there is more to come, so that what fits into one needs no multipart upload.
      if (this.#buffered === PART_BYTES) await this.#uploadPart()
      const piece = rest.subarray(0, PART_BYTES - this.#buffered)
      this.#buffer.set(piece, this.#buffered)
      this.#buffered += piece.length
      rest = rest.subarray(piece.length)
    }
  }

  /** Makes the file out of what was written. Answers its size in bytes. */
  async close(): Promise<number> {
    const { bucket, key, filename } = this.#options
    const size = this.bytes
    if (this.#progress === null) {
      await bucket.put(key, this.#filled(), { httpMetadata: storedHeaders(filename) })
    } else {
      if (this.#buffered > 0) await this.#uploadPart()
      const parts = this.#progress.etags.map((etag, index) => ({ partNumber: index + 1, etag }))
      await bucket.resumeMultipartUpload(key, this.#progress.uploadId).complete(parts)
      this.#progress = null
    }
    this.#buffer = null
    return size
  }

  /** Forgets what was written. */
  async discard(): Promise<void> {
    const { bucket, key, onProgress } = this.#options
    this.#buffered = 0
    if (this.#progress === null) return
    await abortMultipart(bucket, key, this.#progress.uploadId)
    this.#progress = null
    await onProgress(null)
  }

  async #uploadPart(): Promise<void> {
    const { bucket, key, filename, onProgress } = this.#options
    if (this.#progress === null) {
      const { uploadId } = await bucket.createMultipartUpload(key, { httpMetadata: storedHeaders(filename) })
      this.#progress = { uploadId, etags: [] }
      await onProgress(this.#progress)
    }
    const { uploadId, etags } = this.#progress
    const { etag } = await bucket.resumeMultipartUpload(key, uploadId).uploadPart(etags.length + 1, this.#filled())
    this.#progress = { uploadId, etags: [...etags, etag] }
    this.#buffered = 0
    await onProgress(this.#progress)
  }

  #filled(): Uint8Array {
    return this.#buffer?.subarray(0, this.#buffered) ?? new Uint8Array()
  }
}

/** Ends a multipart upload and frees what it takes. One that is over, whichever way, stays as it is. */
export async function abortMultipart(bucket: R2Bucket, key: string, uploadId: string): Promise<void> {
  // R2 does not say "there is none" apart from other refusals, and forgets an upload by itself after a week.
  await bucket
    .resumeMultipartUpload(key, uploadId)
    .abort()
    .catch(() => undefined)
}
