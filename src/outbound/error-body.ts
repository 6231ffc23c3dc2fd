/** What a server's answer says of its own error, in the few words that help: the rest of it is nobody's business. */
import { decodeEntities } from '../ffmpeg/xml-entities.ts'
import { redact } from './redact.ts'

/** An error is told in the first bytes of an answer; what comes later is not read. */
export const ERROR_BODY_BYTES = 4096
const MAX_CHARACTERS = 200

/**
 * The code and the message of an error in XML as S3, Google Cloud Storage and Azure write it, of one in JSON, or a line of plain text.
 * Null for anything else, such as a web page.
 */
export function quotedError(body: string, contentType: string | null): string | null {
  const text = body.trim()
  const quoted = text.startsWith('<') ? xmlError(text) : (jsonError(text) ?? plainError(text, contentType))
  return quoted === null || quoted === '' ? null : quoted
}

function xmlError(text: string): string | null {
  const code = element(text, 'Code')
  const message = element(text, 'Message')
  return code === null && message === null ? null : joined(code, message)
}

/** The text of the first element by this name, which has no attributes in what storages answer. */
function element(text: string, name: string): string | null {
  const start = text.indexOf(`<${name}>`)
  if (start === -1) return null
  const from = start + name.length + 2
  const end = text.indexOf('<', from)
  return end === -1 ? null : decodeEntities(text.slice(from, end))
}

function jsonError(text: string): string | null {
  if (!text.startsWith('{')) return null
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return null
  }
  const outer = fieldsOf(value)
  const inner = fieldsOf(outer.get('error'))
  const message = firstText([
    inner.get('message'),
    outer.get('message'),
    outer.get('error_description'),
    outer.get('detail'),
    outer.get('title'),
  ])
  const code = firstText([outer.get('error'), outer.get('error_summary'), inner.get('status'), outer.get('code'), inner.get('code')])
  return message === null && code === null ? null : joined(code, message)
}

function fieldsOf(value: unknown): ReadonlyMap<string, unknown> {
  return typeof value === 'object' && value !== null ? new Map(Object.entries(value)) : new Map()
}

function firstText(values: readonly unknown[]): string | null {
  return values.find((value): value is string => typeof value === 'string' && value.trim() !== '') ?? null
}

function plainError(text: string, contentType: string | null): string | null {
  if (!/^text\/plain\b/i.test(contentType ?? '') || text.length > MAX_CHARACTERS) return null
  return shown(text)
}

function joined(code: string | null, message: string | null): string {
  const parts = [code, message].flatMap((part) => (part === null ? [] : [shown(part)])).filter((part) => part !== '')
  return [...new Set(parts)].join(': ')
}

/** One line, without what a terminal or a browser would make something of, and without secrets. */
function shown(text: string): string {
  // Azure tells request and time in further lines.
  const [line = ''] = text.trim().split(/[\r\n]/, 1)
  const plain = redact(line.replace(/[\p{Cc}\p{Cf}\s<>]+/gu, ' ')).trim()
  return plain.length > MAX_CHARACTERS ? `${plain.slice(0, MAX_CHARACTERS)}…` : plain
}
