/**
 * A command string split into arguments by POSIX quoting: single quotes, double quotes with `\"` and `\\`, backslash,
 * line continuation. There is no shell: `$`, `;`, `|`, `*`, `#` are ordinary characters.
 * The backslashes of a Windows path (`C:\bin\x.exe`, `.\x`) are kept, where a POSIX shell would drop them.
 * Not by the shlex package, which reads `$'…'` as the shell's and unescapes text before a double quote twice.
 */
import { placeholderAt } from './placeholders.ts'

export type Tokens = { ok: true; tokens: string[] } | { ok: false; position: number; reason: string }

/** Characters that a backslash escapes inside double quotes; before any other it is an ordinary character. */
const ESCAPABLE = '"\\'
const WHITE_SPACE = ' \t\r\n'
/** Characters with which a placeholder may begin: elsewhere none is looked for. */
const PLACEHOLDER_START = '{<\\'
/** How a path of Windows begins: up to its first backslash, which a part of a name follows. */
const WINDOWS_PATH = /(?:[A-Za-z]:|\.{1,2})\\{1,2}[A-Za-z0-9_]/y
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
  let token: string | null = null
  let inPath = false
  let quote: { mark: string; position: number } | null = null
  let i = 0
  while (i < command.length) {
    const char = command.charAt(i)
    if (token === null) {
      WINDOWS_PATH.lastIndex = i
      inPath = WINDOWS_PATH.test(command)
    }
    const placeholder = PLACEHOLDER_START.includes(char) ? placeholderAt(command, i) : null
    if (placeholder !== null) {
      token = `${token ?? ''}{{${placeholder.alias}}}`
      i += placeholder.length
    } else if (char === '\\' && quote?.mark !== "'") {
      const continuation = /^\r?\n/.exec(command.slice(i + 1, i + 3))?.[0]
      const next = command.charAt(i + 1)
      if (next === '' && quote === null) return { ok: false, position: i, reason: 'a backslash with nothing after it' }
      if (continuation !== undefined) {
        i += 1 + continuation.length
      } else if (quote === null ? inPath && PATH_PART.test(next) : !ESCAPABLE.includes(next)) {
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
    } else if (WHITE_SPACE.includes(char)) {
      if (token !== null) tokens.push(token)
      token = null
      i += 1
    } else {
      token = (token ?? '') + char
      i += 1
    }
  }
  if (quote !== null) {
    const name = quote.mark === '"' ? 'double' : 'single'
    return { ok: false, position: quote.position, reason: `a ${name} quote that is never closed` }
  }
  if (token !== null) tokens.push(token)
  return { ok: true, tokens }
}
