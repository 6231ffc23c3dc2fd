/** A URL that a user gave us, as the source of a transfer: all of the file comes over one connection. */
import { type Budget, spend } from '../durable/budget.ts'
import { PieceCutter } from '../durable/piece-cutter.ts'
import type { OpenSource, ResumePoint, TransferSource } from '../durable/transfer.ts'
import type { AllowedOrigins } from './address.ts'
import { inspected, type WantedFile } from './inspected.ts'
import { openSource } from './source.ts'

export interface UrlSourceOptions {
  url: string
  wanted: WantedFile
  allowed: AllowedOrigins
  budget: Pick<Budget, 'take'>
}

export class UrlSource implements TransferSource {
  readonly #options: UrlSourceOptions

  constructor(options: UrlSourceOptions) {
    this.#options = options
  }

  /** What messages call it: the host, and neither the URL's query nor its credentials. */
  get name(): string {
    return new URL(this.#options.url).host
  }

  /** Throws a SourceFailure, and a TransferFailure for what cannot be the file that is wanted. */
  async open(resume: ResumePoint | null, signal: AbortSignal): Promise<OpenSource> {
    const { url, wanted, allowed, budget } = this.#options
    const { stream, contentType, answeredBy, ...opened } = await openSource(url, {
      allowed,
      resume,
      signal,
      beforeRequest: () => spend(budget),
    })
    const origin = { contentType, from: { kind: 'url', url, answeredBy } } as const
    const body = opened.offset > 0 ? stream : await inspected(stream, wanted, origin, signal)
    return new OpenUrl(body, opened)
  }
}

class OpenUrl implements OpenSource {
  readonly offset: number
  readonly totalBytes: number | null
  readonly validator: string | null
  readonly #cutter: PieceCutter

  constructor(stream: ReadableStream<Uint8Array>, opened: Pick<OpenSource, 'offset' | 'totalBytes' | 'validator'>) {
    this.offset = opened.offset
    this.totalBytes = opened.totalBytes
    this.validator = opened.validator
    this.#cutter = new PieceCutter(stream, opened.totalBytes === null ? null : opened.totalBytes - opened.offset)
  }

  get position(): number | null {
    return this.#cutter.passed === null ? null : this.offset + this.#cutter.passed
  }

  get isBroken(): boolean {
    return this.#cutter.isBroken
  }

  next(maxBytes: number) {
    return this.#cutter.next(maxBytes)
  }

  close(): Promise<void> {
    return this.#cutter.cancel()
  }
}
