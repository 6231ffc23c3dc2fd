/** What is said of words that are none of FFmpeg's. */
import { shown } from './policy-values.ts'
import type { StrayWord } from './stray-words.ts'
import { CURLY_QUOTE, characterName, DASH, INVISIBLE } from './typography.ts'

export type StrayKind =
  /** Syntax of a shell. */
  | 'chain'
  | 'second-command'
  | 'pipe'
  | 'redirection'
  | 'variable'
  | 'comment'
  | 'continuation'
  /** What stands where FFmpeg's first argument belongs. */
  | 'program'
  | 'misspelt'
  | 'quoted-whole'
  | 'list'
  /** An expression of an automation tool, or a placeholder with a fault. */
  | 'placeholder'
  /** Other characters than those of a keyboard. */
  | 'dash'
  | 'curly-quote'
  | 'invisible'
  /** Escapes of JSON that were left in. */
  | 'escaped-quote'
  | 'escaped-break'
  | 'entity'
  /** Quotes that stand around too much, or around too little. */
  | 'quoted-together'
  | 'spilled'
  | 'lost-quotes'
  | 'glued'
  | 'double-hyphen'

export interface StrayContext {
  /** Whether the command is one of a chain. */
  chained: boolean
  /** Whether the command begins with `ffprobe`, whose result is what it prints. */
  probe: boolean
  /** Aliases that the submit declares. */
  aliases: ReadonlySet<string>
}

/** After one of these the words are those of another program, or of a shell: nothing that follows can be judged. */
const ENDS_COMMAND: ReadonlySet<StrayKind> = new Set([
  ...(['chain', 'second-command', 'pipe', 'redirection', 'program', 'misspelt', 'quoted-whole', 'list', 'spilled', 'comment'] as const),
])

/** How to write what opens and closes quotes both for the command and for FFmpeg's filters. Follows another sentence. */
export const APOSTROPHE = String.raw`; for an apostrophe in a text write ’, or put the whole filter graph into double quotes, the text into none, and write \\\\\' for it (in JSON every backslash twice)`

const NO_CONTEXT: StrayContext = { chained: false, probe: false, aliases: new Set() }

/** One message for all words of one kind. @param after what comes before the first word, where that matters */
export function strayMessage(
  kind: StrayKind,
  words: readonly string[],
  context: StrayContext = NO_CONTEXT,
  after?: StrayWord['after'],
): string {
  const { chained, probe, aliases } = context
  const [first = ''] = words
  const one = `\`${shown(first)}\``
  const all = quoted(words)
  const [is, begins, has] = words.length === 1 ? ['is', 'begins', 'has'] : ['are', 'begin', 'have']
  const chain = chained
    ? 'make each FFmpeg command an entry of its own in ffmpeg_commands'
    : 'send each FFmpeg command as an entry of ffmpeg_commands to /run-chained-ffmpeg-commands'
  switch (kind) {
    case 'chain':
      return `${one} joins commands for a shell, and no shell reads this text: ${chain}`
    case 'second-command':
      return `${one} begins a second command: ${chain}`
    case 'pipe':
      if (probe)
        return `${one} hands the output to another program, and no shell reads this text: leave it out, with all that follows it; ${STDOUT}`
      return `${one} hands the output to another program, and no shell reads this text: write the result to {{out_…}}, and ${chain}`
    case 'redirection':
      return redirectionMessage(first, probe)
    case 'variable':
      return `${all} ${is} for a shell to replace, and no shell reads this text: write the value itself`
    case 'comment':
      return `${one} begins a comment for a shell, and no shell reads this text: leave it out, with the rest of its line`
    case 'continuation':
      return `${one} continues a line only where it stands last in the line: leave it out`
    case 'program':
      return `the command begins with ${one}, but only ffmpeg and ffprobe run here, without a shell: begin with \`ffmpeg\`, or with its first option`
    case 'misspelt':
      return `the command begins with ${one}: write \`${/b|pr/i.test(first) ? 'ffprobe' : 'ffmpeg'}\``
    case 'quoted-whole':
      if (first.startsWith('`')) return 'the whole command stands in backticks: take them away'
      return 'the whole command stands in quotes, which make one word of it: take the outer quotes away'
    case 'list':
      return `the command is written as a list, ${one}: write it as one text, with blanks between the arguments`
    case 'placeholder':
      return placeholderMessage(first, aliases)
    case 'dash':
      return `${all} ${begins} with ${nameOf(first, DASH)} where a hyphen belongs: retype ${quoted(words.map((word) => `-${word.slice(1)}`))}`
    case 'curly-quote':
      return `${all} ${has} a typographic quotation mark, ${nameOf(first, CURLY_QUOTE)}, which quotes nothing: retype it as \`"\` or \`'\``
    case 'invisible':
      return `${all} ${has} a character that cannot be seen, ${nameOf(first, INVISIBLE)}: retype it`
    case 'escaped-quote':
      return `${one} begins or ends with a quote that is escaped (\`\\"\`) and so quotes nothing: in the command it is a plain \`"\`, which JSON writes as \`\\"\` once`
    case 'escaped-break':
      return `${one} holds a backslash and a letter, not the line break or tab that they stand for: write a blank instead`
    case 'entity':
      return `${all} ${has} characters in the notation of HTML: write \`"\`, \`'\`, \`&\`, \`<\` and \`>\` themselves`
    case 'lost-quotes':
      if (!first.includes("'")) {
        return `in ${one} the backslash is read with the command, so that FFmpeg gets the value without it and ends it at the comma: put the whole filter graph into double quotes`
      }
      return `in ${one} the single quotes are read with the command, so that FFmpeg gets the value without them and ends it at the comma: put the whole filter graph into double quotes as well`
    case 'glued':
      return `${one} is one word: write a blank between the option and its value`
    case 'quoted-together':
      return `${one} is one argument, since quotes hold it together: take the quotes away, and quote only a value that has blanks`
    case 'spilled':
      return `${one} stands where an option or an output belongs: if it is part of the value of \`${shown(after?.option ?? '')}\`, put that whole value in quotes${after?.raw.includes('"') ? ', and write `\\"` for a double quote inside of double quotes' : ''}; if it is an output, declare it in output_files and write {{out_…}}${after?.raw.includes("'") ? APOSTROPHE : ''}`
    case 'double-hyphen':
      return `${all} ${begins} with two hyphens, and options of FFmpeg with one: write ${quoted(words.map((word) => word.slice(1)))}`
  }
}

/** One message for each kind of stray words, of which the first three are told. Behind a word that ends the command nothing is looked at. */
export function strayMessages(found: Iterable<StrayWord>, context: StrayContext): string[] {
  const kinds = new Map<StrayKind, StrayWord[]>()
  for (const stray of found) {
    const ends = ENDS_COMMAND.has(stray.kind)
    if (ends && kinds.size > 0) break
    const alike = kinds.get(stray.kind) ?? []
    if (alike.length < 3) alike.push(stray)
    kinds.set(stray.kind, alike)
    if (ends) break
  }
  return [...kinds].map(([kind, words]) =>
    strayMessage(
      kind,
      words.map(({ word }) => word),
      context,
      words[0]?.after,
    ),
  )
}

const STDOUT = 'what ffprobe prints is the `stdout` of the finished command, or is written to a file by `-o {{out_…}}`'

function redirectionMessage(word: string, probe: boolean): string {
  const target = `\`${shown(word)}\` redirects for a shell, and no shell reads this text`
  if (word.includes('<')) return `${target}: leave it out, and give inputs as \`-i {{in_…}}\``
  const log = probe ? STDOUT : 'what FFmpeg prints is at GET /api/v1/commands/:command_id/log'
  if (/^1?>/.test(word) && !probe) return `${target}: write the output as the last argument, {{out_…}}; ${log}`
  return `${target}: leave it out${word.endsWith('>') ? ', with the name after it' : ''}; ${log}`
}

function placeholderMessage(word: string, aliases: ReadonlySet<string>): string {
  const alias = /(?:in|out)[_-][\w-]+/.exec(word)?.[0].replaceAll('-', '_') ?? ''
  if (aliases.has(alias)) return `\`${shown(word)}\` is not a placeholder: write {{${alias}}}`
  return `\`${shown(word)}\` is not a placeholder: write {{in_…}} or {{out_…}} with an alias that input_files or output_files declares, and have your own tool fill in other values before it sends the command`
}

function quoted(words: readonly string[]): string {
  return words.map((word) => `\`${shown(word)}\``).join(', ')
}

function nameOf(word: string, characters: RegExp): string {
  return `the ${characterName(characters.exec(word)?.[0] ?? '')}`
}
