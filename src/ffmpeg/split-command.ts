/** A command's text as the words that its program gets, with file names in the place of placeholders. */
import { aliasesIn, replacedLength, replacePlaceholders } from './placeholders.ts'
import { type Program, splitProgram } from './program.ts'
import { type Tokens, tokenise } from './tokenise.ts'

export interface SplitCommand {
  text: string
  tokens: Tokens
  program: Program
  /** Without the program's name; none where the text cannot be split. */
  words: string[]
  /** Each of `words` as it was written. */
  raws: string[]
}

export interface ReplacedCommand extends SplitCommand {
  /** The words with file names in the place of placeholders. */
  argv: string[]
  /** Every alias that the command names, declared or not. */
  aliases: Set<string>
}

export function splitCommand(text: string): SplitCommand {
  const tokens = tokenise(text)
  const all = tokens.ok ? withoutEnd(tokens.tokens) : []
  const { program, words, skipped } = splitProgram(all)
  const raws = tokens.ok ? tokens.raws.slice(skipped) : []
  if (program === 'ffprobe') return { text, tokens, program, words: redirectedToOption(words), raws }
  return { text, tokens, program: 'ffmpeg', words, raws }
}

/** ffprobe's result is what it prints, so a script ends its command by `> file`: the same as its own `-o file`. */
function redirectedToOption(words: readonly string[]): string[] {
  const [, glued] = /^1?>(.+)$/s.exec(words.at(-1) ?? '') ?? []
  if (glued !== undefined) return ['-o', glued, ...words.slice(0, -1)]
  const target = words.at(-1)
  return target !== undefined && /^1?>$/.test(words.at(-2) ?? '') ? ['-o', target, ...words.slice(0, -2)] : [...words]
}

/** Without what ends a command in a script or a code block, and says nothing. */
function withoutEnd(words: readonly string[]): string[] {
  const last = words.at(-1) ?? ''
  if (/^(?:;|```)$/.test(last)) return words.slice(0, -1)
  return /^\{\{\w+\}\};$/.test(last) ? [...words.slice(0, -1), last.slice(0, -1)] : [...words]
}

/** Characters of the words once their placeholders are replaced. */
export function lengthWithFiles(words: readonly string[], files: ReadonlyMap<string, string>): number {
  return words.reduce((sum, word) => sum + replacedLength(word, (alias) => files.get(alias)?.length ?? 0), 0)
}

/** What is not declared becomes empty. */
export function replaceFiles(command: SplitCommand, files: ReadonlyMap<string, string>): ReplacedCommand {
  const aliases = new Set(aliasesIn(command.text))
  const argv = command.words.map((word) =>
    replacePlaceholders(word, (alias) => {
      aliases.add(alias)
      return files.get(alias) ?? ''
    }),
  )
  return { ...command, argv, aliases }
}
