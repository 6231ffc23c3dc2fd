/** A caller's zip into a job's folder. Nothing that the archive says of itself is believed: names are judged, bytes are counted. */
import { createWriteStream } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { crc32 } from 'node:zlib'
import { type Entry, openPromise, validateFileName, type ZipFile } from 'yauzl'
import { isNestedName } from '../src/ffmpeg/filenames.ts'
import { entryName, Wrapping } from './archive-names.ts'
import { Slices } from './slices.ts'

const MAX_ENTRIES = 50_000
/**
 * An archive that becomes so many times as large, and more than the allowance, is made to do harm: media hardly shrinks at all, texts shrink
 * to a tenth, and deflate knows no more than a thousandth.
 */
const MAX_RATIO = 100
const RATIO_ALLOWANCE_BYTES = 256 * 1024 ** 2
const MAX_NAME_BYTES = 255
/** Of a name with all its folders: longer ones are not even looked at. */
const MAX_PATH_CHARACTERS = 4096
/** Of most file systems. */
const BLOCK_BYTES = 4096

/** The type of a file in a Unix mode, which is the upper half of an entry's external attributes. */
const TYPE_MASK = 0o170000
const REGULAR_FILE = 0o100000
const FOLDER = 0o040000

/** What is wrong with an archive, for the one who sent it. */
export class ArchiveFault extends Error {
  override readonly name = 'ArchiveFault'
  readonly code: 'INPUT_UNUSABLE' | 'INPUT_TOO_LARGE'

  constructor(code: ArchiveFault['code'], message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}

export interface Unpacking {
  /** Path of the zip, outside of `folder`. */
  archive: string
  archiveBytes: number
  folder: string
  /** Names in the folder that no entry may have. */
  taken: readonly string[]
  /** What the commands say: a folder around everything stays where they name it. */
  commands: readonly (readonly string[])[]
  /** The most that the unpacked files may have together. */
  maxBytes: number
  signal: AbortSignal
}

/** What an archive has brought, for messages. */
export interface Unpacked {
  /** Names of its first files, below the job's folder. */
  names: string[]
  fileCount: number
}

const MAX_TOLD_NAMES = 1000

/**
 * Unpacks all files of the archive; hidden ones and what macOS adds for itself are passed over, and folders around everything are left out.
 * Throws an ArchiveFault that names the entry, and leaves the folder to be wiped by the caller.
 */
export async function unpack({ archive, archiveBytes, folder, taken, commands, maxBytes, signal }: Unpacking): Promise<Unpacked> {
  const wrapping = new Wrapping(taken, folded)
  await eachEntry(archive, signal, async (_zip, _entry, name) => {
    if (!name.endsWith('/')) wrapping.add(name)
  })
  const prefix = wrapping.prefix(commands)
  const names = new Names(taken)
  const budget = new Budget(maxBytes, archiveBytes)
  const unpacked: Unpacked = { names: [], fileCount: 0 }
  await eachEntry(archive, signal, async (zip, entry, fullName) => {
    // The folders that are left out are there themselves in many archives.
    if (prefix.startsWith(fullName)) return
    const { name, newFolders } = names.admit(fullName.startsWith(prefix) ? fullName.slice(prefix.length) : fullName)
    budget.takeBlocks(newFolders + (name === null ? 0 : 1))
    if (name === null) return
    const path = join(folder, name)
    if (name.includes('/')) await mkdir(dirname(path), { recursive: true })
    await writeEntry(zip, entry, path, budget, signal)
    unpacked.fileCount += 1
    if (unpacked.names.length < MAX_TOLD_NAMES) unpacked.names.push(name)
  })
  return unpacked
}

/** Calls `action` with every entry that counts, and its name, once both have been judged. */
async function eachEntry(
  archive: string,
  signal: AbortSignal,
  action: (zip: ZipFile, entry: Entry, name: string) => Promise<void>,
): Promise<void> {
  const zip = await openPromise(archive, { decodeStrings: false }).catch((cause: unknown) => {
    throw unusable('it is not a zip file, or it is cut off', { cause })
  })
  const slices = new Slices(signal)
  try {
    if (zip.entryCount > MAX_ENTRIES) throw unusable(`it has ${zip.entryCount} entries; ${MAX_ENTRIES} at most`)
    for await (const entry of entriesOf(zip)) {
      await slices.pause()
      const name = entryName(entry)
      if (name.length > MAX_PATH_CHARACTERS) throw unusable(`${quote(name)} is too long a name`)
      const complaint = validateFileName(name)
      if (complaint !== null) throw unusable(complaint)
      judge(entry, name)
      if (isPassedOver(name)) continue
      judgeName(name)
      await action(zip, entry, name)
    }
  } finally {
    zip.close()
  }
}

/** yauzl's own complaints as faults. */
async function* entriesOf(zip: ZipFile): AsyncGenerator<Entry> {
  // Errors after the last entry was asked for have nobody else to go to.
  zip.on('error', () => {})
  const entries = zip.eachEntry()
  for (;;) {
    const { value, done } = await entries.next().catch((cause: unknown) => {
      throw unusable(cause instanceof Error ? cause.message : 'its list of entries is damaged', { cause })
    })
    if (done) return
    yield value
  }
}

function judge(entry: Entry, name: string): void {
  const quoted = quote(name)
  const type = (entry.externalFileAttributes >>> 16) & TYPE_MASK
  if (type !== 0 && type !== REGULAR_FILE && type !== FOLDER)
    throw unusable(`${quoted} is a link or special file; only files and folders may be in it`)
  if (entry.isEncrypted()) throw unusable(`${quoted} is encrypted; send the archive without a password`)
  if (!entry.canDecodeFileData()) throw unusable(`${quoted} is compressed by a method other than "store" and "deflate"`)
}

/** What the names of folders that are left out may be is no other than what the rest may be. */
function judgeName(entryName: string): void {
  const name = entryName.endsWith('/') ? entryName.slice(0, -1) : entryName
  if (isNestedName(name) && !name.split('/').some((part) => Buffer.byteLength(part) > MAX_NAME_BYTES)) return
  throw unusable(
    `${quote(entryName)} is no name that a file may have: no "..", ":" or control character, no "-" or "." in front, 8 folders deep at most`,
  )
}

/** Files that tools add to archives without being asked, other hidden ones, and the folder that all of them lie in. */
function isPassedOver(name: string): boolean {
  return name === './' || name.split('/').some((part) => part === '__MACOSX' || /^\.[^.]/.test(part))
}

/** The names there are, without regard to case or composition, as some file systems compare them. */
class Names {
  readonly #root: NameTree = new Map()

  constructor(taken: readonly string[]) {
    for (const name of taken) this.#root.set(folded(name), 'file')
  }

  /** `name`: the file's below the folder; null for a folder, which is made when a file lies in it. `newFolders`: how many have to be made. */
  admit(entryName: string): { name: string | null; newFolders: number } {
    const isFolder = entryName.endsWith('/')
    const name = isFolder ? entryName.slice(0, -1) : entryName
    const parts = folded(name).split('/')
    const last = isFolder ? undefined : parts.pop()
    let folder = this.#root
    let newFolders = 0
    for (const part of parts) {
      const known = folder.get(part)
      if (known === 'file') throw nameTaken(entryName)
      const next: NameTree = known ?? new Map<string, 'file' | NameTree>()
      if (known === undefined) newFolders += 1
      folder.set(part, next)
      folder = next
    }
    if (last === undefined) return { name: null, newFolders }
    if (folder.has(last)) throw nameTaken(entryName)
    folder.set(last, 'file')
    return { name, newFolders }
  }
}

/** What is in a folder, by name. */
type NameTree = Map<string, 'file' | NameTree>

function nameTaken(entryName: string): ArchiveFault {
  return unusable(`${quote(entryName)} has the name of another of its files, or of an input or output`)
}

/** What may still be written. */
class Budget {
  readonly #maxBytes: number
  readonly #archiveBytes: number
  #diskBytes = 0
  #contentBytes = 0

  constructor(maxBytes: number, archiveBytes: number) {
    this.#maxBytes = maxBytes
    this.#archiveBytes = archiveBytes
  }

  /** Counts what files and folders take beside their content: a block each, at least. Throws an ArchiveFault when this is too much. */
  takeBlocks(count: number): void {
    this.#diskBytes += count * BLOCK_BYTES
    if (this.#diskBytes > this.#maxBytes) throw new ArchiveFault('INPUT_TOO_LARGE', 'unpacked, it takes more disk than a job may have')
  }

  /** Counts content. Throws an ArchiveFault when this is too much. */
  take(bytes: number): void {
    this.#diskBytes += bytes
    this.#contentBytes += bytes
    this.takeBlocks(0)
    if (this.#contentBytes > RATIO_ALLOWANCE_BYTES && this.#contentBytes > this.#archiveBytes * MAX_RATIO) {
      const reason = `unpacked, it is more than ${MAX_RATIO} times as large; send such files as inputs of their own`
      throw new ArchiveFault('INPUT_TOO_LARGE', reason)
    }
  }
}

async function writeEntry(zip: ZipFile, entry: Entry, path: string, budget: Budget, signal: AbortSignal): Promise<void> {
  let checksum = 0
  const content = await zip.openReadStreamPromise(entry).catch((cause: unknown) => {
    throw damaged(entry, cause)
  })
  async function* counted(source: Readable): AsyncGenerator<Buffer> {
    for await (const chunk of source) {
      budget.take(chunk.length)
      checksum = crc32(chunk, checksum)
      yield chunk
    }
  }
  try {
    // A path that exists, in whatever way, is never written through.
    await pipeline(content, counted, createWriteStream(path, { flags: 'wx' }), { signal })
  } catch (error) {
    if (signal.aborted || error instanceof ArchiveFault) throw error
    throw damaged(entry, error)
  }
  if (checksum !== entry.crc32) throw damaged(entry, null)
}

function damaged(entry: Entry, cause: unknown): unknown {
  // What the disk says is no fault of the archive.
  if (cause instanceof Error && 'syscall' in cause) return cause
  return unusable(`${quote(entryName(entry))} is damaged`, { cause })
}

function unusable(reason: string, options?: ErrorOptions): ArchiveFault {
  return new ArchiveFault('INPUT_UNUSABLE', reason, options)
}

function quote(name: string): string {
  return JSON.stringify(name.length > 100 ? `${name.slice(0, 100)}…` : name)
}

function folded(name: string): string {
  return name.normalize('NFC').toLowerCase()
}
