/** Files for `-hls_key_info_file`, read as FFmpeg reads them (`hls_encryption_start` in libavformat/hlsenc.c): three lines. */
import { type ScriptPart, textLines } from './script-parts.ts'

/** The URI under which players find the key, the file of 16 bytes that it is read from, and perhaps an initialisation vector. */
export function* keyInfoParts(text: string): Generator<ScriptPart> {
  const lines = new Map<number, string>()
  for (const { line, content } of textLines(text)) {
    if (line > 3) break
    lines.set(line, content.trim())
  }
  const [uri = '', key = '', iv = ''] = [1, 2, 3].map((line) => lines.get(line) ?? '')
  if (uri === '')
    return yield { kind: 'fault', line: 1, reason: 'the first line is the URI that players get the key from, as in `enc.key`' }
  if (/[\p{Cc}"]/u.test(uri)) return yield { kind: 'fault', line: 1, reason: 'the URI of the key may have no quotes' }
  if (key === '')
    return yield { kind: 'fault', line: 2, reason: 'the second line is the name of the file that holds the 16 bytes of the key' }
  if (!/^(0x)?([\da-f]{32})?$/i.test(iv)) {
    return yield { kind: 'fault', line: 3, reason: 'the third line is an initialisation vector of 32 hexadecimal digits, or nothing' }
  }
  yield { kind: 'text', text: uri }
  yield { kind: 'file', line: 2, reference: { written: key, spellings: [key] }, role: 'key', write: (name) => name }
  if (iv !== '') yield { kind: 'text', text: iv.replace(/^0x/i, '') }
}
