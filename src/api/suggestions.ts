/** Names that are possible, made of names that are not. Pure, and linear in the name's length. */

/** Of what is suggested, in characters. */
const MAX_SUGGESTION = 100

/** One counter of a numbered sequence is part of a name. */
const COUNTER = /%(?:0[1-9])?d/

/** A file name for an output: the last segment of a path, its accents taken off, and dashes in place of what it may not have. */
export function plainFilename(given: string): string {
  const last =
    given
      .slice(0, 1000)
      .split(/[/\\]/)
      .filter((segment) => segment.trim() !== '')
      .at(-1) ?? ''
  const [before = '', after] = splitAtCounter(withoutAccents(last.split(/[?#]/)[0] ?? ''))
  const name = after === undefined ? dashed(before) : `${dashed(before)}${counterIn(last)}${dashed(after)}`
  const [stem = '', extension = ''] = cutAtExtension(trailed(name))
  const plain = `${stripped(stem)}${extension}`.slice(-MAX_SUGGESTION)
  if (/^[A-Za-z0-9_%]/.test(plain)) return plain
  return /^\.[A-Za-z0-9]+$/.test(extension) ? `output${extension}` : 'output.mp4'
}

/** An alias for an input or an output: `in_` or `out_`, and of what was given the letters, digits and `_`. */
export function plainAlias(prefix: 'in' | 'out', given: string): string {
  const name = withoutAccents(given.slice(0, MAX_SUGGESTION))
    .replace(/[^A-Za-z0-9_]+/g, '_')
    .replace(/^_*(?:(?:in|out|input|output)_)?_*/i, '')
  const trimmed = stripped(name)
  return `${prefix}_${trimmed || 'video'}`
}

function withoutAccents(text: string): string {
  return text.normalize('NFKD').replace(/\p{M}/gu, '')
}

function counterIn(name: string): string {
  return COUNTER.exec(name)?.[0] ?? ''
}

function splitAtCounter(name: string): [string, string?] {
  const counter = COUNTER.exec(name)
  return counter === null ? [name] : [name.slice(0, counter.index), name.slice(counter.index + counter[0].length)]
}

function dashed(text: string): string {
  return text.replace(/[^A-Za-z0-9._]+/g, '-')
}

/** Without what stands at its beginning before the first letter or digit, and dashes and underscores at its end. */
function stripped(text: string): string {
  let start = 0
  while (start < text.length && /[-_.]/.test(text[start] ?? '')) start += 1
  return trailed(text.slice(start))
}

function trailed(text: string): string {
  let end = text.length
  while (end > 0 && /[-_]/.test(text[end - 1] ?? '')) end -= 1
  return text.slice(0, end)
}

function cutAtExtension(text: string): [string, string] {
  const index = text.lastIndexOf('.')
  return index === -1 ? [text, ''] : [text.slice(0, index), text.slice(index)]
}
