/** Names of the files in a job's folder. */

/**
 * Names each input by its alias and by the extension of its URL's path, since some demuxers and filters go by it.
 * No name equals another input's or one of `taken` without regard to case, as some file systems compare them.
 */
export function inputFilenames(urls: ReadonlyMap<string, string>, taken: readonly string[]): Map<string, string> {
  const occupied = new Set(taken.map((name) => name.toLowerCase()))
  const names = new Map<string, string>()
  for (const [alias, url] of urls) {
    const extension = urlExtension(url)
    let name = alias + extension
    for (let n = 2; occupied.has(name.toLowerCase()); n += 1) name = `${alias}-${n}${extension}`
    occupied.add(name.toLowerCase())
    names.set(alias, name)
  }
  return names
}

/** With its dot, in the URL's own case; empty if the last segment of the path has none that is plain. */
function urlExtension(url: string): string {
  if (!URL.canParse(url)) return ''
  return /[^/](\.[A-Za-z0-9]{1,8})$/.exec(new URL(url).pathname)?.[1] ?? ''
}

/**
 * Whether FFmpeg can only mean a file in its working directory: no folder, no protocol (`scheme:`), no hidden file,
 * nothing it would read as an option. Patterns such as `%03d` and `*` are plain too.
 */
export function isPlainName(name: string): boolean {
  return /^[^\p{Cc}/\\:.-][^\p{Cc}/\\:]*$/u.test(name)
}

/** `./name` and `.\name` as `name`, if that is a file of the working directory or of a folder in it. */
export function withoutDot(name: string): string {
  const plain = name.replace(/^(?:\.[\\/])+/, '')
  return plain !== name && isNestedName(plain) ? plain : name
}

/** Folders in folders of an unpacked archive; deeper ones serve nobody. */
const MAX_DEPTH = 8

/** As `isPlainName`, but the file may also lie in folders of the working directory, as those of an unpacked archive do: `fonts/a.ttf`. */
export function isNestedName(name: string): boolean {
  const parts = name.split('/')
  return parts.length <= MAX_DEPTH && parts.every(isPlainName)
}

/** A path that starts at the root or climbs out of its folder. */
const LEAVES_FOLDER = /^\s*\.{0,2}\/|(^|\/)\.\.(\/|$)/
const URL_START = /^\s*([a-z][a-z0-9+.-]*:\/|(file|pipe|fd|unix|concat|subfile|data|crypto|async|cache):)/i

/** Whether a value leads out of the working directory if it is opened: an absolute or dotted path, or a URL. */
export function looksLikePath(value: string): boolean {
  return LEAVES_FOLDER.test(value) || URL_START.test(value)
}
