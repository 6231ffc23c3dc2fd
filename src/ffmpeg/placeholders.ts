/**
 * Placeholders of a command: `{{alias}}` and `<<alias>>`, spaces inside the braces allowed, and `\{\{alias\}\}` as
 * automation tools escape it. What is not an alias between them is ordinary text.
 */

const ALIAS = '[A-Za-z_][A-Za-z0-9_]*'
const BRACES = `\\{\\{\\s*(${ALIAS})\\s*\\}\\}`
const ESCAPED_BRACES = `\\\\\\{\\\\\\{\\s*(${ALIAS})\\s*\\\\\\}\\\\\\}`
/** Double angles also occur in texts and titles, so only the two prefixes that an alias may have make a placeholder of them. */
const ANGLES = `<<\\s*((?:in|out)_[A-Za-z0-9_]+)\\s*>>`
const PLACEHOLDER = new RegExp(`${BRACES}|${ESCAPED_BRACES}|${ANGLES}`, 'g')
const PLACEHOLDER_HERE = new RegExp(PLACEHOLDER, 'y')

export interface Placeholder {
  alias: string
  /** Characters it takes up in the text. */
  length: number
}

/** The placeholder that starts exactly at `position`, if there is one. */
export function placeholderAt(text: string, position: number): Placeholder | null {
  PLACEHOLDER_HERE.lastIndex = position
  const match = PLACEHOLDER_HERE.exec(text)
  return match === null ? null : { alias: match[1] ?? match[2] ?? match[3] ?? '', length: match[0].length }
}

/** The alias of every placeholder in `text`, in order, repeated ones included. */
export function aliasesIn(text: string): string[] {
  return Array.from(text.matchAll(PLACEHOLDER), (match) => match[1] ?? match[2] ?? match[3] ?? '')
}

/** Replaces every placeholder by what `replacement` gives for its alias. */
export function replacePlaceholders(text: string, replacement: (alias: string) => string): string {
  return text.replace(PLACEHOLDER, (_, braces, escaped, angles) => replacement(String(braces ?? escaped ?? angles)))
}

/** Characters of `text` once each placeholder is replaced by as many as `length` gives for its alias. */
export function replacedLength(text: string, length: (alias: string) => number): number {
  let total = text.length
  for (const match of text.matchAll(PLACEHOLDER)) total += length(match[1] ?? match[2] ?? match[3] ?? '') - match[0].length
  return total
}
