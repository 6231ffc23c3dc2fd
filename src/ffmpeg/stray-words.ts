/**
 * Words that are none of FFmpeg's: what a shell, an automation tool, a word processor or a typing error leaves in a command. FFmpeg would take
 * them for names of files or of options. Judged only where FFmpeg reads a name or an option, since texts and titles may hold anything.
 */
import { type ArgvFile, type ArgvOption, formatOf, parseArgv } from './argv.ts'
import { ruleFor } from './policy-options.ts'
import { programOf } from './program.ts'
import type { StrayKind } from './stray-messages.ts'
import { CURLY_QUOTE, DASH, INVISIBLE } from './typography.ts'

/** A word that is not FFmpeg's, and what it is instead. */
export interface StrayWord {
  kind: StrayKind
  /** As FFmpeg would get it. */
  word: string
  /** Where `kind` is `spilled`: the option whose value comes before it, and that value as it was written. */
  after?: { option: string; raw: string }
}

/** A command's arguments, with how each was written. */
export interface WrittenCommand {
  argv: readonly string[]
  /** One for each of `argv`: quotes, escapes and placeholders as they were. */
  raws: readonly string[]
  /** Alias → file name of each input and output: a command may use these names as they are. */
  files: ReadonlyMap<string, string>
}

/** In the order of the command. */
export function* strayWords(command: WrittenCommand): Generator<StrayWord> {
  const { argv, raws, files } = command
  const names = new Set(files.values())
  const firstOption = argv.findIndex((argument) => argument.startsWith('-'))
  const { files: inAndOut, trailing } = parseArgv(argv)
  let expressionEnd = 0
  for (const file of inAndOut) {
    for (const option of file.options) {
      for (const stray of strayOption(option, command)) {
        const expression = stray.kind === 'placeholder' ? wholeExpression(raws, option.index + (option.value === null ? 0 : 1)) : null
        if (expression !== null) expressionEnd = expression.end
        // A word that is one argument is shown without the quotes that it has within.
        yield expression === null || expression.end === option.index + 2 ? stray : { ...stray, word: expression.text }
      }
    }
    if (file.index < expressionEnd || names.has(file.url) || (file.kind === 'input' && formatOf(file) === 'lavfi')) continue
    if (file.index === 0 && file.url.startsWith('`') && programOf(file.url.slice(1)) !== null)
      return yield { kind: 'quoted-whole', word: file.url }
    if (names.has(file.url.replace(/,$/, ''))) return yield { kind: 'list', word: file.url }
    const found = isAliasWithin(file.url, files)
      ? ({ kind: 'placeholder', word: file.url } as const)
      : strayName(file.url, raws[file.index] ?? '', file.kind)
    if (found?.kind === 'placeholder') {
      const expression = wholeExpression(raws, file.index)
      expressionEnd = expression.end
      yield { ...found, word: expression.text }
    } else if (found !== null) yield found
    else if (file.kind === 'output') yield* strayOutput(command, file, firstOption)
  }
  for (const option of trailing) yield* strayOption(option, command)
}

/** An alias without its braces, or within other marks: `in_v`, `$in_v`, `[[in_v]]`. */
function isAliasWithin(word: string, files: ReadonlyMap<string, string>): boolean {
  return files.has(/^\W*(\w+)\W*$/.exec(word)?.[1] ?? '')
}

/** The same of the arguments of ffprobe, none of which is a text. */
export function* strayProbeWords(argv: readonly string[]): Generator<StrayWord> {
  let expressionEnd = 0
  for (const [index, argument] of argv.entries()) {
    const found = programOf(argument) === null ? strayName(argument, '', 'output') : ({ kind: 'second-command', word: argument } as const)
    if (found === null || index < expressionEnd) continue
    const expression = found.kind === 'placeholder' ? wholeExpression(argv, index) : { text: found.word, end: index }
    expressionEnd = expression.end
    yield { ...found, word: expression.text }
  }
}

const CHAINING = /^(?:&&|\|\||;+|&)|(?:&&|;)$|&&ffmpeg/
const PIPE = /^\|&?/
const REDIRECTION = /^(?:\d|&)?(?:>>?|<)/
const VARIABLE = /^\$[{(A-Za-z_]|\$\{|\$\(|^`.|^%[A-Za-z_]\w+%|^![A-Za-z_]\w+!$/
const BRACES = /\{\{|\}\}|^<+[A-Za-z_][\w.-]*>+$|^\{[A-Za-z_$][\w.$ -]*\}$|^\[(?:in|out)_\w+\]$/
/** An option that has its value in one word with it, as those of other programs may. */
const GLUED = /^-[A-Za-z_]+(?::[A-Za-z0-9:]+)?(?:=|\{\{|<<)/
const ENTITY = /&(?:quot|amp|lt|gt|apos|nbsp|#\d{1,6});/
/** A comma that single quotes around a filter's value protect, where the command takes those quotes for its own. */
const LOST_QUOTES = /^[^'"]*='[^']*\([^()',\\]*,|force_style='[^',]*,/
/** The same of a comma that a single backslash protects. */
const LOST_BACKSLASH = /^[^'"]*\([^()'"\\]*\\,/
/** An expression of an automation tool, which would be a text of its own: `{{ $json.title }}`, `{{1.title}}`, `{{123__title}}`. */
const TOOL_EXPRESSION = /\{\{\s*(?:\$[\w(]|\d+(?:\.|__)[\w`])/
const COMMENT = /^#/
const CONTINUATION = /^[\\^`]$/
const ESCAPED_BREAK = /\\[nrt]/
const OPTION_AFTER_DASH = /^.[A-Za-z]/

/** What a name of an input or output is, if it can be none. @param raw the same as it was written */
function strayName(name: string, raw: string, side: 'input' | 'output'): StrayWord | null {
  const is = (kind: StrayKind): StrayWord => ({ kind, word: name })
  if (BRACES.test(name)) return is('placeholder')
  if (VARIABLE.test(name)) return is('variable')
  // Within quotes of the keyboard others are part of a name, as of a file in an archive.
  const curly = CURLY_QUOTE.test(name.charAt(0)) || CURLY_QUOTE.test(name.charAt(name.length - 1))
  if (curly && !/^["']/.test(raw)) return is('curly-quote')
  if (ENTITY.test(name)) return is('entity')
  if (name.startsWith('<(')) return is('redirection')
  if (side === 'input') return null
  if (DASH.test(name.charAt(0)) && OPTION_AFTER_DASH.test(name)) return is('dash')
  if (COMMENT.test(name)) return is('comment')
  if (CONTINUATION.test(name)) return is('continuation')
  if (PIPE.test(name) && !name.startsWith('||')) return is('pipe')
  if (REDIRECTION.test(name)) return is('redirection')
  if (CHAINING.test(name)) return is('chain')
  if (name.startsWith('"') || name.endsWith('"')) return is('escaped-quote')
  if (ESCAPED_BREAK.test(raw) && !raw.startsWith("'") && !raw.startsWith('"') && !name.includes('\\'))
    return { kind: 'escaped-break', word: raw }
  if (INVISIBLE.test(name.replaceAll('\u200d', ''))) return is('invisible')
  return null
}

/** What an output is that is no name by where it stands. @param firstOption where the first option stands */
function* strayOutput({ argv, raws }: WrittenCommand, { index, url: word, options }: ArgvFile, firstOption: number): Generator<StrayWord> {
  const program = programOf(word)
  if (index === 0) {
    const kind = leadingKind(word, raws[0] ?? '', argv)
    if (kind !== null) yield { kind, word }
  } else if (program === 'ffmpeg') {
    // Behind another word than FFmpeg's own it is what that word would start: one fault.
    if (firstOption !== -1 && firstOption < index) yield { kind: 'second-command', word }
  } else if (program === 'ffprobe') {
    yield { kind: 'second-command', word }
  } else {
    const before = options.at(-1)
    const follows = before !== undefined && before.value !== null && before.index + 2 === index
    if (follows && isPlainWord(word) && !options.some(({ name }) => name === 'f' || name === 'target')) {
      yield { kind: 'spilled', word, after: { option: `-${before.name}`, raw: raws[index - 1] ?? '' } }
    }
  }
}

/** Nothing that could be meant for a file: no extension, no path. */
function isPlainWord(word: string): boolean {
  return !/[/\\]|\.\w{1,8}$/.test(word) && !/^(?:-|nul:?|pipe:\d*)$/i.test(word)
}

const OTHER_PROGRAMS: ReadonlySet<string> = new Set([
  ...['sudo', 'time', 'nice', 'ionice', 'nohup', 'env', 'exec', 'timeout', 'xargs', 'docker', 'podman', 'wsl', 'start', 'call', 'cmd'],
  ...[
    'bash',
    'sh',
    'zsh',
    'powershell',
    'pwsh',
    'echo',
    'cd',
    'export',
    'set',
    'cat',
    'for',
    'while',
    'if',
    'do',
    'python',
    'python3',
    'node',
  ],
  ...['npx', 'ffplay', 'curl', 'wget', 'yt-dlp', 'youtube-dl', 'convert', 'magick', 'sox', 'mediainfo', 'avconv', 'melt', 'apt', 'brew'],
])

/** What a first word is with which FFmpeg's arguments cannot begin; null where it may be a file. */
function leadingKind(word: string, raw: string, argv: readonly string[]): StrayKind | null {
  if (word.startsWith('[') && (argv.length === 1 || /^\[["']/.test(raw))) return 'list'
  if (/ffmpeg(?:\.exe)?,/i.test(word)) return 'list'
  if (/^\S*ffmpeg(?:\.exe)?\s/i.test(word)) return 'quoted-whole'
  const name = word.toLowerCase().replace(/\.exe$/, '')
  if (isNearly(name, 'ffmpeg') || isNearly(name, 'ffprobe')) return 'misspelt'
  if (OTHER_PROGRAMS.has(word.toLowerCase())) return 'program'
  const [second = ''] = argv.slice(1)
  return programOf(second) !== null || (isPlainWord(word) && !second.startsWith('-')) ? 'program' : null
}

/** Whether a word is another with one letter too few or too many, one wrong, or two next to each other in the wrong order. */
function isNearly(word: string, right: string): boolean {
  if (word === right || Math.abs(word.length - right.length) > 1) return false
  let same = 0
  while (same < word.length && word.charAt(same) === right.charAt(same)) same += 1
  const [rest, wanted] = [word.slice(same), right.slice(same)]
  const swapped = rest.charAt(1) === wanted.charAt(0) && rest.charAt(0) === wanted.charAt(1) && rest.slice(2) === wanted.slice(2)
  return swapped || rest.slice(1) === wanted.slice(1) || rest.slice(1) === wanted || rest === wanted.slice(1)
}

function* strayOption(option: ArgvOption, { argv, raws }: WrittenCommand): Generator<StrayWord> {
  const [token = '', raw = ''] = [argv[option.index], raws[option.index]]
  const kind = strayOptionName(token, raw)
  if (kind !== null) yield { kind, word: kind === 'escaped-break' || kind === 'glued' ? raw : token }
  else if (option.value !== null) yield* strayValue(option, option.value, raws[option.index + 1] ?? '')
}

function strayOptionName(token: string, raw: string): StrayKind | null {
  if (/\s/.test(token)) return 'quoted-together'
  if (GLUED.test(raw)) return 'glued'
  if (/^--[A-Za-z]/.test(token) && token !== '--help') return 'double-hyphen'
  if (BRACES.test(token)) return 'placeholder'
  if (CURLY_QUOTE.test(token)) return 'curly-quote'
  if (token.endsWith('"')) return 'escaped-quote'
  if (ESCAPED_BREAK.test(raw) && /^-/.test(raw)) return 'escaped-break'
  return INVISIBLE.test(token) ? 'invisible' : null
}

/** What a text holds that can be meant for none; null where it may be what it should be. */
export function strayInText(text: string): StrayKind | null {
  return TOOL_EXPRESSION.test(text) ? 'placeholder' : null
}

/** What the value of a filter's option is that is no text; null where it may be what it should be. */
export function strayInFilter(value: string): StrayKind | null {
  if (value.includes('{{')) return 'placeholder'
  if (/^\$\w+$|\$\{|\$\(|^%[A-Za-z_]\w+%$/.test(value)) return 'variable'
  return DASH.test(value.charAt(0)) && /^.[\d.]/.test(value) ? 'dash' : null
}

/** Values of options that take no text. Of a filter graph only its first character is looked at: the policy reads the rest. */
function* strayValue({ name }: ArgvOption, value: string, raw: string): Generator<StrayWord> {
  const kind = ruleFor(name)?.kind
  if (kind === 'text') {
    const stray = raw.endsWith('{{') ? 'placeholder' : strayInText(value)
    if (stray !== null) yield { kind: stray, word: value }
    return
  }
  const is = (stray: StrayKind): StrayWord => ({ kind: stray, word: value })
  if (/^\$(?:\w+|\{[^{}]*\}|\(.*\))$/s.test(value) || /^%[A-Za-z_]\w+%$|^`.*`$/s.test(value)) yield is('variable')
  else if (/^\{\{|\}\}$/.test(value)) yield is('placeholder')
  else if (ENTITY.test(value)) yield is('entity')
  else if (kind === 'graph' && !/^["']/.test(raw) && (LOST_QUOTES.test(raw) || LOST_BACKSLASH.test(raw)))
    yield { kind: 'lost-quotes', word: raw }
  else if (value.startsWith('"')) yield is('escaped-quote')
  else if (CURLY_QUOTE.test(value.charAt(0))) yield is('curly-quote')
  else if (DASH.test(value.charAt(0)) && /^.[\d.]/.test(value)) yield is('dash')
}

/**
 * An expression of an automation tool is split at its blanks: `{{`, `$json.url`, `}}`. No longer than anybody writes one.
 * @returns its text, and the place of the word after it
 */
function wholeExpression(raws: readonly string[], index: number): { text: string; end: number } {
  const words = raws.slice(index, index + 8)
  const last = words[0]?.includes('{{') ? words.findIndex((word) => word.includes('}}')) : 0
  const whole = words.slice(0, Math.max(0, last) + 1)
  return { text: whole.join(' ').replace(/^["']|["']$/g, ''), end: index + whole.length }
}
