/** A streaming manifest and all the files that it needs, found by reading it as a player does. */
import { isOfFamily, type ManifestFormat, manifestFormat, manifestParts, type Reference } from '../src/ffmpeg/manifest.ts'
import type { ManifestOutput } from '../src/ffmpeg/manifest-companions.ts'
import { Samples } from './samples.ts'
import { Slices } from './slices.ts'
import type { MadeFile, Workspace } from './workspace.ts'

const MAX_FILES = 10_000
const MAX_MANIFEST_BYTES = 4 * 1024 ** 2
/** Of all manifests of one playlist together. */
const MAX_MANIFESTS_BYTES = 32 * 1024 ** 2
/** Different names that are looked for, those that are not there included. */
const MAX_NAMES = 20_000
/** Different templates, each of which may stand for any file of the folder. */
const MAX_TEMPLATES = 100

export interface Playlist {
  format: ManifestFormat
  /** Bytes by name; the manifest comes first. */
  files: ReadonlyMap<string, number>
  /** Seconds. */
  duration: number | null
  /** What to look into for its media facts: for each stream or group of streams its init segment, if there is any, and its first media segments. */
  samples: readonly (readonly string[])[]
}

export type FoundPlaylist = { ok: true; playlist: Playlist } | { ok: false; code: 'OUTPUT_MISSING' | 'OUTPUT_TOO_LARGE'; reason: string }

/**
 * Follows the manifest and its children. Only regular files of the folder itself are ever taken, whatever is referred to.
 * Rejects when `signal` aborts.
 * @param output what the commands say of it
 */
export async function findPlaylist(
  workspace: Workspace,
  filename: string,
  signal: AbortSignal,
  output: ManifestOutput = { prefixes: [], companions: [] },
): Promise<FoundPlaylist> {
  return new PlaylistSearch(workspace, filename, signal, output).run()
}

/** Ends a search. */
class Incomplete extends Error {
  readonly code: 'OUTPUT_MISSING' | 'OUTPUT_TOO_LARGE'

  constructor(code: Incomplete['code'], reason: string) {
    super(reason)
    this.code = code
  }
}

class PlaylistSearch {
  readonly #workspace: Workspace
  readonly #filename: string
  readonly #format: ManifestFormat
  readonly #slices: Slices
  readonly #output: ManifestOutput
  readonly #files = new Map<string, number>()
  /** What has been looked for: a manifest repeats its references. */
  readonly #seen = new Set<string>()
  readonly #samples = new Samples()
  readonly #unread: string[]
  #names = 0
  #templates = 0
  #manifestBytes = 0
  #duration: number | null = null
  /** All files of the folder, once they are wanted. */
  #folder: Promise<ReadonlyMap<string, MadeFile>> | null = null

  constructor(workspace: Workspace, filename: string, signal: AbortSignal, output: ManifestOutput) {
    this.#output = output
    this.#workspace = workspace
    this.#filename = filename
    this.#format = manifestFormat(filename) ?? 'hls'
    this.#slices = new Slices(signal)
    this.#unread = [filename]
  }

  async run(): Promise<FoundPlaylist> {
    try {
      this.#files.set(this.#filename, (await this.#workspace.fileBytes(this.#filename)) ?? 0)
      for (const name of this.#output.companions) await this.#addCompanion(name)
      for (let manifest = this.#unread.shift(); manifest !== undefined; manifest = this.#unread.shift()) await this.#read(manifest)
    } catch (error) {
      if (error instanceof Incomplete) return { ok: false, code: error.code, reason: error.message }
      throw error
    }
    const samples = this.#samples.names()
    return { ok: true, playlist: { format: this.#format, files: this.#files, duration: this.#duration, samples } }
  }

  async #addCompanion(name: string): Promise<void> {
    for (const { bytes } of await this.#file(name)) this.#add(name, bytes, { kind: 'file', name, role: 'child', required: false })
  }

  async #read(manifest: string): Promise<void> {
    const text = await this.#text(manifest)
    let seconds = 0
    for (const part of manifestParts(manifestFormat(manifest) ?? this.#format, text, this.#output.prefixes)) {
      await this.#slices.pause()
      if (part?.kind === 'duration') seconds += part.seconds
      else if (part !== null) await this.#resolve(part, manifest)
    }
    if (seconds > 0) this.#duration ??= Math.round(seconds * 1e6) / 1e6
  }

  async #text(manifest: string): Promise<string> {
    const file = await this.#workspace.openRegular(manifest)
    try {
      if (file === null || file.bytes > MAX_MANIFEST_BYTES) {
        throw tooLarge(`${manifest} is not a playlist of at most ${MAX_MANIFEST_BYTES} bytes`)
      }
      this.#manifestBytes += file.bytes
      if (this.#manifestBytes > MAX_MANIFESTS_BYTES) throw tooLarge(`the playlists take more than ${MAX_MANIFESTS_BYTES} bytes`)
      return await file.handle.readFile('utf8')
    } finally {
      await file?.handle.close()
    }
  }

  /** Takes what a reference stands for, once. */
  async #resolve(reference: Reference, manifest: string): Promise<void> {
    const key = JSON.stringify(reference)
    if (this.#seen.has(key)) return
    this.#seen.add(key)
    const found = reference.kind === 'file' ? await this.#file(reference.name) : await this.#family(reference.literals)
    if (found.length === 0) {
      if (reference.kind === 'file' && !reference.required) return
      throw new Incomplete('OUTPUT_MISSING', `${manifest} refers to ${nameOf(reference)}, which the command did not write`)
    }
    if (reference.role === 'init' || reference.role === 'media') {
      const names = found.map(({ name }) => name)
      if (reference.kind === 'family') this.#samples.addFamily(reference.literals, reference.role, names)
      else if (this.#format === 'hls') this.#samples.add(manifest, reference.role, names)
      else this.#samples.addListed(reference.role, names)
    }
    for (const { name, bytes } of found) this.#add(name, bytes, reference)
  }

  #add(name: string, bytes: number, reference: Reference): void {
    if (this.#files.has(name)) return
    this.#files.set(name, bytes)
    if (this.#files.size > MAX_FILES) throw tooLarge(`${this.#filename} has more than ${MAX_FILES} files; make the segments longer`)
    if (reference.role === 'child') this.#unread.push(name)
  }

  async #file(name: string): Promise<{ name: string; bytes: number }[]> {
    this.#names += 1
    if (this.#names > MAX_NAMES) throw tooLarge(`${this.#filename} refers to more than ${MAX_NAMES} files; make the segments longer`)
    const bytes = await this.#workspace.fileBytes(name)
    return bytes === null ? [] : [{ name, bytes }]
  }

  /** The files that a template may stand for: any that lie in the folder. */
  async #family(literals: readonly string[]): Promise<{ name: string; bytes: number }[]> {
    this.#templates += 1
    if (this.#templates > MAX_TEMPLATES) throw tooLarge(`${this.#filename} has more than ${MAX_TEMPLATES} different templates`)
    const members: { name: string; bytes: number }[] = []
    this.#folder ??= this.#workspace.regularFiles()
    for (const { name, bytes } of (await this.#folder).values()) {
      await this.#slices.pause()
      if (isOfFamily(literals, name)) members.push({ name, bytes })
    }
    return members
  }
}

function nameOf(reference: Reference): string {
  return reference.kind === 'file' ? reference.name : reference.literals.join('*')
}

function tooLarge(reason: string): Incomplete {
  return new Incomplete('OUTPUT_TOO_LARGE', reason)
}
