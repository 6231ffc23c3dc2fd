/** Which files of a playlist to look into for what its streams are: those of each stream, as far as one look can take them. */

/** Streams that are looked into: a film and its sound are among the first. */
const MAX_STREAMS = 4
/** Files of a stream that are joined for one look, which opens all of them. */
const MAX_FILES = 100

/** Of one template. */
const MAX_MEMBERS = 10_000

interface Stream {
  init: string[]
  media: string[]
}

export class Samples {
  readonly #streams = new Map<string, Stream>()
  #listed = 0

  /** @param stream whatever tells the streams apart */
  add(stream: string, role: 'init' | 'media', names: readonly string[]): void {
    const found = this.#streams.get(stream)
    if (found === undefined && this.#streams.size === MAX_STREAMS) return
    const files = found ?? { init: [], media: [] }
    this.#streams.set(stream, files)
    // A second init segment is that of another period or break, whose media would not fit the first.
    if (role === 'init') files.init.push(...names.slice(0, 1 - files.init.length))
    else files.media.push(...names.slice(0, MAX_FILES - files.media.length))
  }

  /** Files that a manifest lists one by one: an init segment begins a stream, and media without one are a stream each. */
  addListed(role: 'init' | 'media', names: readonly string[]): void {
    const current = this.#streams.get(`${this.#listed}`)
    if (role === 'init' || current === undefined || current.init.length === 0) this.#listed += 1
    this.add(`${this.#listed}`, role, names)
  }

  /** Files of a template: what stands in the place of its first identifier tells the streams apart, as far as their init segments say so. */
  addFamily(literals: readonly string[], role: 'init' | 'media', names: readonly string[]): void {
    // A playlist of more files is refused as a whole.
    if (names.length > MAX_MEMBERS) return
    const [before = '', after = ''] = literals
    const sorted = names.toSorted()
    if (role === 'init') {
      for (const name of sorted) this.add(`family ${name.slice(before.length, name.length - after.length)}`, role, [name])
      return
    }
    const streams = [...this.#streams.keys()].filter((stream) => stream.startsWith('family '))
    if (streams.length === 0) this.add('family', role, sorted)
    for (const stream of streams) {
      const start = `${before}${stream.slice('family '.length)}${after}`
      this.add(
        stream,
        role,
        sorted.filter((name) => name.startsWith(start)),
      )
    }
  }

  /** The files of each stream in the order in which they join to one. */
  names(): string[][] {
    return [...this.#streams.values()].map(({ init, media }) => [...init, ...media]).filter((names) => names.length > 0)
  }
}
