/** A file in the bucket, as the source of a transfer: each piece is a range of it, which the platform moves by itself. */
import { type Budget, spend } from '../durable/budget.ts'
import type { Piece } from '../durable/piece.ts'
import { type OpenSource, type ResumePoint, SourceFailure, TransferFailure, type TransferSource } from '../durable/transfer.ts'

export interface BucketSourceOptions {
  bucket: R2Bucket
  key: string
  /** What messages call it. */
  name: string
  budget: Pick<Budget, 'take'>
  /** What is wrong with a file that is not there, as the rest of a sentence that begins with what it is wanted for. */
  whyMissing: () => Promise<string>
  /** Looks at the beginning, and answers the stream that still has all of it. Throws a TransferFailure if it is of no use. */
  inspect: (stream: ReadableStream<Uint8Array>, signal: AbortSignal) => Promise<ReadableStream<Uint8Array>>
}

export class BucketSource implements TransferSource {
  readonly name: string
  readonly #options: BucketSourceOptions

  constructor(options: BucketSourceOptions) {
    this.name = options.name
    this.#options = options
  }

  /** A file under a key is never another one, so that its ETag is what it is gone on with. */
  async open(resume: ResumePoint | null, signal: AbortSignal): Promise<OpenSource> {
    const { bucket, key, budget, whyMissing, inspect } = this.#options
    spend(budget)
    if (resume !== null) {
      const object = await bucket.head(key)
      if (object?.etag === resume.validator) return new OpenObject(this.#options, object, resume.offset, null)
    }
    const object = await bucket.get(key)
    if (!object) throw new TransferFailure('unreachable', await whyMissing())
    return new OpenObject(this.#options, object, 0, await inspect(object.body, signal))
  }
}

class OpenObject implements OpenSource {
  readonly offset: number
  readonly totalBytes: number
  readonly validator: string
  readonly position = null
  readonly isBroken = false
  readonly #options: BucketSourceOptions
  #at: number
  /** All of it from its first byte on, until that is used or of no use. */
  #whole: ReadableStream<Uint8Array> | null

  constructor(options: BucketSourceOptions, object: R2Object, offset: number, whole: ReadableStream<Uint8Array> | null) {
    this.#options = options
    this.totalBytes = object.size
    this.validator = object.etag
    this.offset = offset
    this.#at = offset
    this.#whole = whole
  }

  async next(maxBytes: number): Promise<Piece | null> {
    const whole = this.#whole
    this.#whole = null
    if (whole && this.totalBytes <= maxBytes) {
      this.#at = this.totalBytes
      return { stream: whole, length: this.totalBytes }
    }
    await whole?.cancel().catch(() => undefined)
    if (this.#at >= this.totalBytes) return null
    const length = Math.min(maxBytes, this.totalBytes - this.#at)
    const range = { offset: this.#at, length }
    spend(this.#options.budget)
    const part = await this.#options.bucket.get(this.#options.key, { range })
    if (!part || part.etag !== this.validator) throw new SourceFailure(`${this.#options.name} is not there any more`, true)
    this.#at += length
    return { stream: part.body, length }
  }

  async close(): Promise<void> {
    await this.#whole?.cancel().catch(() => undefined)
  }
}
