/** Reads multipart/form-data (RFC 7578, RFC 2046) piece by piece, so that a file in it is never held in memory. */

/** A header block that is longer belongs to no form that a client makes. */
const MAX_HEADER_BYTES = 16 * 1024

const CR = 0x0d
const CRLF = Uint8Array.of(0x0d, 0x0a)
const BLANK_LINE = Uint8Array.of(0x0d, 0x0a, 0x0d, 0x0a)

/** What a body consists of, in order: each part begins, has bytes, and is over with the next `part` or with `end`. */
export type FormEvent =
  | { type: 'part'; name: string | null; filename: string | null; contentType: string | null }
  /** A view of the piece that was pushed, or of a copy: good until the next push. */
  | { type: 'data'; bytes: Uint8Array }
  | { type: 'end' }

/** The body is no form. The message says what is wrong with it. */
export class MalformedForm extends Error {
  override readonly name = 'MalformedForm'
}

/** The boundary that a Content-Type names; null when it is not multipart/form-data with a sound one. */
export function formBoundary(contentType: string): string | null {
  if (!/^\s*multipart\/form-data\s*;/i.test(contentType)) return null
  const boundary = parametersOf(contentType).get('boundary') ?? ''
  return /^[\x20-\x7e]{0,69}[\x21-\x7e]$/.test(boundary) ? boundary : null
}

type State = 'preamble' | 'delimiter' | 'headers' | 'body' | 'epilogue'

/** Feed it the body with `push`, then call `end`. Both throw a MalformedForm. */
export class MultipartForm {
  readonly #delimiter: Uint8Array
  #state: State = 'preamble'
  /** What has been pushed and not been understood yet. The first delimiter needs no line break before it, so one is put there. */
  #rest: Uint8Array = CRLF

  constructor(boundary: string) {
    this.#delimiter = new TextEncoder().encode(`\r\n--${boundary}`)
  }

  /** What `bytes` adds. */
  push(bytes: Uint8Array): FormEvent[] {
    const events: FormEvent[] = []
    if (this.#state === 'epilogue') return events
    this.#rest = this.#rest.length === 0 ? bytes : concat(this.#rest, bytes)
    while (this.#step(events));
    // The piece is the caller's again; what stays is at most a delimiter or a header block long.
    this.#rest = this.#rest.slice()
    return events
  }

  /** The body is over. */
  end(): void {
    if (this.#state === 'epilogue') return
    const what = this.#state === 'preamble' ? 'it does not contain its boundary' : 'it breaks off before its last boundary'
    throw new MalformedForm(`the body is no complete multipart/form-data: ${what}`)
  }

  /** Understands a little more of the rest. Answers whether there may be more to understand. */
  #step(events: FormEvent[]): boolean {
    switch (this.#state) {
      case 'preamble':
        return this.#content(null)
      case 'body':
        return this.#content(events)
      case 'delimiter':
        return this.#afterDelimiter(events)
      case 'headers':
        return this.#headers(events)
      case 'epilogue':
        this.#rest = this.#rest.subarray(this.#rest.length)
        return false
      default:
        return this.#state satisfies never
    }
  }

  /** Bytes up to the next delimiter; `events` is null for those before the first, which mean nothing. */
  #content(events: FormEvent[] | null): boolean {
    const at = indexOf(this.#rest, this.#delimiter)
    // The last bytes may be the beginning of a delimiter.
    const sure = at ?? this.#rest.length - this.#delimiter.length + 1
    if (sure > 0) {
      events?.push({ type: 'data', bytes: this.#rest.subarray(0, sure) })
      this.#rest = this.#rest.subarray(sure)
    }
    if (at === null) return false
    this.#rest = this.#rest.subarray(this.#delimiter.length)
    this.#state = 'delimiter'
    return true
  }

  /** `--` after a delimiter is the end of the form, a line break the beginning of a part. */
  #afterDelimiter(events: FormEvent[]): boolean {
    const [first, second] = this.#rest
    if (first === undefined || second === undefined) return false
    if (first === 0x2d && second === 0x2d) {
      events.push({ type: 'end' })
      this.#state = 'epilogue'
      return true
    }
    // RFC 2046 allows spaces and tabs before the line break.
    const found = this.#rest.findIndex((byte) => byte !== 0x20 && byte !== 0x09)
    const padding = found === -1 ? this.#rest.length : found
    if (padding > MAX_HEADER_BYTES) throw brokenBoundary()
    if (padding + CRLF.length > this.#rest.length) return false
    if (indexOf(this.#rest.subarray(padding, padding + CRLF.length), CRLF) !== 0) throw brokenBoundary()
    // The line break stays: headers end with a blank line, also where there are none.
    this.#rest = this.#rest.subarray(padding)
    this.#state = 'headers'
    return true
  }

  #headers(events: FormEvent[]): boolean {
    const at = indexOf(this.#rest, BLANK_LINE)
    const earliest = at ?? this.#rest.length - BLANK_LINE.length + 1
    if (earliest > MAX_HEADER_BYTES) throw new MalformedForm('the headers of a part are too long')
    if (at === null) return false
    events.push({ type: 'part', ...describedBy(new TextDecoder().decode(this.#rest.subarray(0, at))) })
    this.#rest = this.#rest.subarray(at + BLANK_LINE.length)
    this.#state = 'body'
    return true
  }
}

function brokenBoundary(): MalformedForm {
  return new MalformedForm('the body is no multipart/form-data: a boundary is not followed by a line break')
}

/** What a part's headers say of it. */
function describedBy(headers: string): { name: string | null; filename: string | null; contentType: string | null } {
  const lines = headers.split('\r\n')
  const parameters = parametersOf(lines.find((header) => /^content-disposition\s*:/i.test(header)) ?? '')
  const extended = extendedValue(parameters.get('filename*') ?? '')
  const type = lines.find((header) => /^content-type\s*:/i.test(header))
  return {
    name: parameters.get('name') ?? null,
    filename: extended ?? parameters.get('filename') ?? null,
    contentType: type === undefined ? null : type.slice(type.indexOf(':') + 1).trim(),
  }
}

/**
 * What follows the first semicolon of a header, by names in lower case; of several with one name the first counts, and what comes after a quote
 * that is never closed does not. Linear in the header's length.
 */
function parametersOf(header: string): Map<string, string> {
  const parameters = new Map<string, string>()
  let at = header.indexOf(';')
  while (at !== -1) {
    const equals = header.indexOf('=', at)
    const value = equals === -1 ? null : parameterValue(header, equals + 1)
    if (value === null) break
    // What stands between two semicolons without an equals sign is no parameter.
    const name = header
      .slice(header.lastIndexOf(';', equals) + 1, equals)
      .trimStart()
      .toLowerCase()
    if (!parameters.has(name)) parameters.set(name, value.text)
    at = header.indexOf(';', value.end)
  }
  return parameters
}

/** Null for a quote that is never closed. */
function parameterValue(header: string, start: number): { text: string; end: number } | null {
  if (header[start] !== '"') {
    const text = /[^\s;"]*/y
    text.lastIndex = start
    const [plain = ''] = text.exec(header) ?? []
    return { text: plain, end: start + plain.length }
  }
  let close = header.indexOf('"', start + 1)
  if (close === -1) return null
  while (header[close - 1] === '\\') {
    const next = header.indexOf('"', close + 1)
    // A backslash before the last quote is the end of a path.
    if (next === -1) break
    close = next
  }
  // As browsers and libraries write it: `"` as `%22` or `\"`. A backslash before anything else is part of a path.
  return { text: header.slice(start + 1, close).replace(/\\"|%22/g, '"'), end: close + 1 }
}

/** `filename*=UTF-8''…` (RFC 8187). RFC 7578 forbids it here, and some clients send it for names that are not ASCII. */
function extendedValue(value: string): string | null {
  const [, encoded = ''] = /^UTF-8'[^']*'(.+)$/i.exec(value) ?? []
  try {
    return decodeURIComponent(encoded) || null
  } catch {
    return null
  }
}

/** Where `wanted`, which begins with a carriage return, is found first; null when it is not there. */
function indexOf(bytes: Uint8Array, wanted: Uint8Array): number | null {
  const last = bytes.length - wanted.length
  for (let at = bytes.indexOf(CR); at !== -1 && at <= last; at = bytes.indexOf(CR, at + 1)) {
    let n = 1
    while (n < wanted.length && bytes[at + n] === wanted[n]) n++
    if (n === wanted.length) return at
  }
  return null
}

function concat(a: Uint8Array, b: Uint8Array): Uint8Array {
  const both = new Uint8Array(a.length + b.length)
  both.set(a)
  both.set(b, a.length)
  return both
}
