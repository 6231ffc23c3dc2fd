/**
 * HLS playlists as inputs, read as FFmpeg reads them (`parse_playlist` in libavformat/hls.c of releases 4 to 8; RFC 8216). Of a playlist's tags
 * only those are kept that FFmpeg goes by, each with the attributes that are known here.
 */
import { type Reference, type ScriptPart, textLines } from './script-parts.ts'
import { decodedPath, withoutQuery } from './uri.ts'

/** Tags that say nothing beside themselves. */
const BARE_TAGS: ReadonlySet<string> = new Set(['#EXT-X-DISCONTINUITY', '#EXT-X-INDEPENDENT-SEGMENTS', '#EXT-X-I-FRAMES-ONLY'])

/** What follows the colon of tags with one value. */
const VALUE_TAGS: ReadonlyMap<string, RegExp> = new Map([
  ['#EXT-X-VERSION', /^\d{1,3}/],
  ['#EXT-X-TARGETDURATION', /^\d{1,9}(\.\d{1,9})?/],
  ['#EXT-X-MEDIA-SEQUENCE', /^\d{1,18}/],
  ['#EXT-X-DISCONTINUITY-SEQUENCE', /^\d{1,18}/],
  ['#EXT-X-PLAYLIST-TYPE', /^(VOD|EVENT)/],
  ['#EXT-X-BYTERANGE', /^\d{1,18}(@\d{1,18})?/],
  // What stands behind the comma is a title.
  ['#EXTINF', /^\d{1,9}(\.\d{1,12})?/],
])

/** Tags with attributes, and which of them are kept; `URI` names a file. */
const ATTRIBUTE_TAGS: ReadonlyMap<string, { kept: readonly string[]; role: 'media' | 'key' | 'playlist' }> = new Map([
  ['#EXT-X-KEY', { kept: ['METHOD', 'IV'], role: 'key' }],
  ['#EXT-X-MAP', { kept: ['BYTERANGE'], role: 'media' }],
  [
    '#EXT-X-MEDIA',
    {
      kept: ['TYPE', 'GROUP-ID', 'LANGUAGE', 'ASSOC-LANGUAGE', 'NAME', 'DEFAULT', 'AUTOSELECT', 'FORCED', 'CHARACTERISTICS', 'CHANNELS'],
      role: 'playlist',
    },
  ],
  [
    '#EXT-X-STREAM-INF',
    {
      kept: ['BANDWIDTH', 'AVERAGE-BANDWIDTH', 'CODECS', 'RESOLUTION', 'FRAME-RATE', 'AUDIO', 'VIDEO', 'SUBTITLES', 'CLOSED-CAPTIONS'],
      role: 'playlist',
    },
  ],
])

/** What a playlist says, as lines of one that ends: a folder holds no live stream, which FFmpeg would wait for. */
export function* hlsParts(text: string): Generator<ScriptPart> {
  yield { kind: 'text', text: '#EXTM3U' }
  // What the next line with a URI is: nothing where no tag announces it.
  let next: 'media' | 'playlist' | null = null
  for (const { line, content } of textLines(text)) {
    const trimmed = content.trim()
    if (line === 1 && !trimmed.startsWith('#EXTM3U')) {
      yield { kind: 'fault', line, reason: 'an HLS playlist begins with `#EXTM3U`' }
      return
    }
    if (trimmed === '' || !trimmed.startsWith('#')) {
      if (trimmed === '' || next === null) yield null
      else yield { kind: 'file', line, reference: uriReference(trimmed), role: next, write: (name) => name }
      if (trimmed !== '') next = null
      continue
    }
    const colon = trimmed.indexOf(':')
    const tag = colon === -1 ? trimmed : trimmed.slice(0, colon)
    const value = colon === -1 ? '' : trimmed.slice(colon + 1).trimStart()
    if (tag === '#EXTINF') next = 'media'
    if (tag === '#EXT-X-STREAM-INF') next = 'playlist'
    yield tagPart(tag, value, line)
  }
  yield { kind: 'text', text: '#EXT-X-ENDLIST' }
}

function tagPart(tag: string, value: string, line: number): ScriptPart {
  if (BARE_TAGS.has(tag)) return { kind: 'text', text: tag }
  const pattern = VALUE_TAGS.get(tag)
  if (pattern !== undefined) {
    const kept = pattern.exec(value)?.[0]
    if (kept === undefined) return { kind: 'fault', line, reason: `\`${tag}\` has no valid value` }
    return { kind: 'text', text: `${tag}:${kept}${tag === '#EXTINF' ? ',' : ''}` }
  }
  const attributes = ATTRIBUTE_TAGS.get(tag)
  return attributes === undefined ? null : attributePart(tag, value, line, attributes)
}

function attributePart(
  tag: string,
  value: string,
  line: number,
  { kept, role }: { kept: readonly string[]; role: 'media' | 'key' | 'playlist' },
): ScriptPart {
  const given = attributesOf(value)
  const pairs = kept.flatMap((name) => {
    const found = given.get(name)
    return found === undefined ? [] : [`${name}=${attributeValue(found)}`]
  })
  const uri = given.get('URI')
  const isStream = tag === '#EXT-X-STREAM-INF'
  const encrypts = tag === '#EXT-X-KEY' && given.get('METHOD') !== 'NONE'
  if (!isStream && uri !== undefined && (tag !== '#EXT-X-KEY' || encrypts)) {
    const write = (name: string) => `${tag}:${[...pairs, `URI="${name}"`].join(',')}`
    return { kind: 'file', line, reference: uriReference(uri), role, write }
  }
  if (encrypts || tag === '#EXT-X-MAP') return { kind: 'fault', line, reason: `\`${tag}\` has no \`URI="…"\`, which names its file` }
  return { kind: 'text', text: `${tag}:${pairs.join(',')}` }
}

/** Matches at one place: a name, and a value in quotes or without. */
const ATTRIBUTE = /[\s,]*([A-Z0-9-]{1,64})=(?:"([^"]*)"|([^\s,]*))/y

function attributesOf(text: string): Map<string, string> {
  const attributes = new Map<string, string>()
  ATTRIBUTE.lastIndex = 0
  for (let match = ATTRIBUTE.exec(text); match !== null; match = ATTRIBUTE.exec(text)) {
    attributes.set(match[1] ?? '', match[2] ?? match[3] ?? '')
  }
  return attributes
}

/** FFmpeg reads a backslash in quotes as an escape (`ff_parse_key_value`). */
function attributeValue(value: string): string {
  return /^[A-Z0-9.x@-]+$/i.test(value) ? value : `"${value.replace(/[\p{Cc}"\\]/gu, '')}"`
}

/** A URI names a file as it is, or with what is escaped in it, without its query. */
function uriReference(uri: string): Reference {
  const path = withoutQuery(uri)
  return { written: uri, spellings: [...new Set([uri, path, decodedPath(path)])] }
}
