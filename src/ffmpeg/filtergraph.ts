/**
 * FFmpeg's filter graph syntax, read as libavfilter reads it, escapes and quotes included: what a graph really names
 * is known only after the same unescaping (`mo\vie`, `mov'ie'` and `movie@x` are all `movie`).
 */

const WHITE_SPACE = ' \n\t\r'

export interface Filter {
  /** Without the `@instance`. */
  name: string
  /** What follows the `=`, one level unescaped; empty if nothing does. */
  args: string
  /** Where the arguments begin in the graph as it was written, and the place behind them. */
  span: { start: number; end: number }
}

export interface FilterOption {
  /** Null for a value given by its position alone. */
  key: string | null
  /** Fully unescaped. */
  value: string
}

/** A place in a text that is being read. */
export interface Cursor {
  readonly text: string
  at: number
}

/** libavutil's `av_get_token`: reads up to an unescaped, unquoted character of `terminators` and unescapes one level. */
export function readToken(cursor: Cursor, terminators: string): string {
  skip(cursor, WHITE_SPACE)
  const { text } = cursor
  const marks = `${terminators}\\'`
  let token = ''
  let kept = 0
  while (cursor.at < text.length && !terminators.includes(text.charAt(cursor.at))) {
    const char = text.charAt(cursor.at)
    cursor.at += 1
    if (char === '\\' && cursor.at < text.length) {
      token += text.charAt(cursor.at)
      cursor.at += 1
      kept = token.length
    } else if (char === "'") {
      const close = text.indexOf("'", cursor.at)
      token += text.slice(cursor.at, close === -1 ? undefined : close)
      cursor.at = close === -1 ? text.length : close + 1
      if (close !== -1) kept = token.length
    } else {
      // A run of ordinary characters is taken in one piece.
      const start = cursor.at - 1
      while (cursor.at < text.length && !marks.includes(text.charAt(cursor.at))) cursor.at += 1
      token += text.slice(start, cursor.at)
    }
  }
  // White space at the end counts only where it was quoted or escaped.
  let end = token.length
  while (end > kept && WHITE_SPACE.includes(token.charAt(end - 1))) end -= 1
  return token.slice(0, end)
}

/** Where a single quote opens that is never closed: FFmpeg takes all that follows into it, and says nothing. -1 if there is none. */
export function unclosedQuote(text: string): number {
  let at = 0
  while (at < text.length) {
    const char = text.charAt(at)
    if (char === "'") {
      const close = text.indexOf("'", at + 1)
      if (close === -1) return at
      at = close
    } else if (char === '\\') at += 1
    at += 1
  }
  return -1
}

/** Moves past any of `characters`. */
export function skip(cursor: Cursor, characters: string): void {
  while (cursor.at < cursor.text.length && characters.includes(cursor.text.charAt(cursor.at))) cursor.at += 1
}

/** All filters of a graph, as `graphFilters` reads them. */
export function parseGraph(graph: string): Filter[] {
  return [...graphFilters(graph)]
}

/** The filters of a graph, in order. A graph that FFmpeg would reject yields what can be read of it. */
export function* graphFilters(graph: string): Generator<Filter> {
  const cursor: Cursor = { text: graph, at: 0 }
  skip(cursor, WHITE_SPACE)
  // Options of the scaler may come first; FFmpeg takes them up to the semicolon as they are, quotes and all.
  if (graph.startsWith('sws_flags=', cursor.at)) {
    const end = graph.indexOf(';', cursor.at)
    cursor.at = end === -1 ? graph.length : end + 1
  }
  while (cursor.at < graph.length) {
    skip(cursor, `${WHITE_SPACE},;]`)
    while (graph.charAt(cursor.at) === '[') {
      cursor.at += 1
      readToken(cursor, ']')
      cursor.at += 1
      skip(cursor, WHITE_SPACE)
    }
    const name = readToken(cursor, '=,;[')
    const hasArgs = graph.charAt(cursor.at) === '='
    if (hasArgs) cursor.at += 1
    const start = cursor.at
    const args = hasArgs ? readToken(cursor, '[],;') : ''
    if (name !== '') yield { name: name.split('@')[0] ?? name, args, span: { start, end: cursor.at } }
  }
}

/** Matches at one place: between two colons there is at most one key, so that no text is read twice from several of them. */
const OPTION_KEY = /[ \n\t\r]*([A-Za-z0-9_\-/.]+)[ \n\t\r]*=/y

/** A filter's options: `key=value` or bare values, between colons. */
export function parseFilterOptions(args: string): FilterOption[] {
  const options: FilterOption[] = []
  const cursor: Cursor = { text: args, at: 0 }
  while (cursor.at < args.length) {
    OPTION_KEY.lastIndex = cursor.at
    const key = OPTION_KEY.exec(args)
    if (key !== null) cursor.at += key[0].length
    options.push({ key: key?.[1] ?? null, value: readToken(cursor, ':') })
    cursor.at += 1
  }
  return options
}

/** An AVOption of type dictionary: `key=value` between colons, escapes honoured in the key too. */
export function parseDictionary(text: string): { key: string; value: string }[] {
  const entries: { key: string; value: string }[] = []
  const cursor: Cursor = { text, at: 0 }
  while (cursor.at < text.length) {
    const key = readToken(cursor, '=:')
    const hasValue = text.charAt(cursor.at) === '='
    cursor.at += 1
    const value = hasValue ? readToken(cursor, ':') : ''
    if (hasValue) cursor.at += 1
    entries.push({ key, value })
  }
  return entries
}

/** One run-time command of a `sendcmd` filter. */
export interface FilterCommand {
  target: string
  command: string
  argument: string
}

const COMMAND_SPACE = ' \f\t\n\r'
const COMMAND_END = ' \f\t\n\r,;'

/**
 * The commands of `sendcmd`: `START[-END] [FLAGS] TARGET COMMAND ARG, …; …` with `#` comments. Null stands for a piece of the text that is no
 * command, so that whoever reads a long one can do other things in between.
 */
export function* filterCommands(text: string): Generator<FilterCommand | null> {
  const cursor: Cursor = { text, at: 0 }
  let intervalStarts = true
  while (cursor.at < text.length) {
    skip(cursor, COMMAND_SPACE)
    if (text.charAt(cursor.at) === '#') {
      const end = text.indexOf('\n', cursor.at)
      cursor.at = end === -1 ? text.length : end
      yield null
      continue
    }
    if (intervalStarts) readToken(cursor, COMMAND_END)
    intervalStarts = false
    skip(cursor, COMMAND_SPACE)
    if (text.charAt(cursor.at) === '[') {
      readToken(cursor, ']')
      cursor.at += 1
    }
    const words = [COMMAND_END, COMMAND_END, COMMAND_END].map((end) => {
      skip(cursor, COMMAND_SPACE)
      return readToken(cursor, end)
    })
    const [target = '', command = '', argument = ''] = words
    yield command === '' ? null : { target, command, argument }
    skip(cursor, COMMAND_SPACE)
    if (text.charAt(cursor.at) === ';') intervalStarts = true
    cursor.at += 1
  }
}
