/** Folders with any number of files in them: looked through, counted and removed in batches, so that neither memory nor anybody's wait grows with them. */
import { type Dir, type Dirent, lstatSync, opendirSync } from 'node:fs'
import { opendir, rmdir, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { Slices } from './slices.ts'

/** Entries that are handled side by side. */
const BATCH = 64

/** A unit of `st_blocks`, whatever the file system's own blocks are (POSIX, `sys/stat.h`), in bytes. */
const BLOCK_BYTES = 512
/** Of any file system, in bytes. */
const LARGEST_BLOCK_BYTES = 64 * 1024

export interface FolderUsage {
  /** What its files take on disk. */
  bytes: number
  /** Files and folders. */
  entries: number
}

/** What is in a folder, a batch at a time, in no order. Rejects where there is no such folder. */
export async function* batchesOf(folder: string): AsyncGenerator<Dirent[]> {
  yield* readBatches(await opendir(folder, { bufferSize: BATCH }))
}

/** As `batchesOf`, but a folder that has vanished has nothing in it. */
async function* batchesIfAny(folder: string): AsyncGenerator<Dirent[]> {
  const directory = await opendir(folder, { bufferSize: BATCH }).catch(ignoreMissing)
  if (directory) yield* readBatches(directory)
}

async function* readBatches(directory: Dir): AsyncGenerator<Dirent[]> {
  let batch: Dirent[] = []
  for await (const entry of directory) {
    batch.push(entry)
    if (batch.length < BATCH) continue
    yield batch
    batch = []
  }
  if (batch.length > 0) yield batch
}

/**
 * What a folder holds, in its folders too. Files that vanish while they are counted count as nothing.
 * Asked one after the other in slices, since handing each question to another thread takes several times as long as its answer.
 */
export async function folderUsage(folder: string): Promise<FolderUsage> {
  const usage: FolderUsage = { bytes: 0, entries: 0 }
  const slices = new Slices()
  const uncounted = [folder]
  for (let current = uncounted.pop(); current !== undefined; current = uncounted.pop()) {
    for (const entry of entriesOf(current)) {
      const file = join(current, entry.name)
      usage.bytes += diskBytes(file)
      usage.entries += 1
      if (entry.isDirectory()) uncounted.push(file)
      await slices.pause()
    }
  }
  return usage
}

/** What is in a folder; nothing if it has vanished. */
function* entriesOf(folder: string): Generator<Dirent> {
  let directory: Dir
  try {
    directory = opendirSync(folder, { bufferSize: BATCH })
  } catch (error) {
    ignoreMissing(error)
    return
  }
  try {
    for (let entry = directory.readSync(); entry !== null; entry = directory.readSync()) yield entry
  } finally {
    directory.closeSync()
  }
}

/** A small file takes a whole block, and one with holes may be filled any time. What a file system reserves for one that grows does not count. */
function diskBytes(file: string): number {
  const stats = lstatSync(file, { throwIfNoEntry: false })
  if (stats === undefined) return 0
  return Math.max(stats.size, Math.min(stats.blocks * BLOCK_BYTES, stats.size + LARGEST_BLOCK_BYTES))
}

/** Removes what is in a folder. Where something is written there at the same time, that may stay. */
export async function emptyFolder(folder: string): Promise<void> {
  for await (const batch of batchesIfAny(folder)) {
    await Promise.all(batch.flatMap((entry) => (entry.isDirectory() ? [] : [unlink(join(folder, entry.name)).catch(ignoreMissing)])))
    for (const entry of batch) if (entry.isDirectory()) await removeFolder(join(folder, entry.name))
  }
}

/** A folder that entries are removed from while it is read may hide some of the others at the first time. */
const MAX_PASSES = 100

/** Removes a folder and all that is in it. One that is not there is removed already. */
export async function removeFolder(folder: string): Promise<void> {
  for (let pass = 1; ; pass += 1) {
    await emptyFolder(folder)
    try {
      await rmdir(folder)
      return
    } catch (error) {
      if (isErrno(error, 'ENOENT')) return
      if (pass === MAX_PASSES || !(isErrno(error, 'ENOTEMPTY') || isErrno(error, 'EEXIST'))) throw error
    }
  }
}

function ignoreMissing(error: unknown): void {
  if (!isErrno(error, 'ENOENT')) throw error
}

export function isErrno(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code
}
