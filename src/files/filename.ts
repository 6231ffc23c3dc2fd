/** From what a client calls a file to the name it is stored under. */

const MAX_CHARACTERS = 200

/**
 * The last segment of a path (with `/` or `\`), reduced to A–Z, a–z, 0–9, `.`, `_` and `-`: accents are dropped from their letters,
 * every run of other characters becomes one `_`, and what remains neither begins with `.` or `-` nor has more than 200 characters,
 * of which the extension is kept. `file` where nothing remains.
 */
export function storedFilename(given: string): string {
  const [last = ''] = given.split(/[/\\]/).slice(-1)
  const plain = last
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .replace(/[^A-Za-z0-9._-]+/g, '_')
    .replace(/^[.-]+/, '')
  if (!/[A-Za-z0-9]/.test(plain)) return 'file'
  const [extension = ''] = /\.[A-Za-z0-9]{1,16}$/.exec(plain) ?? []
  const stem = plain.slice(0, plain.length - extension.length)
  return stem.slice(0, MAX_CHARACTERS - extension.length) + extension
}

/** The name for what is at `url`: the last segment of its path. */
export function filenameOfUrl(url: string): string {
  const path = URL.parse(url)?.pathname ?? ''
  try {
    return storedFilename(decodeURIComponent(path))
  } catch {
    return storedFilename(path)
  }
}
