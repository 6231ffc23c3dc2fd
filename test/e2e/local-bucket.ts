/** The bucket of a stack on this machine, as it lies in the state folder. */
import { readdir } from 'node:fs/promises'
import path from 'node:path'
import { DatabaseSync } from 'node:sqlite'

/** Reads the bucket's index beside the running stack, which locks it when an idle workerd closes it. Sorted. */
export async function keysInBucket(stateDir: string): Promise<string[]> {
  return inIndex(stateDir, 'SELECT key FROM _mf_objects ORDER BY key')
}

/** Keys of the uploads in parts that are neither complete nor aborted; read as `keysInBucket` reads. */
export async function unfinishedUploads(stateDir: string): Promise<string[]> {
  return inIndex(stateDir, 'SELECT key FROM _mf_multipart_uploads WHERE state = 0 ORDER BY key')
}

async function inIndex(stateDir: string, keysOnly: string): Promise<string[]> {
  const folder = path.join(stateDir, 'v3/r2/miniflare-R2BucketObject')
  const name = (await readdir(folder)).find((file) => /^[0-9a-f]+\.sqlite$/.test(file))
  const database = new DatabaseSync(path.join(folder, name ?? 'missing'), { readOnly: true, timeout: 10_000 })
  try {
    return database
      .prepare(keysOnly)
      .all()
      .map((row) => String(row.key))
  } finally {
    database.close()
  }
}

/**
 * Everything of the bucket's files and of their parts: one blob each. The index beside them is left alone: a reader
 * of a database that workerd is just making can lock it out, and be locked out.
 */
export async function blobsInBucket(stateDir: string): Promise<string[]> {
  const names = await readdir(path.join(stateDir, 'v3/r2'), { recursive: true }).catch(() => [])
  return names.filter((name) => path.basename(path.dirname(name)) === 'blobs')
}
