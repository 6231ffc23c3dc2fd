/** What the commands have made, gathered into the outputs that were asked for. */
import type { JobError, JobState, RunRequest } from '../src/executor/protocol.ts'
import { type Bundle, sequenceNumbers } from '../src/ffmpeg/bundle.ts'
import { isNamedAsMedia } from '../src/ffmpeg/content-sniffing.ts'
import { manifestOutput } from '../src/ffmpeg/manifest-companions.ts'
import { bundleMissingError, emptyOutputError, missingOutputError, playlistError, type Step, stopError } from './failure.ts'
import { type PackedFile, pack, packedBytes } from './pack.ts'
import { findPlaylist, type Playlist } from './playlist.ts'
import { Slices } from './slices.ts'
import type { MadeFile, Workspace } from './workspace.ts'

export type WrittenOutputs = Extract<JobState, { state: 'PROBING' }>['outputs']

/** An output that is complete; `path` is where a zip lies, outside of FFmpeg's folder. */
export type Collected =
  | { kind: 'file'; filename: string; bytes: number }
  | { kind: 'zip'; filename: string; bytes: number; path: string; fileCount: number; contentBytes: number }
  | { kind: 'playlist'; filename: string; bytes: number; playlist: Playlist }

export type Collection = { ok: true; outputs: Map<string, Collected> } | { ok: false; error: JobError }

/** More files than this make no zip. */
const MAX_PACKED_FILES = 50_000

export interface Collecting {
  workspace: Workspace
  request: RunRequest
  /** What was in the folder before the first command. */
  before: ReadonlyMap<string, MadeFile>
  place: Step
  signal: AbortSignal
}

/** Rejects only for a fault of ours, and when `signal` aborts. */
export async function collectOutputs(collecting: Collecting): Promise<Collection> {
  const { workspace, request, place } = collecting
  const outputs = new Map<string, Collected>()
  for (const [alias, filename] of Object.entries(request.outputs)) {
    const bytes = await workspace.fileBytes(filename)
    if (bytes === null) return { ok: false, error: missingOutputError(alias, filename, await workspace.list(), place) }
    if (bytes === 0 && isNamedAsMedia(filename)) return { ok: false, error: emptyOutputError(alias, filename, request.commands, place) }
    outputs.set(alias, { kind: 'file', filename, bytes })
  }
  for (const [alias, bundle] of Object.entries(request.bundles ?? {})) {
    const collected = await collectBundle(alias, bundle, collecting)
    if ('error' in collected) return { ok: false, error: collected.error }
    outputs.set(alias, collected)
  }
  return { ok: true, outputs }
}

/** As the protocol tells of it. */
export function writtenOutput(collected: Collected): WrittenOutputs[string] {
  const { filename, bytes } = collected
  switch (collected.kind) {
    case 'file':
      return { filename, size_bytes: bytes }
    case 'zip':
      return {
        filename,
        size_bytes: bytes,
        bundle: { kind: 'zip', file_count: collected.fileCount, content_bytes: collected.contentBytes },
      }
    case 'playlist':
      return {
        filename,
        size_bytes: bytes,
        bundle: { kind: 'playlist', file_count: collected.playlist.files.size, content_bytes: bytes },
      }
  }
}

async function collectBundle(alias: string, bundle: Bundle, collecting: Collecting): Promise<Collected | { error: JobError }> {
  const { workspace, request, place, signal } = collecting
  if (bundle.kind !== 'playlist') return packBundle(alias, bundle, collecting)
  const { filename } = bundle
  if ((await workspace.fileBytes(filename)) === null) {
    return { error: missingOutputError(alias, filename, await workspace.list(), place) }
  }
  const found = await findPlaylist(workspace, filename, signal, manifestOutput(request.commands, filename))
  if (!found.ok) return { error: playlistError(alias, found.code, found.reason, place) }
  const { playlist } = found
  return { kind: 'playlist', filename, bytes: sum(playlist.files.values()), playlist }
}

async function packBundle(
  alias: string,
  bundle: Exclude<Bundle, { kind: 'playlist' }>,
  { workspace, request, before, place, signal }: Collecting,
): Promise<Collected | { error: JobError }> {
  const present = await workspace.regularFiles()
  const files = await madeFiles(bundle, present, before, signal)
  if (files.length === 0) return { error: bundleMissingError(alias, bundle, [...present.keys()], place) }
  if (files.length > MAX_PACKED_FILES) {
    const message = `the output "${alias}" would be a zip of ${files.length} files; ${MAX_PACKED_FILES} at most`
    return { error: { code: 'OUTPUT_TOO_LARGE', step: place.step, message } }
  }
  // The zip lies beside the files that it is made of, and both count.
  if ((await workspace.usage()).bytes + workspace.packedBytes + packedBytes(files) > request.limits.disk_bytes) {
    return { error: stopError('OUTPUT_TOO_LARGE', place, request.limits) }
  }
  const path = workspace.nextPackedPath()
  await pack(workspace.files, files, path, signal)
  const bytes = await workspace.countPacked(path)
  return {
    kind: 'zip',
    filename: bundle.filename,
    bytes,
    path,
    fileCount: files.length,
    contentBytes: sum(files.map((file) => file.bytes)),
  }
}

/** Files of the bundle that the commands have made, or written anew. */
async function madeFiles(
  bundle: Exclude<Bundle, { kind: 'playlist' }>,
  present: ReadonlyMap<string, MadeFile>,
  before: ReadonlyMap<string, MadeFile>,
  signal: AbortSignal,
): Promise<PackedFile[]> {
  const placeOf = bundle.kind === 'sequence' ? sequenceNumbers(bundle.pattern) : () => 0
  const slices = new Slices(signal)
  const made: PackedFile[] = []
  for (const { name, bytes, modified, version } of present.values()) {
    await slices.pause()
    const place = before.get(name)?.version === version ? null : placeOf(name)
    if (place !== null) made.push({ name, bytes, modified, place })
  }
  return made
}

function sum(sizes: Iterable<number>): number {
  return [...sizes].reduce((total, bytes) => total + bytes, 0)
}
