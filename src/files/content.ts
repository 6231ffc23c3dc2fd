/** How a user's file is described to a browser, so that it plays where it can and never runs in our origin. */
import { mediaTypeOfName } from '../ffmpeg/media-type.ts'
import { encodePathPart } from './key.ts'

/** What a browser shows or plays by itself and cannot run. */
const SHOWN = /^(?:(?:audio|video|image)\/[\w.-]+|text\/(?:plain|vtt)|application\/(?:json|vnd\.apple\.mpegurl))$/

/** What keeps its type because programs go by it, but is only ever downloaded when a person opens it. */
const DOWNLOADED =
  /^(?:font\/[\w-]+|text\/(?:csv|x-ssa|vnd\.dvb\.subtitle)|application\/(?:zip|gzip|ogg|mxf|gxf|dash\+xml|ttml\+xml|x-subrip|vnd\.rn-realmedia(?:-vbr)?))$/

/** Texts that are UTF-8, as FFmpeg writes them. */
const UTF8_TEXT = /^(?:text\/(?:plain|vtt|x-ssa)|application\/x-subrip)$/

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
  if (DOWNLOADED.test(essence)) return { type: withoutUnknownParameters(type, essence), disposition: 'attachment' }
  return { type: 'application/octet-stream', disposition: 'attachment' }
}

function withoutUnknownParameters(type: string, essence: string): string {
  return /;\s*charset=utf-8$/i.test(type) ? `${essence}; charset=utf-8` : essence
}

function typeOf(filename: string): string | undefined {
  const type = mediaTypeOfName(filename)
  if (type === null) return undefined
  return UTF8_TEXT.test(type) ? `${type}; charset=utf-8` : type
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
