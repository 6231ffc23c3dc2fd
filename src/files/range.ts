/** Range and conditional requests (RFC 9110, sections 13 and 14) as pure decisions over header values. */

/** `offset` and `length` in bytes; a part is never empty and never reaches past the end. */
export type ByteRange = { kind: 'whole' } | { kind: 'part'; offset: number; length: number } | { kind: 'unsatisfiable' }

/**
 * What a Range header asks of a representation of `size` bytes (RFC 9110, section 14.1.2).
 * Several ranges, other units and malformed headers are ignored, as section 14.2 allows: the answer is the whole.
 */
export function parseRange(header: string | null, size: number): ByteRange {
  const match = /^bytes=[ \t]*(\d*)-(\d*)[ \t]*$/i.exec(header ?? '')
  if (match === null) return { kind: 'whole' }
  const [, first = '', last = ''] = match
  if (first === '') return last === '' ? { kind: 'whole' } : suffix(Number(last), size)

  const offset = Number(first)
  const end = last === '' ? Number.POSITIVE_INFINITY : Number(last)
  if (end < offset) return { kind: 'whole' }
  if (offset >= size) return { kind: 'unsatisfiable' }
  return { kind: 'part', offset, length: Math.min(end, size - 1) - offset + 1 }
}

function suffix(length: number, size: number): ByteRange {
  if (length === 0) return { kind: 'unsatisfiable' }
  // The last bytes of nothing are satisfiable, but no Content-Range can say so.
  if (size === 0) return { kind: 'whole' }
  const kept = Math.min(length, size)
  return { kind: 'part', offset: size - kept, length: kept }
}

/**
 * Whether If-None-Match names the current ETag, so that the answer is 304 (RFC 9110, section 13.1.2: weak comparison).
 * @param etag with its quotes, as it is sent
 */
export function ifNoneMatch(header: string | null, etag: string): boolean {
  if (header === null) return false
  if (header.trim() === '*') return true
  const wanted = opaque(etag)
  return [...header.matchAll(/(?:W\/)?"[^"]*"/g)].some(([tag]) => opaque(tag) === wanted)
}

function opaque(etag: string): string {
  return etag.replace(/^W\//, '')
}

/**
 * Whether a Range header may be honoured beside this If-Range (RFC 9110, section 13.1.5): without one, or when it names
 * the current ETag (strong comparison) or exactly the current Last-Modified date.
 * @param etag with its quotes, as it is sent
 */
export function ifRangeHolds(header: string | null, etag: string, lastModified: Date): boolean {
  if (header === null) return true
  const validator = header.trim()
  if (validator.startsWith('"')) return validator === etag
  return validator === lastModified.toUTCString()
}
