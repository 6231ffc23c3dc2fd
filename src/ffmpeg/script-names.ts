/** Which file of a job a script means by what it writes. */
import { isNestedName } from './filenames.ts'
import { replacePlaceholders } from './placeholders.ts'
import { decodedPath, withoutQuery } from './uri.ts'

/** The declared files of a job. */
export interface DeclaredFiles {
  /** Alias → name in the job's folder. */
  inputs: Readonly<Record<string, string>>
  /** Alias → name in the job's folder. */
  outputs: Readonly<Record<string, string>>
  /** Alias of an input → where it came from, without query and fragment. */
  sources: Readonly<Record<string, string>>
}

/** The same, to be looked up by what a script may write. */
export class DeclaredNames {
  readonly #files: DeclaredFiles
  readonly #bySource = new Map<string, string[]>()
  readonly #byLastPart = new Map<string, string[]>()

  constructor(files: DeclaredFiles) {
    this.#files = files
    for (const [alias, source] of Object.entries(files.sources)) {
      const name = files.inputs[alias]
      if (name === undefined) continue
      append(this.#bySource, source, name)
      append(this.#byLastPart, lastPart(source), name)
    }
  }

  /** A declared input by its alias, or an output that an earlier command has made. */
  byAlias(alias: string): string | null {
    const files = alias.startsWith('out_') ? this.#files.outputs : this.#files.inputs
    return Object.hasOwn(files, alias) ? (files[alias] ?? null) : null
  }

  /** The input that came from there; null where there is none, or more than one. */
  bySource(url: string): string | null {
    return only(this.#bySource.get(withoutQuery(url)))
  }

  /** The input whose URL ends so; null where there is none, or more than one. */
  byLastPart(name: string): string | null {
    return only(this.#byLastPart.get(decodedPath(name)))
  }

  /** Whether the URLs of more than one input end so. */
  isAmbiguous(name: string): boolean {
    return (this.#byLastPart.get(decodedPath(name))?.length ?? 0) > 1
  }
}

function append(map: Map<string, string[]>, key: string, name: string): void {
  const names = map.get(key)
  if (names === undefined) map.set(key, [name])
  else names.push(name)
}

function only(names: readonly string[] | undefined): string | null {
  return names?.length === 1 ? (names[0] ?? null) : null
}

function lastPart(source: string): string {
  return decodedPath(source.slice(source.lastIndexOf('/') + 1))
}

export type Meaning =
  /** Names in the job's folder, in the order in which they are tried. */
  | { ok: true; names: string[] }
  /** Why it can mean none. */
  | { ok: false; reason: string }

/** Of a name with all its folders, or a URL: longer ones are not even looked at. */
const MAX_SPELLING_CHARACTERS = 10_000

/**
 * What a spelling may stand for: a file beside the script or at the top of the folder, an input by its placeholder or alias, or by the whole
 * or the last part of its URL where no other input has the same.
 */
export function meaningOf(spelling: string, folder: string, declared: DeclaredNames): Meaning {
  if (spelling.length > MAX_SPELLING_CHARACTERS) return { ok: false, reason: 'no file has so long a name' }
  const unknown: string[] = []
  const name = replacePlaceholders(spelling, (alias) => {
    const found = declared.byAlias(alias)
    if (found === null) unknown.push(alias)
    return found ?? ''
  })
  if (unknown[0] !== undefined) return { ok: false, reason: `{{${unknown[0].slice(0, 64)}}} is not declared in input_files` }
  if (/^\s*[a-z][a-z0-9+.-]*:\/\//i.test(name)) {
    const input = declared.bySource(name.trim())
    if (input !== null) return { ok: true, names: [input] }
    return { ok: false, reason: 'only a URL that input_files declares can be used here' }
  }
  if (/^[A-Za-z]:/.test(name) || name.startsWith('\\')) return { ok: false, reason: 'a Windows path does not exist on this server' }
  if (name.startsWith('/')) return { ok: false, reason: "an absolute path is not in the job's folder" }
  const parts = name.split(/[/\\]/).filter((part) => part !== '.' && part !== '')
  if (parts.includes('..')) return { ok: false, reason: "`..` leads out of the job's folder" }
  const plain = parts.join('/')
  if (name.includes(':')) return { ok: false, reason: 'a protocol may not be named here' }
  if (!isNestedName(plain)) return { ok: false, reason: "that is not the name of a file in the job's folder" }
  if (isPattern(plain)) return { ok: false, reason: 'FFmpeg would read that name as a pattern' }
  // Names of an archive are composed as it is unpacked.
  const forms = [plain, plain.normalize('NFC')]
  const here = forms.flatMap((form) => (folder === '' ? [form] : [`${folder}/${form}`, form]))
  const names = [...here, declared.byAlias(plain), declared.byLastPart(plain)].filter((found) => found !== null)
  return { ok: true, names: [...new Set(names)] }
}

/** FFmpeg's reader of pictures takes a percent sign as the start of one, and a pattern in the place of a folder may become any folder. */
function isPattern(name: string): boolean {
  return name.includes('%') && /[{}[\]*?]/.test(name.slice(0, name.lastIndexOf('/') + 1))
}
