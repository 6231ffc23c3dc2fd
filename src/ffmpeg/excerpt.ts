/** What a caller has written, as far as a message repeats it. */

/** The beginning of a text: at most `max` characters, of which the last is an ellipsis where something was cut off. */
export function shortened(text: string, max: number): string {
  return text.length <= max ? text : `${text.slice(0, max - 1).toWellFormed()}…`
}

/** The text around a position, so that a user finds it without counting. */
export function excerpt(text: string, position: number): string {
  const start = Math.max(0, position - 20)
  const end = Math.min(text.length, position + 20)
  return `${start > 0 ? '…' : ''}${text.slice(start, end)}${end < text.length ? '…' : ''}`
}

/** Names for a sentence: the first few, and how many more there are. */
export function someOf(names: readonly string[]): string {
  const first = names.slice(0, 3).join(', ')
  return names.length <= 3 ? first : `${first} and ${names.length - 3} more`
}
