/** Lists for FFmpeg's concat demuxer, read as it reads them (`concat_parse_script` in libavformat/concatdec.c of releases 4 to 8). */
import { type Cursor, readToken, skip } from './filtergraph.ts'
import { type ScriptPart, textLines } from './script-parts.ts'

const SPACE = ' \t\r\n'

/** What follows a directive: `s` a quoted string, `k` a word, `i` a whole number, `d` a time, as in FFmpeg's own table. */
const DIRECTIVES: ReadonlyMap<string, string> = new Map([
  ['duration', 'd'],
  ['inpoint', 'd'],
  ['outpoint', 'd'],
  ['file_packet_meta', 'ks'],
  ['file_packet_metadata', 's'],
  ['stream', ''],
  ['exact_stream_id', 'i'],
  ['stream_meta', 'ks'],
  ['stream_codec', 'k'],
  ['stream_extradata', 'k'],
  ['chapter', 'idd'],
])

/** FFmpeg's times: seconds with a unit, or hours, minutes and seconds. */
const TIME = /^-?(\d{1,9}:)?(\d{1,9}:)?\d{0,12}(\.\d{0,12})?(s|ms|us)?$/

/** What a list says, as lines of one that FFmpeg takes in the same way. */
export function* concatParts(text: string): Generator<ScriptPart> {
  yield { kind: 'text', text: 'ffconcat version 1.0' }
  for (const { line, content } of textLines(text)) yield* concatLine(content, line)
}

function* concatLine(text: string, line: number): Generator<ScriptPart> {
  const cursor: Cursor = { text, at: 0 }
  const keyword = word(cursor)
  if (keyword === '' || keyword.startsWith('#')) return yield null
  if (keyword === 'ffconcat') {
    const version = [word(cursor), word(cursor)].join(' ')
    if (version !== 'version 1.0') yield { kind: 'fault', line, reason: 'FFmpeg knows lists of `ffconcat version 1.0` only' }
    return
  }
  if (keyword === 'file') return yield fileLine(cursor, line)
  if (keyword === 'option') {
    return yield { kind: 'fault', line, reason: '`option` may not be used in a list: write the option before `-i` in the command' }
  }
  const kinds = DIRECTIVES.get(keyword)
  if (kinds === undefined) {
    const reason = `\`${keyword.slice(0, 40).toWellFormed()}\` is not a directive of a concat list: each file needs a line \`file 'name.mp4'\``
    return yield { kind: 'fault', line, reason }
  }
  const values = [...kinds].map((kind) => (kind === 's' ? readToken(cursor, SPACE) : word(cursor)))
  const wrong = [...kinds].findIndex((kind, index) => !isSound(kind, values[index] ?? ''))
  if (wrong === -1)
    yield { kind: 'text', text: [keyword, ...values.map((value, index) => (kinds[index] === 's' ? quoted(value) : value))].join(' ') }
  else yield { kind: 'fault', line, reason: `\`${keyword}\` needs ${NEEDED[kinds[wrong] ?? 's'] ?? 'a value'}` }
}

const NEEDED: Readonly<Record<string, string>> = { d: 'a time, such as 2.5 or 00:00:02.5', i: 'a whole number', k: 'a word', s: 'a value' }

function isSound(kind: string, value: string): boolean {
  if (value === '') return false
  if (kind === 'd') return TIME.test(value) && /\d/.test(value)
  return kind !== 'i' || /^(0x[\da-f]{1,16}|\d{1,18})$/i.test(value)
}

function fileLine(cursor: Cursor, line: number): ScriptPart {
  const written = cursor.text.slice(cursor.at).trim()
  const name = readToken(cursor, SPACE)
  skip(cursor, SPACE)
  if (name === '') return { kind: 'fault', line, reason: "`file` needs a name, as in `file 'name.mp4'`" }
  const rest = cursor.text.slice(cursor.at)
  // What FFmpeg would leave out is part of a name that was not quoted, or whose apostrophe ends the quotes.
  const spellings = rest === '' || rest.startsWith('#') ? [name] : [name, unquoted(written)]
  // A name of Windows loses its backslashes unless it is quoted, and double quotes are part of the name.
  if (/[\\"]/.test(written)) spellings.push(unquoted(written))
  return {
    kind: 'file',
    line,
    reference: { written: unquoted(written), spellings },
    role: 'media',
    write: (found) => `file ${quoted(found)}`,
  }
}

/** A whole line as a name, without the quotes around it. */
function unquoted(written: string): string {
  const inner = /^(['"])(.*)\1$/s.exec(written)?.[2]
  return inner === undefined ? written : inner.replaceAll("'\\''", "'")
}

/** A value as `av_get_token` reads it back, whatever is in it. */
export function quoted(value: string): string {
  return `'${value.replaceAll("'", "'\\''")}'`
}

/** The next word, and past the space behind it. */
function word(cursor: Cursor): string {
  skip(cursor, SPACE)
  const start = cursor.at
  while (cursor.at < cursor.text.length && !SPACE.includes(cursor.text.charAt(cursor.at))) cursor.at += 1
  const found = cursor.text.slice(start, cursor.at)
  skip(cursor, SPACE)
  return found
}
