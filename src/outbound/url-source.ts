/** A URL that a user gave us, as the source of a transfer: all of the file comes over one connection. */
import { type Budget, spend } from '../durable/budget.ts'
import { PieceCutter } from '../durable/piece-cutter.ts'
import { type OpenSource, type ResumePoint, SourceFailure, type TransferSource } from '../durable/transfer.ts'
import type { AllowedOrigins } from './address.ts'
import type { FileHead } from './contents-fault.ts'
import { inspected, type WantedFile } from './inspected.ts'
import { openSource } from './source.ts'

/** For the bytes that are looked at before the pace of the transfer is watched. */
const FIRST_BYTES_TIMEOUT_MS = 30_000

export interface UrlSourceOptions {
  url: string
  wanted: WantedFile
  allowed: AllowedOrigins
  budget: Pick<Budget, 'take'>
  /** How long the first bytes may take, in milliseconds; half a minute unless it is said. */
  firstBytesTimeoutMs?: number
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
    const { url, allowed, budget } = this.#options
    const { stream, contentType, answeredBy, ...opened } = await openSource(url, {
      allowed,
      resume,
      signal,
      beforeRequest: () => spend(budget),
    })
    const origin = { contentType, from: { kind: 'url', url, answeredBy } } as const
    const body = opened.offset > 0 ? stream : await this.#inspected(stream, origin, signal)
    return new OpenUrl(body, opened)
  }

  async #inspected(stream: ReadableStream<Uint8Array>, origin: Omit<FileHead, 'bytes'>, signal: AbortSignal) {
    const { wanted, firstBytesTimeoutMs = FIRST_BYTES_TIMEOUT_MS } = this.#options
    const tooSlow = new AbortController()
    const timer = setTimeout(() => tooSlow.abort(), firstBytesTimeoutMs)
    try {
      return await inspected(stream, wanted, origin, AbortSignal.any([signal, tooSlow.signal]))
    } catch (cause) {
      if (signal.aborted || !tooSlow.signal.aborted) throw cause
      throw new SourceFailure(`${this.name} sent next to nothing for too long`, true, { cause })
    } finally {
      clearTimeout(timer)
    }
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
