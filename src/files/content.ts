/** How a user's file is described to a browser, so that it plays where it can and never runs in our origin. */
import { mimes } from 'hono/utils/mime'
import { encodePathPart } from './key.ts'

/** Types of media files that hono's table lacks. */
const MEDIA_TYPES = {
  m4v: 'video/mp4',
  m4s: 'video/iso.segment',
  mov: 'video/quicktime',
  mkv: 'video/x-matroska',
  flv: 'video/x-flv',
  wmv: 'video/x-ms-wmv',
  mpg: 'video/mpeg',
  mts: 'video/mp2t',
  m2ts: 'video/mp2t',
  wav: 'audio/wav',
  ogg: 'audio/ogg',
  flac: 'audio/flac',
  m4a: 'audio/mp4',
  mka: 'audio/x-matroska',
  aif: 'audio/aiff',
  aiff: 'audio/aiff',
  ac3: 'audio/ac3',
  wma: 'audio/x-ms-wma',
  apng: 'image/apng',
  jxl: 'image/jxl',
  heic: 'image/heic',
  vtt: 'text/vtt; charset=utf-8',
  srt: 'application/x-subrip; charset=utf-8',
  ass: 'text/x-ssa; charset=utf-8',
  ssa: 'text/x-ssa; charset=utf-8',
  m3u8: 'application/vnd.apple.mpegurl',
  mpd: 'application/dash+xml',
  log: 'text/plain; charset=utf-8',
}

/** A Map, so that a file named `x.constructor` has no type. */
const TYPE_BY_EXTENSION = new Map<string, string>(Object.entries({ ...mimes, ...MEDIA_TYPES }))

/** What a browser shows or plays by itself and cannot run. */
const SHOWN = /^(?:(?:audio|video|image)\/[\w.-]+|text\/(?:plain|vtt)|application\/(?:json|vnd\.apple\.mpegurl))$/

/** What keeps its type because programs go by it, but is only ever downloaded when a person opens it. */
const DOWNLOADED = new Set([
  'application/zip',
  'application/gzip',
  'application/dash+xml',
  'application/x-subrip',
  'text/x-ssa',
  'text/csv',
])

/** `sandbox` takes scripts and our origin away; the rest is what a browser's own media page needs. */
const CONTENT_SECURITY_POLICY = "sandbox; default-src 'none'; img-src 'self'; media-src 'self'; style-src 'unsafe-inline'"

/**
 * The headers that say what a file is.
 * The type comes from the extension, else from `storedType`. Whatever is not known to be harmless (HTML, SVG, XML, scripts, PDF)
 * is an opaque download.
 */
export function contentHeaders(filename: string, storedType?: string): Record<string, string> {
  const { type, disposition } = present(typeOf(filename) ?? storedType ?? '')
  return {
    'Content-Type': type,
    'Content-Disposition': contentDisposition(disposition, filename),
    'X-Content-Type-Options': 'nosniff',
    'Content-Security-Policy': CONTENT_SECURITY_POLICY,
  }
}

/** What R2 keeps beside a file, for the links under which it answers by itself. */
export function storedHeaders(filename: string): { contentType: string; contentDisposition: string } {
  const { type, disposition } = present(typeOf(filename) ?? '')
  return { contentType: type, contentDisposition: contentDisposition(disposition, filename) }
}

function present(type: string): { type: string; disposition: 'inline' | 'attachment' } {
  const [essence = ''] = type.toLowerCase().split(';')
  if (SHOWN.test(essence)) return { type: withoutUnknownParameters(type, essence), disposition: 'inline' }
  if (DOWNLOADED.has(essence)) return { type: withoutUnknownParameters(type, essence), disposition: 'attachment' }
  return { type: 'application/octet-stream', disposition: 'attachment' }
}

function withoutUnknownParameters(type: string, essence: string): string {
  return /;\s*charset=utf-8$/i.test(type) ? `${essence}; charset=utf-8` : essence
}

/** The extension of files of a media type, with its dot; empty for a type that has none here. */
export function extensionOf(contentType: string): string {
  const [essence = ''] = contentType.toLowerCase().split(';')
  const found = [...TYPE_BY_EXTENSION].find(([, type]) => type.split(';')[0] === essence.trim())
  return found === undefined ? '' : `.${found[0]}`
}

function typeOf(filename: string): string | undefined {
  const [, extension = ''] = /\.([A-Za-z0-9]+)$/.exec(filename) ?? []
  return TYPE_BY_EXTENSION.get(extension.toLowerCase())
}

/**
 * RFC 6266: `filename` for every client, and `filename*` (RFC 8187) where the name does not fit into it as it is.
 * A percent sign counts as not fitting, since some clients decode it.
 */
function contentDisposition(disposition: 'inline' | 'attachment', filename: string): string {
  const fallback = filename.replace(/[^\x20-\x7e]|["\\%]/gu, '_')
  const plain = `${disposition}; filename="${fallback}"`
  return fallback === filename ? plain : `${plain}; filename*=UTF-8''${encodePathPart(filename.toWellFormed())}`
}
