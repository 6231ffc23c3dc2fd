/** Moves a playlist with all its files from the executor into R2, where they lie under one file id. */
import { type Budget, spend } from '../durable/budget.ts'
import { type StoreRules, storeFile } from '../durable/store-file.ts'
import { sideBySide } from '../durable/turns.ts'
import type { StoredUploads } from '../durable/upload-record.ts'
import type { ExecutorClient } from '../executor/client.ts'
import { BucketObject } from '../files/bucket-object.ts'
import { fileKey, filesBelow } from '../files/key.ts'

export interface PlaylistJob {
  alias: string
  account: string
  fileId: string
}

export interface PlaylistContext extends StoreRules {
  executor: ExecutorClient
  job: string
  bucket: R2Bucket
  /** Of those of its files that are stored in parts. */
  uploads: StoredUploads
}

/**
 * Stores the files. Those that are there with their full size are not sent again, so that the next call goes on where this one was cut.
 * Throws an ExecutorFailure, and OutOfBudget where the next alarm is to go on.
 */
export async function uploadPlaylist(playlist: PlaylistJob, context: PlaylistContext): Promise<void> {
  const { alias, account, fileId } = playlist
  const { executor, job, bucket, uploads, turns, budget } = context
  const [files, stored] = await turns.take(async () => {
    spend(budget)
    return Promise.all([executor.outputFiles(job, alias), storedSizes(bucket, filesBelow(account, fileId), budget)])
  })
  const missing = files.filter(({ name, size_bytes }) => stored.get(fileKey(account, fileId, name)) !== size_bytes)
  await sideBySide(missing, { signal: context.signal }, (file, signal) => {
    const { name, size_bytes } = file
    const key = fileKey(account, fileId, name)
    const read = (part: { offset: number; length: number } | null, ended: AbortSignal) => executor.outputFile(job, alias, name, part, ended)
    return storeFile(size_bytes, read, new BucketObject(bucket, key, name), uploads.of(key), { ...context, signal })
  })
}

/** Bytes by key of everything below the prefix. */
async function storedSizes(bucket: R2Bucket, prefix: string, budget: Budget): Promise<Map<string, number>> {
  const sizes = new Map<string, number>()
  let cursor: string | undefined
  do {
    spend(budget)
    const page = await bucket.list({ prefix, ...(cursor !== undefined && { cursor }) })
    for (const { key, size } of page.objects) sizes.set(key, size)
    cursor = page.truncated ? page.cursor : undefined
  } while (cursor !== undefined)
  return sizes
}
