/** Brings the file behind a URL to wherever it is wanted, as a stream: retried, resumed where it was cut, and held to limits. */
import { SNIFFED_BYTES } from '../ffmpeg/content-sniffing.ts'
import type { AllowedOrigins } from './address.ts'
import { contentsFault, type FileHead, type FileUse } from './contents-fault.ts'
import type { IncomingBytes } from './incoming-bytes.ts'
import { type Pace, watchPace } from './pace.ts'
import { peek } from './peek.ts'
import { openSource, type Source, SourceFailure } from './source.ts'

/** A cut or failed download is begun again so often. */
const RETRIES = 3
const RETRY_PAUSE_MS = 500
/** A server that stays below the lowest rate for three looks is cut off, and asked again. */
const PACE_INTERVAL_MS = 10_000
const PACE_PATIENCE = 3

export interface DownloadRules {
  maxBytes: number
  pace: Pace
  allowed: AllowedOrigins
  signal: AbortSignal
}

/** What a file is wanted for, and the name that it is to have. */
export interface WantedFile {
  filename: string
  use: FileUse
}

/** What tells whether a source still has the file that bytes came from. */
export type SeenSource = Pick<Source, 'validator' | 'totalBytes'>

/** Where the bytes go. */
export interface DownloadTarget {
  /** The source of the bytes that are there; null when there are none. */
  seen: SeenSource | null
  /** Takes a file, or the rest of it. Answers the bytes that are there then. */
  put(body: IncomingBytes, maxBytes: number, signal: AbortSignal): Promise<number>
  /** The bytes that are there, from which a download may go on; null when there is nothing. */
  size(): Promise<number | null>
  /** Whose fault an error of `put` is. `resumed`: whether it was to go on with a file. */
  blame(error: unknown, resumed: boolean): Promise<'source' | 'target' | 'too_large'>
}

/** The URL is at fault. The message names the host at most, and neither the URL's query nor its credentials. */
export class DownloadFailure extends Error {
  override readonly name = 'DownloadFailure'
  readonly fault: 'unreachable' | 'too_large'

  constructor(fault: 'unreachable' | 'too_large', message: string, options?: ErrorOptions) {
    super(message, options)
    this.fault = fault
  }
}

/** The pace to hold a server to. @param minRate in bytes a second */
export function paceOf(minRate: number): Pace {
  return { minRate, intervalMs: PACE_INTERVAL_MS, patience: PACE_PATIENCE }
}

/**
 * Streams what is at `url` into the target and answers its size in bytes. What cannot be the file that is wanted does not reach the target.
 * Throws a DownloadFailure when the URL is at fault, and what the target threw when it is not.
 */
export async function downloadFile(url: string, wanted: WantedFile, target: DownloadTarget, rules: DownloadRules): Promise<number> {
  for (let attempt = 0; ; attempt++) {
    try {
      const resume = target.seen ? await resumePoint(target.seen, target) : null
      const source = await openSource(url, { allowed: rules.allowed, resume, signal: rules.signal })
      target.seen = { validator: source.validator, totalBytes: source.totalBytes }
      return await receive(url, wanted, source, target, rules)
    } catch (error) {
      if (rules.signal.aborted || !(error instanceof SourceFailure)) throw error
      if (!error.retryable || attempt === RETRIES) throw unreachable(error, attempt)
      await scheduler.wait(RETRY_PAUSE_MS * 2 ** attempt, { signal: rules.signal })
    }
  }
}

/** Says that a file has more than `maxBytes`. */
export function tooLarge(maxBytes: number, options?: ErrorOptions): DownloadFailure {
  return new DownloadFailure('too_large', `is larger than ${Math.floor(maxBytes / 1024 / 1024)} MB`, options)
}

/** Looks at the first bytes of a file, and answers the stream that still has all of them. Throws a DownloadFailure if it is of no use. */
export async function inspected(
  stream: ReadableStream<Uint8Array>,
  wanted: WantedFile,
  origin: Omit<FileHead, 'bytes'>,
  signal: AbortSignal,
): Promise<ReadableStream<Uint8Array>> {
  const { head, broken, whole } = await peek(stream, SNIFFED_BYTES, signal)
  // Of a file that is cut off after a few bytes, the next attempt brings more.
  const fault = broken ? null : contentsFault({ ...origin, bytes: head }, wanted.filename, wanted.use)
  if (fault === null) return whole
  await whole.cancel().catch(() => undefined)
  throw new DownloadFailure('unreachable', fault)
}

async function receive(url: string, wanted: WantedFile, source: Source, target: DownloadTarget, rules: DownloadRules): Promise<number> {
  const { totalBytes, offset } = source
  if (totalBytes !== null && totalBytes > rules.maxBytes) {
    await source.stream.cancel()
    throw tooLarge(rules.maxBytes)
  }
  const { host } = new URL(url)
  const resume = offset > 0 && totalBytes !== null ? { offset, totalBytes } : null
  const stalled = new AbortController()
  const unwatch = watchPace(
    rules.pace,
    () => target.size(),
    () => stalled.abort(),
  )
  const signal = AbortSignal.any([rules.signal, stalled.signal])
  let bytes: number
  try {
    const { stream, contentType, answeredBy } = source
    const origin = { contentType, from: { kind: 'url', url, answeredBy } } as const
    const body = offset > 0 ? stream : await inspected(stream, wanted, origin, signal)
    bytes = await target.put({ stream: body, resume }, rules.maxBytes, signal)
  } catch (error) {
    if (error instanceof DownloadFailure) throw error
    if (stalled.signal.aborted) throw new SourceFailure(`${host} sent next to nothing for too long`, true, { cause: error })
    if (rules.signal.aborted) throw error
    const blamed = await target.blame(error, resume !== null)
    if (blamed === 'too_large') throw tooLarge(rules.maxBytes, { cause: error })
    if (blamed === 'source') throw new SourceFailure(`${host} cut the connection`, true, { cause: error })
    throw error
  } finally {
    unwatch()
  }
  if (totalBytes !== null && bytes !== totalBytes) {
    throw new SourceFailure(`${host} cut the connection after ${bytes} of ${totalBytes} bytes`, true)
  }
  return bytes
}

async function resumePoint(seen: SeenSource, target: DownloadTarget): Promise<{ offset: number; validator: string } | null> {
  if (seen.validator === null || seen.totalBytes === null) return null
  const offset = await target.size()
  return offset !== null && offset > 0 && offset < seen.totalBytes ? { offset, validator: seen.validator } : null
}

function unreachable(failure: SourceFailure, retries: number): DownloadFailure {
  const tried = retries > 0 ? ` (tried ${retries + 1} times)` : ''
  return new DownloadFailure('unreachable', `could not be downloaded: ${failure.message}${tried}`, { cause: failure })
}
