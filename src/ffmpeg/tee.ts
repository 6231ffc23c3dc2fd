/** Outputs of FFmpeg's `tee` muxer, read as it reads them (libavformat/tee.c and tee_common.c): `[option=value:…]name|…`. */
import { type Cursor, readToken } from './filtergraph.ts'

export interface TeeOutput {
  options: { key: string; value: string }[]
  name: string
}

/** Null where FFmpeg would refuse the text. */
export function parseTee(url: string): TeeOutput[] | null {
  const outputs: TeeOutput[] = []
  const cursor: Cursor = { text: url, at: 0 }
  while (cursor.at < url.length) {
    const output = parseOutput(readToken(cursor, '|'))
    if (output === null) return null
    outputs.push(output)
    cursor.at += 1
  }
  return outputs.length === 0 ? null : outputs
}

/** Matches at one place (`get_key` in libavutil/opt.c). */
const KEY = /[ \n\t\r]*([A-Za-z0-9_\-/.]+)[ \n\t\r]*=/y

function parseOutput(text: string): TeeOutput | null {
  const options: TeeOutput['options'] = []
  if (!text.startsWith('[')) return { options, name: text }
  if (text.charAt(1) === ']') return { options, name: text.slice(2) }
  const cursor: Cursor = { text, at: 1 }
  for (;;) {
    KEY.lastIndex = cursor.at
    const key = KEY.exec(text)
    if (key === null) return null
    cursor.at += key[0].length
    options.push({ key: key[1] ?? '', value: readToken(cursor, ':]') })
    if (cursor.at >= text.length) return null
    cursor.at += 1
    if (text.charAt(cursor.at - 1) === ']') return { options, name: text.slice(cursor.at) }
  }
}
