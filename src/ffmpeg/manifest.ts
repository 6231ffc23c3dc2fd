/**
 * What an HLS playlist or a DASH manifest refers to, as far as it lies beside it: other folders and absolute URLs hold no file of ours.
 * Whoever writes a command writes its manifest, so nothing here takes more than linear time in its text.
 */
import { isPlainName } from './filenames.ts'

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

/** What the manifest refers to beside itself, in the order of the text, repeated references included. */
export function references(format: ManifestFormat, text: string): Reference[] {
  return format === 'hls' ? hlsReferences(text) : dashReferences(text)
}

/** Seconds that the manifest says it plays; null where it does not say. */
export function manifestDuration(format: ManifestFormat, text: string): number | null {
  if (format === 'hls') {
    const seconds = text.split('\n').map((line) => Number(/^#EXTINF:([\d.]+)/.exec(line)?.[1] ?? 0))
    const sum = seconds.filter(Number.isFinite).reduce((total, value) => total + value, 0)
    return sum > 0 ? Math.round(sum * 1e6) / 1e6 : null
  }
  const match = /\smediaPresentationDuration="PT(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?"/.exec(text)
  if (match === null) return null
  const [, hours = '0', minutes = '0', seconds = '0'] = match
  return Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds)
}

/** Whether a name is of the family. Greedy from the left, which finds a match wherever there is one. */
export function isOfFamily(literals: readonly string[], name: string): boolean {
  const [first = '', ...rest] = literals
  const last = rest.pop() ?? ''
  if (!name.startsWith(first) || !name.endsWith(last) || name.length < first.length + last.length) return false
  let position = first.length
  const end = name.length - last.length
  for (const literal of rest) {
    const found = name.indexOf(literal, position)
    if (found === -1 || found + literal.length > end) return false
    position = found + literal.length
  }
  return true
}

const HLS_URI = /\bURI="([^"]*)"/g

function hlsReferences(text: string): Reference[] {
  return text.split('\n').flatMap((untrimmed): Reference[] => {
    const line = untrimmed.trim()
    if (line === '') return []
    if (!line.startsWith('#')) return fileReference(line, manifestFormat(line.replace(/[?#].*$/, '')) === 'hls' ? 'child' : 'media')
    if (!line.startsWith('#EXT')) return []
    return Array.from(line.matchAll(HLS_URI), (match) => match[1] ?? '').flatMap((uri) => {
      if (/^#EXT-X-(SESSION-)?KEY:/.test(line)) return fileReference(uri, 'key')
      if (line.startsWith('#EXT-X-MAP:')) return fileReference(uri, 'init')
      return fileReference(uri, manifestFormat(uri.replace(/[?#].*$/, '')) === 'hls' ? 'child' : 'media')
    })
  })
}

const DASH_ATTRIBUTE = /\s(initialization|media|sourceURL|index)="([^"]*)"/g
const DASH_BASE_URL = /<BaseURL(?:\s[^<>]*)?>([^<]*)<\/BaseURL>/g

function dashReferences(text: string): Reference[] {
  const attributes = Array.from(text.matchAll(DASH_ATTRIBUTE), ([, attribute = '', value = '']) => {
    const role = attribute === 'initialization' || attribute === 'sourceURL' ? 'init' : 'media'
    return templateReference(decodeEntities(value), role)
  })
  const files = Array.from(text.matchAll(DASH_BASE_URL), ([, uri = '']) => fileReference(decodeEntities(uri).trim(), 'media'))
  return [...attributes, ...files].flat()
}

/** `$$` is a dollar sign; every other identifier between two of them is a number or the name of a representation. */
function templateReference(template: string, role: 'init' | 'media'): Reference[] {
  const literals = ['']
  for (const [index, part] of template.split('$').entries()) {
    const literal = literals.at(-1) ?? ''
    if (index % 2 === 0) literals[literals.length - 1] = literal + part
    else if (part === '') literals[literals.length - 1] = `${literal}$`
    else literals.push('')
  }
  if (literals.length === 1) return fileReference(literals[0] ?? '', role)
  // Judged with a letter in the place of each identifier, as a name that it may become.
  return isPlainName(literals.join('x')) ? [{ kind: 'family', literals, role }] : []
}

/** Nothing unless a player that resolves the URI against the manifest's own asks for a file beside it. */
function fileReference(uri: string, role: 'init' | 'media' | 'key' | 'child'): Reference[] {
  const name = decoded(uri.replace(/[?#].*$/s, '').replace(/^(\.\/)+/, ''))
  return isPlainName(name) ? [{ kind: 'file', name, role, required: role !== 'key' }] : []
}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path)
  } catch {
    return path
  }
}

const ENTITIES: ReadonlyMap<string, string> = new Map([
  ['amp', '&'],
  ['lt', '<'],
  ['gt', '>'],
  ['quot', '"'],
  ['apos', "'"],
])

function decodeEntities(text: string): string {
  return text.replace(/&(\w+);/g, (entity, name) => ENTITIES.get(String(name)) ?? entity)
}
