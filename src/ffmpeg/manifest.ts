/**
 * What an HLS playlist or a DASH manifest refers to, as far as it lies beside it: other folders and absolute URLs hold no file of ours.
 * Whoever writes a command writes its manifest, so nothing here takes more than linear time in its text.
 */
import { isPlainName } from './filenames.ts'
import { textLines } from './script-parts.ts'
import { decodedPath, withoutQuery } from './uri.ts'
import { decodeEntities } from './xml-entities.ts'

export type ManifestFormat = 'hls' | 'dash'

export type Reference =
  /** `required`: nothing plays without it. A key may be served by somebody else. */
  | { kind: 'file'; name: string; role: 'init' | 'media' | 'key' | 'child'; required: boolean }
  /** Files whose names hold these texts in this order, from the first to the last character, with anything between: a DASH template. */
  | { kind: 'family'; literals: string[]; role: 'init' | 'media' }

/** Streaming format by the extension of a file's name; null for any other file. */
export function manifestFormat(filename: string): ManifestFormat | null {
  if (/\.m3u8$/i.test(filename)) return 'hls'
  return /\.mpd$/i.test(filename) ? 'dash' : null
}

/** What a manifest says, piece by piece. The durations of one manifest add up to how long it plays. */
export type ManifestPart = Reference | { kind: 'duration'; seconds: number }

/**
 * What the manifest says, in the order of the text, repeated references included. Null stands for a piece of the text that says nothing, so
 * that whoever reads a long one can do other things in between.
 * @param prefixes what may stand in front of the name of a file that lies beside the manifest
 */
export function* manifestParts(format: ManifestFormat, text: string, prefixes: readonly string[] = []): Generator<ManifestPart | null> {
  yield* format === 'hls' ? hlsParts(text, prefixes) : dashParts(text)
}

/** Whether a name is of the family. Greedy from the left, which finds a match wherever there is one. */
export function isOfFamily(literals: readonly string[], name: string): boolean {
  const first = literals.at(0) ?? ''
  const last = literals.length > 1 ? (literals.at(-1) ?? '') : ''
  if (!name.startsWith(first) || !name.endsWith(last) || name.length < first.length + last.length) return false
  let position = first.length
  const end = name.length - last.length
  for (const literal of literals.slice(1, -1)) {
    const found = name.indexOf(literal, position)
    if (found === -1 || found + literal.length > end) return false
    position = found + literal.length
  }
  return true
}

const HLS_URI = /\bURI="([^"]*)"/g
const HLS_DURATION = /^#EXTINF:(\d{1,9}(?:\.\d{1,9})?)/

function* hlsParts(text: string, prefixes: readonly string[]): Generator<ManifestPart | null> {
  for (const { content } of textLines(text)) yield* hlsLine(content.trim(), prefixes)
}

function* hlsLine(line: string, prefixes: readonly string[]): Generator<ManifestPart | null> {
  const duration = HLS_DURATION.exec(line)?.[1]
  if (duration !== undefined) yield { kind: 'duration', seconds: Number(duration) }
  else if (line === '') yield null
  else if (!line.startsWith('#')) yield fileReference(line, hlsRole(line), prefixes)
  else if (!line.startsWith('#EXT')) yield null
  else {
    yield null
    for (const [, uri = ''] of line.matchAll(HLS_URI)) {
      if (/^#EXT-X-(SESSION-)?KEY:/.test(line)) yield fileReference(uri, 'key', prefixes)
      else yield fileReference(uri, line.startsWith('#EXT-X-MAP:') ? 'init' : hlsRole(uri), prefixes)
    }
  }
}

function hlsRole(uri: string): 'child' | 'media' {
  return manifestFormat(withoutQuery(uri)) === 'hls' ? 'child' : 'media'
}

const DASH_DURATION = /\smediaPresentationDuration="PT(?:(\d{1,9})H)?(?:(\d{1,9})M)?(?:(\d{1,9}(?:\.\d{1,9})?)S)?"/
const DASH_ATTRIBUTE = /\s(initialization|media|sourceURL|index)="([^"]*)"/g
const DASH_BASE_URL = /<BaseURL(?:\s[^<>]*)?>([^<]*)<\/BaseURL>/g

function* dashParts(text: string): Generator<ManifestPart | null> {
  yield dashDuration(text)
  for (const [, attribute = '', value = ''] of text.matchAll(DASH_ATTRIBUTE)) {
    yield templateReference(decodeEntities(value), attribute === 'initialization' || attribute === 'sourceURL' ? 'init' : 'media')
  }
  for (const [, uri = ''] of text.matchAll(DASH_BASE_URL)) yield fileReference(decodeEntities(uri).trim(), 'media')
}

function dashDuration(text: string): ManifestPart | null {
  const match = DASH_DURATION.exec(text)
  if (match === null) return null
  const [, hours = '0', minutes = '0', seconds = '0'] = match
  return { kind: 'duration', seconds: Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds) }
}

/** A template that is longer than any name may be, with the names of its identifiers, stands for no file. */
const MAX_TEMPLATE_CHARACTERS = 1000
/** DASH knows five identifiers (ISO/IEC 23009-1, 5.3.9.4.4), each of which may be repeated. */
const MAX_IDENTIFIERS = 16

/** `$$` is a dollar sign; every other identifier between two of them is a number or the name of a representation. */
function templateReference(template: string, role: 'init' | 'media'): Reference | null {
  if (template.length > MAX_TEMPLATE_CHARACTERS) return null
  const literals = ['']
  for (const [index, part] of template.split('$').entries()) {
    const literal = literals.at(-1) ?? ''
    if (index % 2 === 0) literals[literals.length - 1] = literal + part
    else if (part === '') literals[literals.length - 1] = `${literal}$`
    else literals.push('')
  }
  if (literals.length === 1) return fileReference(literals[0] ?? '', role)
  // Judged with a letter in the place of each identifier, as a name that it may become.
  return literals.length <= MAX_IDENTIFIERS + 1 && isPlainName(literals.join('x')) ? { kind: 'family', literals, role } : null
}

/** No file has a longer name, however it is encoded. */
const MAX_URI_CHARACTERS = 4000

/** Null unless a player that resolves the URI against the manifest's own asks for a file beside it. */
function fileReference(uri: string, role: 'init' | 'media' | 'key' | 'child', prefixes: readonly string[] = []): Reference | null {
  if (uri.length > MAX_URI_CHARACTERS) return null
  const name =
    nameBeside(uri) ?? prefixes.filter((prefix) => uri.startsWith(prefix)).map((prefix) => nameBeside(uri.slice(prefix.length)))[0]
  return name === null || name === undefined ? null : { kind: 'file', name, role, required: role !== 'key' }
}

function nameBeside(uri: string): string | null {
  const name = decodedPath(withoutQuery(uri).replace(/^(\.\/)+/, ''))
  return isPlainName(name) ? name : null
}
