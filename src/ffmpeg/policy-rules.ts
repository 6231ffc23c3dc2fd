/** The vocabulary of the policy's tables: what the value of an option may be. */

/** How a value names a file, and so which names it may be. */
export type Access =
  /** Reads a file: an input, or a file of the working directory where there is one. */
  | 'read'
  /** Writes a file: an output, or a file of the working directory; `-` is FFmpeg's standard output. */
  | 'write'
  /** Writes files that belong to the output, such as segments: any plain name, patterns included. */
  | 'part'
  /** Reads all files of a folder: only the job's own, `.`. */
  | 'folder'

export type Rule =
  /** `example`: how to write it with a placeholder; `hint`: what to write instead, beside declaring the file. */
  | { kind: 'file'; access: Access; example?: string; hint?: string }
  /** Opens nothing, whatever it says. */
  | { kind: 'text' }
  /** Harmless as long as it matches. */
  | { kind: 'matching'; pattern: RegExp; instead: string }
  | { kind: 'graph' }
  /** `key=value:…` for an inner muxer or protocol: each key is an option of its own. */
  | { kind: 'options' }
  /** `key=value:…` for an encoder's own library. */
  | { kind: 'encoder-params' }
  | { kind: 'muxer' }
  | { kind: 'codec' }
  /** Run-time commands for other filters. */
  | { kind: 'commands' }
  /** Reads a text that names further files or holds a graph or commands, which the executor judges before FFmpeg reads it (`scripts.ts`). */
  | { kind: 'script' }
  | { kind: 'refused'; why: string; instead: string }

export const READ: Rule = { kind: 'file', access: 'read' }
export const WRITE: Rule = { kind: 'file', access: 'write' }
export const PART: Rule = { kind: 'file', access: 'part' }
export const FOLDER: Rule = { kind: 'file', access: 'folder' }
export const SCRIPT: Rule = { kind: 'script' }
export const TEXT: Rule = { kind: 'text' }

/** A file that is read, as `example` names it by a placeholder. */
export function reads(example: string): Rule {
  return { kind: 'file', access: 'read', example }
}

export function refused(why: string, instead: string): Rule {
  return { kind: 'refused', why, instead }
}

export function matching(pattern: RegExp, instead: string): Rule {
  return { kind: 'matching', pattern, instead }
}

/** Why something may not be used at all, and what to do instead. */
export interface Refusal {
  why: string
  instead: string
}

export const DEVICE: Refusal = { why: 'is a device of the server, not a file format', instead: 'give media as an input file' }
export const NETWORK: Refusal = {
  why: 'sends or receives over the network',
  instead: 'use files; results are fetched from their `storage_url`',
}

/** A row for each of the names, which blanks separate. */
export function refusals(names: string, refusal: Refusal): [string, Refusal][] {
  return names.split(' ').map((name) => [name, refusal])
}
