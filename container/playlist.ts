/** A streaming manifest and all the files that it needs, found by reading it as a player does. */
import { isOfFamily, type ManifestFormat, manifestDuration, manifestFormat, type Reference, references } from '../src/ffmpeg/manifest.ts'
import type { Workspace } from './workspace.ts'

const MAX_FILES = 10_000
const MAX_MANIFEST_BYTES = 8 * 1024 ** 2
/** Of all manifests of one playlist together. */
const MAX_MANIFESTS_BYTES = 32 * 1024 ** 2

export interface Playlist {
  format: ManifestFormat
  /** Bytes by name; the manifest comes first. */
  files: ReadonlyMap<string, number>
  /** Seconds. */
  duration: number | null
  /** What to look into for its media facts: an init segment, if there are any, and the first media segment. */
  sample: string[]
}

export type FoundPlaylist = { ok: true; playlist: Playlist } | { ok: false; code: 'OUTPUT_MISSING' | 'OUTPUT_TOO_LARGE'; reason: string }

/** Follows the manifest and its children. Only regular files of the folder itself are ever taken, whatever is referred to. */
export async function findPlaylist(workspace: Workspace, filename: string): Promise<FoundPlaylist> {
  const format = manifestFormat(filename) ?? 'hls'
  const files = new Map<string, number>()
  const sample: { init?: string; media?: string } = {}
  let duration: number | null = null
  let manifestBytes = 0
  const unread = [filename]
  files.set(filename, (await workspace.fileBytes(filename)) ?? 0)
  // A template may fit anything that lies in the folder.
  const others = format === 'dash' ? [...(await workspace.regularFiles()).keys()] : []

  for (let manifest = unread.shift(); manifest !== undefined; manifest = unread.shift()) {
    const text = await readManifest(workspace, manifest)
    if (text === null) return tooLarge(`${manifest} is no playlist of at most ${MAX_MANIFEST_BYTES} bytes`)
    manifestBytes += text.length
    if (manifestBytes > MAX_MANIFESTS_BYTES) return tooLarge(`the playlists take more than ${MAX_MANIFESTS_BYTES} characters`)
    duration ??= manifestDuration(format, text)
    for (const reference of references(format, text)) {
      const found = reference.kind === 'file' ? [reference.name] : others.filter((name) => isOfFamily(reference.literals, name))
      const first = found[0]
      if (first !== undefined && (reference.role === 'init' || reference.role === 'media')) sample[reference.role] ??= first
      let missing = first === undefined
      for (const name of found) {
        if (files.has(name)) continue
        const bytes = await workspace.fileBytes(name)
        if (bytes === null) {
          missing = true
          continue
        }
        files.set(name, bytes)
        if (files.size > MAX_FILES) return tooLarge(`${filename} has more than ${MAX_FILES} files; make the segments longer`)
        if (reference.kind === 'file' && reference.role === 'child') unread.push(name)
      }
      if (missing && isRequired(reference)) {
        return { ok: false, code: 'OUTPUT_MISSING', reason: `${manifest} refers to ${nameOf(reference)}, which the command did not write` }
      }
    }
  }
  return { ok: true, playlist: { format, files, duration, sample: [sample.init, sample.media].filter((name) => name !== undefined) } }
}

function isRequired(reference: Reference): boolean {
  return reference.kind === 'family' || reference.required
}

function nameOf(reference: Reference): string {
  return reference.kind === 'file' ? reference.name : reference.literals.join('*')
}

function tooLarge(reason: string): FoundPlaylist {
  return { ok: false, code: 'OUTPUT_TOO_LARGE', reason }
}

async function readManifest(workspace: Workspace, name: string): Promise<string | null> {
  const file = await workspace.openRegular(name)
  if (file === null) return null
  try {
    return file.bytes > MAX_MANIFEST_BYTES ? null : await file.handle.readFile('utf8')
  } finally {
    await file.handle.close()
  }
}
