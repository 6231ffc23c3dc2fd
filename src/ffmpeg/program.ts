/** Which program a command names first, and what follows it. */

export type Program = 'ffmpeg' | 'ffprobe'

export interface Invocation {
  /** Null where the words begin with the program's arguments, or with something else. */
  program: Program | null
  /** What follows the program's name; all words where none is named. */
  words: string[]
  /** How many words stand before those, the name included. */
  skipped: number
}

/** With a path of Unix or Windows before it and `.exe` after it, in any case. */
const PROGRAM = /^(?:.*[\\/])?(ffmpeg|ffprobe)(?:\.exe)?$/is

/** What a prompt, the call operator of PowerShell or a code fence of Markdown leaves before a pasted command. */
const BEFORE = /^(?:[$#>%&]|```[a-z]*)$/i

/** The program that a word names, with or without its path; null if it is neither of the two. */
export function programOf(word: string): Program | null {
  const name = PROGRAM.exec(word)?.[1]?.toLowerCase()
  return name === 'ffmpeg' || name === 'ffprobe' ? name : null
}

/** Splits the program's name off the words of a command, where one stands there; also where it was pasted twice. */
export function splitProgram(words: readonly string[]): Invocation {
  let first = 0
  while (first < words.length && BEFORE.test(words[first] ?? '')) first += 1
  const program = programOf(words[first] ?? '')
  if (program === null) return { program, words: [...words], skipped: 0 }
  let skipped = first
  while (skipped < words.length && programOf(words[skipped] ?? '') === program) skipped += 1
  return { program, words: words.slice(skipped), skipped }
}
