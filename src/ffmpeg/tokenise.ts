/**
 * A command string split into arguments by POSIX quoting: single quotes, double quotes with `\"` and `\\`, backslash,
 * line continuation. There is no shell: `$`, `;`, `|`, `*`, `#` are ordinary characters.
 * Not by the shlex package, which reads `$'…'` as the shell's and unescapes text before a double quote twice.
 *
 * What other shells and the clipboard leave in a command is read as it was meant, outside of quotes: `^` and a backtick continue a line as a
 * backslash does, also with blanks after them; a backslash between two arguments is what is left of that where the line break became a blank; every blank of Unicode separates words; characters without width at the ends of a word are
 * dropped; the backslashes of a Windows path (`C:\bin\x.exe`, `.\x`) are kept.
 */
import { placeholderAt } from './placeholders.ts'
import { BLANK, INVISIBLE } from './typography.ts'

export type Tokens =
  | {
      ok: true
      tokens: string[]
      /** Each token as it was written, quotes and escapes included. */
      raws: string[]
    }
  | { ok: false; position: number; reason: string }

/** Characters that a backslash escapes inside double quotes; before any other it is an ordinary character. */
const ESCAPABLE = '"\\'
/** Characters with which a placeholder may begin: elsewhere none is looked for. */
const PLACEHOLDER_START = '{<\\'
/** What makes the next line part of this one: in POSIX shells, in `cmd.exe`, in PowerShell. */
const CONTINUATION = '\\^`'
const LINE_BREAK = /\r?\n/y
const BLANKS_AND_LINE_BREAK = /[ \t]+\r?\n/y
/** What is left of the joint of two lines where the line break itself became a blank, as in a field of one line. */
const BLANKS_AND_ARGUMENT = /[ \t]+(?=-[A-Za-z]|\{\{|\\\{)/y
const BLANKS_AND_END = /[ \t]+$/y
/** How a path of Windows begins: up to its first backslash, which a part of a name follows. */
const WINDOWS_PATH = /(?:[A-Za-z]:|\.{1,2})\\{1,2}[A-Za-z0-9_{<]/y
/** What a backslash of such a path may stand before without being an escape. */
const PATH_PART = /[A-Za-z0-9_.]/

/**
 * Splits `command`; a failure gives the zero-based position of its cause, such as a quote that is never closed.
 * A placeholder keeps its place in a token, spaces inside it and all, as `{{alias}}`.
 */
export function tokenise(command: string): Tokens {
  const nul = command.indexOf('\0')
  if (nul !== -1) return { ok: false, position: nul, reason: 'a NUL character, which no argument can hold' }
  const tokens: string[] = []
  const raws: string[] = []
  let token: string | null = null
  let start = 0
  let inPath = false
  let quote: { mark: string; position: number } | null = null
  let i = 0
  const endToken = () => {
    if (token === null) return
    tokens.push(token)
    raws.push(command.slice(start, i))
    token = null
  }
  while (i < command.length) {
    const char = command.charAt(i)
    if (token === null) {
      start = i
      inPath = lengthAt(WINDOWS_PATH, command, i) > 0
    }
    const placeholder = PLACEHOLDER_START.includes(char) ? placeholderAt(command, i) : null
    const joint = quote === null && CONTINUATION.includes(char) ? lengthAt(LINE_BREAK, command, i + 1) : 0
    const looseJoint = quote === null && CONTINUATION.includes(char) ? lengthAt(BLANKS_AND_LINE_BREAK, command, i + 1) : 0
    const oldJoint = token === null && quote === null && char === '\\' ? lengthAt(BLANKS_AND_ARGUMENT, command, i + 1) : 0
    if (placeholder !== null) {
      token = `${token ?? ''}{{${placeholder.alias}}}`
      i += placeholder.length
    } else if (joint > 0) {
      i += 1 + joint
    } else if (looseJoint > 0) {
      endToken()
      i += 1 + looseJoint
    } else if (oldJoint > 0) {
      i += 1 + oldJoint
    } else if (char === '\\' && quote?.mark !== "'") {
      const continuation = quote === null ? 0 : lengthAt(LINE_BREAK, command, i + 1)
      const next = command.charAt(i + 1)
      const last = next === '' || lengthAt(BLANKS_AND_END, command, i + 1) > 0
      if (last && quote === null) return { ok: false, position: i, reason: 'a backslash with nothing after it' }
      if (continuation > 0) {
        i += 1 + continuation
      } else if (quote === null ? inPath && isPathPart(command, i + 1) : !ESCAPABLE.includes(next)) {
        token = `${token ?? ''}\\`
        i += 1
      } else {
        token = (token ?? '') + next
        i += 2
      }
    } else if (quote !== null) {
      if (char === quote.mark) quote = null
      else token = (token ?? '') + char
      i += 1
    } else if (char === '"' || char === "'") {
      quote = { mark: char, position: i }
      token ??= ''
      i += 1
    } else if (BLANK.test(char) && char !== '\ufeff') {
      endToken()
      i += 1
    } else if (INVISIBLE.test(char)) {
      let end = i + 1
      while (INVISIBLE.test(command.charAt(end))) end += 1
      const after = command.charAt(end)
      if (token !== null && after !== '' && !BLANK.test(after)) token += command.slice(i, end)
      i = end
    } else {
      token = (token ?? '') + char
      i += 1
    }
  }
  if (quote !== null) {
    const name = quote.mark === '"' ? 'double' : 'single'
    return { ok: false, position: quote.position, reason: `a ${name} quote that is never closed` }
  }
  endToken()
  return { ok: true, tokens, raws }
}

/** Whether a backslash before this place separates the parts of a Windows path, and escapes nothing. */
function isPathPart(command: string, position: number): boolean {
  return PATH_PART.test(command.charAt(position)) || placeholderAt(command, position) !== null
}

/** Characters that `pattern`, a sticky one, matches at `position`; 0 where it does not. */
function lengthAt(pattern: RegExp, text: string, position: number): number {
  pattern.lastIndex = position
  return pattern.exec(text)?.[0].length ?? 0
}
