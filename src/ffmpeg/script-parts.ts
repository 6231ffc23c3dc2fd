/** What the readers of scripts make of a text: the lines that FFmpeg gets in its place, one by one. */

/** In the order of the text. Null stands for a piece of it that says nothing, so that whoever reads a long one can do other things in between. */
export type ScriptPart =
  | { kind: 'text'; text: string }
  /** A line that names a file of the job; `write` gives it with the name under which the file lies there. */
  | { kind: 'file'; line: number; reference: Reference; role: 'media' | 'key' | 'playlist'; write: (name: string) => string }
  /** What FFmpeg would not understand, or may not do. */
  | { kind: 'fault'; line: number; reason: string }
  | null

export interface Reference {
  /** As a message repeats it. */
  written: string
  /** What it may be meant for, in the order in which these are tried. */
  spellings: readonly string[]
}

/** The lines of a text, counted from 1, without what ends them. */
export function* textLines(text: string): Generator<{ line: number; content: string }> {
  let line = 0
  for (let start = 0; start < text.length; ) {
    const newline = text.indexOf('\n', start)
    const end = newline === -1 ? text.length : newline
    line += 1
    yield { line, content: text.slice(start, end) }
    start = end + 1
  }
}
