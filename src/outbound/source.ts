/** Opens a URL that a user gave us as a stream: addresses checked on every hop, redirects followed by hand. */
import { type ResumePoint, SourceFailure } from '../durable/transfer.ts'
import { type AllowedOrigins, checkUrl } from './address.ts'
import { failedAnswer, failedConnection } from './source-advice.ts'
import { strongValidator } from './validator.ts'

const MAX_REDIRECTS = 5
const HEADERS_TIMEOUT_MS = 30_000

export interface Source {
  stream: ReadableStream<Uint8Array>
  contentType: string | null
  /** The URL that answered, after all redirects. */
  answeredBy: URL
  /** First byte of the stream within the file: the offset that was asked for, or 0 where the server began anew. */
  offset: number
  /** Size of the whole file in bytes, where the server told it. */
  totalBytes: number | null
  /** What `If-Range` needs to continue this very file later; null where the server cannot. */
  validator: string | null
}

export interface OpenOptions {
  allowed: AllowedOrigins
  /** Where to continue a file that was cut. */
  resume: ResumePoint | null
  signal: AbortSignal
  /** Called before each request, of which every redirect is one. What it throws is thrown. */
  beforeRequest: () => void
}

/** Opens `url` for reading, from its beginning where it cannot be continued. Throws a SourceFailure that says which host did what. */
export async function openSource(url: string, options: OpenOptions): Promise<Source> {
  let target = url
  for (let hop = 0; hop <= MAX_REDIRECTS; hop++) {
    const check = checkUrl(target, options.allowed)
    if (!check.ok) throw new SourceFailure(check.reason, false)
    const response = await request(check.url, options)
    const location = response.status >= 300 && response.status < 400 ? response.headers.get('location') : null
    if (location === null && !isOfAnotherFile(response, options.resume)) return sourceOf(response, check.url, url, options)
    await response.body?.cancel()
    if (location === null) return openSource(url, { ...options, resume: null })
    if (!URL.canParse(location, check.url.href)) throw new SourceFailure(`${check.url.host} redirects to something that is no URL`, false)
    target = new URL(location, check.url).href
  }
  throw new SourceFailure(`${new URL(url).host} redirects more than ${MAX_REDIRECTS} times`, false)
}

async function request(url: URL, options: OpenOptions): Promise<Response> {
  options.beforeRequest()
  // Compressed transfer would make offsets and sizes mean something else than the file's.
  const headers = new Headers({ 'accept-encoding': 'identity', 'user-agent': 'RenderIO/1.0' })
  if (options.resume) {
    headers.set('range', `bytes=${options.resume.offset}-`)
    headers.set('if-range', options.resume.validator)
  }
  const tooSlow = new AbortController()
  const timer = setTimeout(() => tooSlow.abort(), HEADERS_TIMEOUT_MS)
  try {
    return await fetch(url, { headers, redirect: 'manual', signal: AbortSignal.any([options.signal, tooSlow.signal]) })
  } catch (cause) {
    if (options.signal.aborted) throw cause
    const what = tooSlow.signal.aborted ? `did not answer within ${HEADERS_TIMEOUT_MS / 1000} seconds` : failedConnection(url)
    throw new SourceFailure(`${url.host} ${what}`, true, { cause })
  } finally {
    clearTimeout(timer)
  }
}

/**
 * Whether a part is not of the very file that is to be continued. `If-Range` should have kept the server from sending it, but some pay no heed to
 * it. A part of a compressed file is none of the file either. A server may leave out the date, which has not changed (RFC 9110, 15.3.7).
 */
function isOfAnotherFile({ status, headers }: Response, resume: ResumePoint | null): boolean {
  if (status !== 206 || resume === null) return false
  const [etag, modified] = [headers.get('etag'), headers.get('last-modified')]
  const told = resume.validator.startsWith('"') ? etag : modified
  const isOtherVersion = told !== null && etag !== resume.validator && modified !== resume.validator
  const totalBytes = contentRange(headers)?.totalBytes ?? resume.totalBytes
  return headers.has('content-encoding') || totalBytes !== resume.totalBytes || isOtherVersion
}

async function sourceOf(response: Response, answeredBy: URL, given: string, options: OpenOptions): Promise<Source> {
  const { host } = answeredBy
  if (response.status !== 200 && response.status !== 206) {
    throw new SourceFailure(`${host} answered ${await failedAnswer(response, given)}`, isRetryable(response.status))
  }
  const contentType = response.headers.get('content-type')
  const stream: ReadableStream<Uint8Array> = response.body ?? new Blob([]).stream()
  const encoded = response.headers.has('content-encoding')
  const validator = encoded ? null : strongValidator(response.headers)
  const source = { stream, contentType, answeredBy, validator }
  if (response.status === 200) return { ...source, offset: 0, totalBytes: encoded ? null : contentLength(response.headers) }
  const range = contentRange(response.headers)
  if (range === null || range.offset !== options.resume?.offset) {
    await stream.cancel()
    throw new SourceFailure(`${host} answered a part of the file that was not asked for`, false)
  }
  return { ...source, ...range }
}

function isRetryable(status: number): boolean {
  return status >= 500 || status === 408 || status === 425 || status === 429
}

function contentRange(headers: Headers): { offset: number; totalBytes: number } | null {
  const [, offset, totalBytes] = /^bytes (\d+)-\d+\/(\d+)$/.exec(headers.get('content-range') ?? '') ?? []
  return offset === undefined ? null : { offset: Number(offset), totalBytes: Number(totalBytes) }
}

function contentLength(headers: Headers): number | null {
  const value = headers.get('content-length')
  return value !== null && /^\d+$/.test(value) ? Number(value) : null
}
