/**
 * What a file is by its first bytes, as far as it is something else than media. After the MIME Sniffing Standard of WHATWG
 * (https://mimesniff.spec.whatwg.org): its tag table tells a web page, its binary data bytes tell text from the rest.
 */

/** So many bytes are enough to judge by: the "resource header" of the standard. */
export const SNIFFED_BYTES = 1445

export type ContentKind =
  | 'empty'
  | 'web_page'
  | 'hls'
  | 'dash'
  | 'zip'
  /** An archive of another kind. */
  | 'archive'
  /** Certainly no media: a document, JSON, XML of no format that FFmpeg knows, a link in a text file. */
  | 'foreign'
  /** Words that may be subtitles, a list or a text to draw. */
  | 'text'
  /** Media, as far as can be seen. */
  | 'unknown'

export interface Contents {
  kind: ContentKind
  /** What it is, with its article and its type: `a web page (text/html)`. */
  what: string
}

const UNKNOWN: Contents = { kind: 'unknown', what: 'of an unknown kind' }

/**
 * @param bytes the first bytes of the file, or all of it if it has fewer; no more than `SNIFFED_BYTES` are looked at
 * @param declaredType the Content-Type that it came with; it counts only where the bytes may be a web page, since servers often know no better
 */
export function sniff(bytes: Uint8Array, declaredType: string | null): Contents {
  const head = bytes.subarray(0, SNIFFED_BYTES)
  if (head.length === 0) return { kind: 'empty', what: 'empty' }
  const binary = binaryKind(head)
  if (binary !== null) return binary
  const text = textOf(head)
  return text === null ? UNKNOWN : textKind(text, essenceOf(declaredType))
}

/** Signatures at the beginning of files, as bytes in Latin-1. */
const SIGNATURES: readonly [signature: string, contents: Contents][] = [
  ['Rar!\x1a\x07', { kind: 'archive', what: 'a RAR archive' }],
  ['7z\xbc\xaf\x27\x1c', { kind: 'archive', what: 'a 7z archive' }],
  ['\x1f\x8b\x08', { kind: 'archive', what: 'a gzip archive (.gz)' }],
  ['\xfd7zXZ\0', { kind: 'archive', what: 'an xz archive' }],
  ['BZh91AY&SY', { kind: 'archive', what: 'a bzip2 archive' }],
  ['(\xb5/\xfd', { kind: 'archive', what: 'a zstd archive' }],
  ['%PDF-', { kind: 'foreign', what: 'a PDF document (application/pdf)' }],
  ['\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1', { kind: 'foreign', what: 'an Office document' }],
]
/** A zip begins with a file, or with the end of a list that has none. */
const ZIP_SIGNATURES = ['PK\x03\x04', 'PK\x05\x06']
const OFFICE_PARTS = /\[Content_Types\]\.xml|_rels\/\.rels|mimetypeapplication\/vnd\.oasis/

function binaryKind(head: Uint8Array): Contents | null {
  const bytes = latin1(head)
  if (ZIP_SIGNATURES.some((signature) => bytes.startsWith(signature)))
    return { kind: 'zip', what: OFFICE_PARTS.test(bytes) ? 'an Office document' : 'a zip archive (application/zip)' }
  if (bytes.startsWith('ustar', 257)) return { kind: 'archive', what: 'a tar archive' }
  return SIGNATURES.find(([signature]) => bytes.startsWith(signature))?.[1] ?? null
}

function latin1(bytes: Uint8Array): string {
  let text = ''
  for (const byte of bytes) text += String.fromCharCode(byte)
  return text
}

/** Whether it is one of the standard's "binary data bytes", which no text has. */
function isBinaryData(code: number): boolean {
  return code <= 0x08 || code === 0x0b || (code >= 0x0e && code <= 0x1a) || (code >= 0x1c && code <= 0x1f)
}

/** Null where the bytes are no text. A character that is cut off at the end does not count. */
function textOf(head: Uint8Array): string | null {
  const encoding = head[0] === 0xff && head[1] === 0xfe ? 'utf-16le' : head[0] === 0xfe && head[1] === 0xff ? 'utf-16be' : 'utf-8'
  const text = new TextDecoder(encoding).decode(head)
  for (let i = 0; i < text.length; i += 1) if (isBinaryData(text.charCodeAt(i))) return null
  return text
}

/** What may stand before the first element: a declaration, comments, blanks. Each is left out once for every time it stands there. */
const PROLOG = /^(?:\s+|<\?[^>]*>|<!--(?:[^-]|-(?!->))*-->)/

/** Elements that begin a web page and nothing else. */
const PAGE_ELEMENT = /^<(?:!doctype\s+html|html|head|body|title|script|iframe|meta|noscript)(?=[\s>/])/i
/** Roots of XML and of its relatives that FFmpeg, or a player of subtitles, reads. */
const READABLE_ROOT = /^<(?:svg|tt|sami|smil|timedtext|transcript|cpl|compositionplaylist)(?=[\s>/])/i
const DOCTYPE = /^<!doctype\s[^>[]*>/i
const DASH_ROOT = /^<(?:\w+:)?mpd(?=[\s>])/i
const ELEMENT = /^<[a-z!/]/i

/** What begins files that FFmpeg reads as text, and what is left of media files that are cut after a few bytes. */
const READABLE_TEXT =
  /^(?:webvtt|\[script info\]|ffconcat version|;ffmetadata|file\s|\d+\s*\r?\n\d+:\d\d:\d\d|\{\d+\}\{\d+\}|\[\d+:\d\d|\[[a-z]+:|#!amr|riff|flac|oggs|id3|gif8|form|p[1-6]\s|yuv4mpeg2|\/\* xpm)/i
const LINK = /^https?:\/\/[^\s<>"]+\s*$/i
const SHORTCUT = /^\[internetshortcut\]/i
const LFS_POINTER = /^version https:\/\/git-lfs\.github\.com\//
const JSON_START = /^(?:\{\s*["}]|\[\s*(?:[{["\]]))/

function textKind(text: string, declared: string): Contents {
  const start = withoutProlog(text)
  const isPage = declared === 'text/html' || declared === 'application/xhtml+xml'
  if (PAGE_ELEMENT.test(start)) return { kind: 'web_page', what: 'a web page (text/html)' }
  const root = withoutProlog(start.replace(DOCTYPE, ''))
  if (DASH_ROOT.test(root)) return { kind: 'dash', what: 'a DASH manifest (application/dash+xml)' }
  if (READABLE_ROOT.test(root)) return UNKNOWN
  if (isPage && ELEMENT.test(root)) return { kind: 'web_page', what: 'a web page (text/html)' }
  const words = text.trimStart()
  if (words.startsWith('<?xml') || /^<error[\s>]/i.test(root)) return { kind: 'foreign', what: 'XML (application/xml)' }
  if (words.startsWith('#EXTM3U')) return { kind: 'hls', what: 'an HLS playlist (application/vnd.apple.mpegurl)' }
  if (READABLE_TEXT.test(words)) return UNKNOWN
  if (JSON_START.test(words)) return { kind: 'foreign', what: 'JSON (application/json)' }
  if (SHORTCUT.test(words)) return { kind: 'foreign', what: 'a shortcut (.url) to a web page' }
  if (LFS_POINTER.test(words)) return { kind: 'foreign', what: 'a pointer of Git LFS in the place of the file' }
  if (LINK.test(words)) return { kind: 'foreign', what: 'a text file with a link in it' }
  return { kind: 'text', what: 'text (text/plain)' }
}

function withoutProlog(text: string): string {
  let position = 0
  for (let left = text; ; left = text.slice(position)) {
    const length = PROLOG.exec(left)?.[0].length ?? 0
    if (length === 0) return left
    position += length
  }
}

function essenceOf(contentType: string | null): string {
  return (contentType ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? ''
}

/** Extensions of files that are never text, and never an archive or a document. */
const MEDIA_EXTENSION =
  /\.(?:mp4|m4v|mov|mkv|webm|avi|wmv|flv|f4v|mpe?g|m2ts|mts|ts|3gp|ogv|mp3|m4a|m4b|aac|wav|flac|ogg|oga|opus|wma|aiff?|ac3|amr|caf|png|apng|jpe?g|gif|webp|bmp|tiff?|avif|heic|jxl)$/i

/** Whether a file by this name can hold nothing but video, sound or a picture. */
export function isNamedAsMedia(filename: string): boolean {
  return MEDIA_EXTENSION.test(filename)
}

/** Whether a file by this name can hold nothing but a font. */
export function isNamedAsFont(filename: string): boolean {
  return /\.(?:ttf|otf|ttc|woff2?)$/i.test(filename)
}
