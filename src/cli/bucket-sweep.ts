/**
 * Deletes what Miniflare leaves behind of files that were cut on their way into the bucket of this machine: it writes their bytes first and enters
 * them into its index afterwards, and forgets the bytes where the second never comes. To be called while no Worker uses the state.
 */
import { readdir, rm, stat } from 'node:fs/promises'
import path from 'node:path'
import { DatabaseSync } from 'node:sqlite'

/** What was written so shortly ago, in milliseconds, may be of a Worker that is still about to end. */
const FRESH_MS = 60_000
const INDEXES = 'miniflare-R2BucketObject'

/** Answers how many bytes were deleted. Without an index that can be read, nothing is. */
export async function sweepBucket(stateDir: string): Promise<number> {
  const stores = path.join(stateDir, 'v3/r2')
  const names = await namesIn(stores)
  const buckets = names.filter((name) => name !== INDEXES)
  const indexes = names.includes(INDEXES)
    ? (await namesIn(path.join(stores, INDEXES))).filter((name) => /^[0-9a-f]+\.sqlite$/.test(name))
    : []
  // Whose index is missing cannot be told from the names.
  if (indexes.length < buckets.length) return 0
  // The folders come first: what is entered meanwhile is then in the index, or not yet looked at.
  const blobs = await Promise.all(buckets.map((bucket) => blobsIn(path.join(stores, bucket, 'blobs'))))
  const known = new Set(indexes.flatMap((name) => blobsOf(path.join(stores, INDEXES, name))))
  let freed = 0
  for (const blob of blobs.flat().filter((file) => !known.has(path.basename(file)))) {
    const { size, mtimeMs } = await stat(blob)
    if (Date.now() - mtimeMs < FRESH_MS) continue
    await rm(blob)
    freed += size
  }
  return freed
}

/** None where there is no such folder. */
async function namesIn(folder: string): Promise<string[]> {
  return readdir(folder).catch(() => [])
}

async function blobsIn(folder: string): Promise<string[]> {
  return (await namesIn(folder)).map((name) => path.join(folder, name))
}

/** Blobs of whole files, and of parts of files. */
function blobsOf(index: string): string[] {
  const database = new DatabaseSync(index, { readOnly: true })
  try {
    return database
      .prepare('SELECT blob_id FROM _mf_objects WHERE blob_id IS NOT NULL UNION SELECT blob_id FROM _mf_multipart_parts')
      .all()
      .map(({ blob_id }) => String(blob_id))
  } finally {
    database.close()
  }
}
