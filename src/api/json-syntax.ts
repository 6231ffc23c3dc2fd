/** What is wrong with a text that is meant to be JSON (RFC 8259), in words for who has written it by hand or had it put together. Pure. */
import { excerpt, shortened } from '../ffmpeg/excerpt.ts'

/** Of the engine's own message, whose quotation of the text is short. */
const MAX_ENGINE_MESSAGE = 200

/** Where the parser stopped. */
interface Stop {
  /** From 0. */
  position: number
  /** The last character before it that is no white space; empty at the beginning. */
  last: string
  /** Whether it may be inside of quotes: there is one before it on the same line, or the line is long. */
  quoted: boolean
  /** What comes from there on. */
  after: string
}

const EXPRESSION = /^(?:\{\{|<<|\$\{|\[object )/

/** What people write that is no JSON, by what stands around the place at which it ends to be JSON. */
const SLIPS: readonly { fits: (stop: Stop) => boolean; advice: string }[] = [
  { fits: ({ after }) => /^[“”„‟«»]/.test(after), advice: 'write straight double quotes (") in place of typographic ones' },
  {
    fits: ({ position, after }) => position === 0 && after.startsWith('```'),
    advice: 'remove the fence of the code block (```) around it',
  },
  {
    fits: ({ last, after }) => last !== '"' && /^['‘’`]/.test(after),
    advice: "write double quotes around names and texts, not single ones; in a shell, put the whole body into single quotes: '{…}'",
  },
  { fits: ({ last, after }) => last === ',' && /^[}\]]/.test(after), advice: 'remove the comma before the closing bracket' },
  {
    fits: ({ last, after }) => /^[:,[]$/.test(last) && /^[,}\]]/.test(after),
    advice: 'a value is missing there: the variable or expression that should fill it in was empty',
  },
  { fits: ({ after }) => /^None\b/.test(after), advice: 'write null in place of None; in Python, send json.dumps(body) or json=body' },
  {
    fits: ({ after }) => /^(?:True|False)\b/.test(after),
    advice: 'write true and false in small letters; in Python, send json.dumps(body) or json=body',
  },
  {
    fits: ({ after }) => /^(?:undefined|NaN|-?Infinity)\b/.test(after),
    advice: 'JSON has no undefined, NaN or Infinity: write null, or leave the field out',
  },
  { fits: ({ after }) => /^\/[/*]/.test(after), advice: 'JSON has no comments: remove it' },
  {
    fits: ({ last, after }) => EXPRESSION.test(after) || EXPRESSION.test(last + after),
    advice: 'this looks like an expression or a placeholder outside of quotes: put double quotes around it',
  },
  { fits: ({ position, after }) => position === 0 && after.startsWith('='), advice: 'remove the = in front' },
  { fits: ({ position, after }) => position === 0 && after.startsWith('<'), advice: 'this is a page or XML; send a JSON object' },
  {
    fits: ({ position, after }) => position === 0 && /^[\w.[\]-]+=/.test(after),
    advice: 'this is a form; send a JSON object, such as {"name": "value"}',
  },
  { fits: ({ last }) => last === '\\', advice: 'a backslash is written \\\\; the braces of a placeholder need none: {{in_video}}' },
  { fits: ({ quoted, after }) => quoted && /^[\n\r\t]/.test(after), advice: 'inside of quotes a line break is written \\n and a tab \\t' },
  { fits: ({ after }) => after === '', advice: 'it ends too early: a quote, a brace or a bracket is not closed' },
  { fits: ({ last, after }) => /^[{,]$/.test(last) && /^[A-Za-z_$]/.test(after), advice: 'write double quotes around names: {"name": …}' },
  { fits: ({ last, after }) => /^[^:,{[]$/.test(last) && after.startsWith('"'), advice: 'a comma is missing' },
  { fits: ({ last, after }) => last === '"' && /^[^,:}\]]/.test(after), advice: 'a double quote inside of a text is written \\"' },
  { fits: ({ last, after }) => /^[}\]]$/.test(last) && after !== '', advice: 'send one object, and nothing after it' },
]

/** How much around the place decides what it is, in characters. */
const AROUND = 200

/**
 * Why `text` cannot be parsed, where, and what to write.
 * @param error what `JSON.parse` has thrown for it
 */
export function jsonFault(text: string, error: unknown): string {
  const told = error instanceof Error ? error.message : 'it cannot be parsed'
  const position = positionIn(told, text)
  if (position === null) return `the body is not JSON: ${shortened(told, MAX_ENGINE_MESSAGE)}`
  const before = text.slice(Math.max(0, position - AROUND), position)
  const line = before.slice(before.lastIndexOf('\n') + 1)
  const stop: Stop = {
    position,
    last: before.trimEnd().slice(-1),
    quoted: line.includes('"') || before.length === AROUND,
    after: text.slice(position, position + AROUND),
  }
  const advice = SLIPS.find(({ fits }) => fits(stop))?.advice ?? 'something else is expected there'
  return `the body is not JSON, at character ${position + 1}: ${excerpt(text, position)} (${advice})`
}

/**
 * V8 tells the position for some faults, and for others the character and a quotation of ten characters to each side of it.
 * @returns null where it tells neither
 */
function positionIn(message: string, text: string): number | null {
  const position = / at position (\d+)/.exec(message)?.[1]
  if (position !== undefined) return Number(position)
  if (message.startsWith('Unexpected end of JSON input')) return text.length
  const [, token = '', start, quotation = ''] =
    /^Unexpected token '(.)', (\.\.\.)?"([\s\S]*)"(?:\.\.\.)? is not valid JSON$/u.exec(message) ?? []
  if (token === '') return null
  const from = text.indexOf(quotation)
  if (from === -1) return null
  // A quotation that begins with the text has fewer characters before it, and what is before a first wrong character is right.
  return start === undefined ? firstWrong(text, token, quotation.length) : from + 10
}

/** The first place of the character at which what stands before it is the beginning of JSON, as the parser says by where it stops. */
function firstWrong(text: string, token: string, length: number): number | null {
  for (let at = text.indexOf(token); at !== -1 && at < length; at = text.indexOf(token, at + 1)) {
    if (stopsAtEnd(text.slice(0, at)) && !stopsAtEnd(text.slice(0, at + token.length))) return at
  }
  return null
}

/** Whether the parser wants more, rather than something else. */
function stopsAtEnd(beginning: string): boolean {
  try {
    JSON.parse(beginning)
    return true
  } catch (error) {
    if (!(error instanceof Error)) return false
    if (/^Unexpected end of JSON input|^Unterminated string/.test(error.message)) return true
    const position = / at position (\d+)/.exec(error.message)?.[1]
    return position !== undefined && Number(position) >= beginning.length
  }
}
