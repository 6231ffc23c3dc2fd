/** Characters that word processors, chats and web pages put in the place of those of a keyboard, and characters that nobody sees. */

/** Separates words as a blank does. */
export const BLANK = /[\s\u0085]/

/** Takes no room: zero-width characters, marks of the direction of writing, the byte order mark, the soft hyphen. */
export const INVISIBLE = /[\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff]/

/** Looks like a hyphen. */
export const DASH = /[\u2010-\u2015\u2212\ufe58\ufe63\uff0d]/

/** Looks like a quotation mark or an apostrophe of the keyboard. */
export const CURLY_QUOTE = /[\u2018-\u201f\u2032\u2033\uff02\uff07]/

const NAMES: ReadonlyMap<string, string> = new Map([
  ['\u00ad', 'soft hyphen'],
  ['\u200b', 'zero-width space'],
  ['\u200c', 'zero-width non-joiner'],
  ['\u200d', 'zero-width joiner'],
  ['\u200e', 'left-to-right mark'],
  ['\u200f', 'right-to-left mark'],
  ['\u2010', 'typographic hyphen'],
  ['\u2011', 'non-breaking hyphen'],
  ['\u2012', 'figure dash'],
  ['\u2013', 'en dash'],
  ['\u2014', 'em dash'],
  ['\u2015', 'horizontal bar'],
  ['\u2018', 'left single quotation mark'],
  ['\u2019', 'right single quotation mark'],
  ['\u201c', 'left double quotation mark'],
  ['\u201d', 'right double quotation mark'],
  ['\u2060', 'word joiner'],
  ['\u2212', 'minus sign'],
  ['\ufeff', 'byte order mark'],
])

/** What a character is called, with its number: `en dash (U+2013)`. */
export function characterName(char: string): string {
  const number = `U+${(char.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`
  const name = NAMES.get(char)
  return name === undefined ? `character ${number}` : `${name} (${number})`
}
