/** Letting go of what a stored file holds: the job of its probe, and in the end everything. */
import type { ExecutorClient } from '../executor/client.ts'
import { abortMultipart } from '../files/bucket-object.ts'
import { takeOffList } from './account-link.ts'
import { bucketKey } from './record.ts'
import type { FileStore } from './store.ts'

export interface Ending {
  store: FileStore
  env: Env
  executor: (slot: number) => ExecutorClient
}

/**
 * Removes the file from the bucket, the account's list and the executor, and then the last trace of it. Idempotent.
 * @returns when an executor that has not confirmed it is to be asked again, in ms since the epoch; null when nothing is left
 */
export async function erase({ store, env, executor }: Ending): Promise<number | null> {
  const { record } = store
  if (!record) return null
  const { spec } = record
  await abortUpload(store, env)
  await env.FILES.delete(bucketKey(spec))
  await takeOffList(spec, env)
  await store.leftJobs.wipe(executor)
  if (store.leftJobs.dueAt !== null) return store.leftJobs.dueAt
  await store.erase()
  return null
}

/** Ends the upload in parts of bytes that will never be whole. Idempotent. */
export async function abortUpload(store: FileStore, env: Env): Promise<void> {
  const { begun } = store.upload
  if (begun === null) return
  await abortMultipart(env.FILES, bucketKey(store.mustExist.spec), begun.uploadId)
  // Of a file that was erased meanwhile nothing is there to be forgotten.
  if (store.record) store.upload.forget()
}
