/** The names in a zip, as the people who made it mean them. Pure. */
import { isUtf8 } from 'node:buffer'
import { type Entry, getFileNameLowLevel } from 'yauzl'

/** Bit 11 of an entry's flags says that its name is UTF-8 (APPNOTE 4.4.4). */
const UTF8_FLAG = 0x800
/** Info-ZIP's field with the name in UTF-8 (APPNOTE 4.6.9). */
const UNICODE_PATH = 0x7075

/**
 * An entry's name with `/` between its folders, composed (NFC), without a `./` in front. Zips of macOS and of
 * scripts hold UTF-8 without saying so; what is not UTF-8 is CP437, as the format has it (APPNOTE appendix D). Archivers of Windows write
 * backslashes.
 */
export function entryName({
  generalPurposeBitFlag: flags,
  fileNameRaw,
  extraFields,
}: Pick<Entry, 'generalPurposeBitFlag' | 'fileNameRaw' | 'extraFields'>): string {
  const isMarked = (flags & UTF8_FLAG) !== 0 || extraFields.some(({ id }) => id === UNICODE_PATH)
  const effective = !isMarked && isUtf8(fileNameRaw) ? flags | UTF8_FLAG : flags
  return getFileNameLowLevel(effective, fileNameRaw, extraFields, false)
    .normalize('NFC')
    .replace(/^(?:\.\/)+(?=.)/s, '')
}

/** More clashes than that are not told apart: then no folder is taken away. */
const MAX_CLASHES = 1000

/** Finds the folders around everything in an archive: people zip a folder, and their commands name what is in it. */
export class Wrapping {
  /** Names that no file may get, folded. */
  readonly #taken: ReadonlySet<string>
  readonly #fold: (name: string) => string
  /** Folders that all files so far lie in, the outermost first; null before the first file. */
  #common: string[] | null = null
  /** Folders that have something in them whose name is taken. */
  readonly #clashes = new Set<string>()

  /** @param fold makes names alike that some file systems take for the same */
  constructor(taken: readonly string[], fold: (name: string) => string) {
    this.#taken = new Set(taken.map(fold))
    this.#fold = fold
  }

  /** Takes the name of a file. */
  add(name: string): void {
    const parts = name.split('/')
    for (const [index, part] of parts.entries()) {
      if (this.#clashes.size <= MAX_CLASHES && this.#taken.has(this.#fold(part))) this.#clashes.add(parts.slice(0, index).join('/'))
    }
    const folders = parts.slice(0, -1)
    if (this.#common === null) this.#common = folders
    else {
      const differs = this.#common.findIndex((folder, index) => folder !== folders[index])
      if (differs !== -1) this.#common = this.#common.slice(0, differs)
    }
  }

  /** The folders that can be left out, as the beginning of every file's name; empty if there are none, or a command names them. */
  prefix(commands: readonly (readonly string[])[]): string {
    const folders: string[] = []
    if (this.#clashes.size > MAX_CLASHES) return ''
    for (const folder of this.#common ?? []) {
      const inner = [...folders, folder].join('/')
      if (this.#clashes.has(inner) || commands.some((argv) => argv.some((argument) => mentions(argument, folder)))) break
      folders.push(folder)
    }
    return folders.map((folder) => `${folder}/`).join('')
  }
}

/** Whether an argument names the folder: before a slash, or as the value of an option such as `fontsdir`. */
function mentions(argument: string, folder: string): boolean {
  for (let at = argument.indexOf(folder); at !== -1; at = argument.indexOf(folder, at + folder.length)) {
    const after = argument.charAt(at + folder.length)
    if (after === '/' || (argument.charAt(at - 1) === '=' && (after === '' || ':,;\'"]'.includes(after)))) return true
  }
  return false
}
