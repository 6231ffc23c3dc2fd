/** Answers the links that the Worker signs: GET and HEAD, whole or a range, from R2. */
import { type Settings, signingSecretOf } from '../settings.ts'
import { contentHeaders } from './content.ts'
import { fileKey, isPathPart } from './key.ts'
import { ifNoneMatch, ifRangeHolds, parseRange } from './range.ts'
import { verifyFileToken } from './token.ts'

export type ServedFile = { ok: true; response: Response } | { ok: false; reason: string }

/** The file behind a signed link; `reason` says what is wrong with the link. */
export async function serveFile(
  request: Request,
  token: string,
  filename: string,
  bucket: R2Bucket,
  settings: Settings,
): Promise<ServedFile> {
  const check = await verifyFileToken(token, signingSecretOf(settings), Math.floor(Date.now() / 1000))
  if (!check.ok) {
    const expired = 'this link has expired; ask for the command or the file again for a fresh one'
    return { ok: false, reason: check.reason === 'expired' ? expired : 'this is no valid file link' }
  }
  const gone = { ok: false, reason: 'this file does not exist any more' } as const
  if (!isPathPart(filename)) return gone
  const key = fileKey(check.account, check.fileId, filename)
  const head = await bucket.head(key)
  if (!head) return gone

  const headers = new Headers(contentHeaders(filename, head.httpMetadata?.contentType))
  headers.set('ETag', head.httpEtag)
  headers.set('Last-Modified', head.uploaded.toUTCString())
  headers.set('Accept-Ranges', 'bytes')
  headers.set('Cache-Control', 'private, max-age=3600')
  headers.set('Access-Control-Allow-Origin', '*')
  // Players look at these, and a page may read no others.
  headers.set('Access-Control-Expose-Headers', 'Accept-Ranges, Content-Length, Content-Range, ETag')
  headers.set('Cross-Origin-Resource-Policy', 'cross-origin')

  if (ifNoneMatch(request.headers.get('if-none-match'), head.httpEtag)) {
    return { ok: true, response: new Response(null, { status: 304, headers }) }
  }
  const wanted = ifRangeHolds(request.headers.get('if-range'), head.httpEtag, head.uploaded) ? request.headers.get('range') : null
  const range = parseRange(wanted, head.size)
  if (range.kind === 'unsatisfiable') {
    headers.set('Content-Range', `bytes */${head.size}`)
    return { ok: true, response: new Response(null, { status: 416, headers }) }
  }
  const part = range.kind === 'part' ? { offset: range.offset, length: range.length } : null
  headers.set('Content-Length', String(part?.length ?? head.size))
  if (part) headers.set('Content-Range', `bytes ${part.offset}-${part.offset + part.length - 1}/${head.size}`)
  const status = part ? 206 : 200
  if (request.method === 'HEAD') return { ok: true, response: new Response(null, { status, headers }) }

  const object = await bucket.get(key, { onlyIf: { etagMatches: head.etag }, ...(part && { range: part }) })
  if (!object || !('body' in object)) return gone
  return { ok: true, response: new Response(object.body, { status, headers }) }
}
