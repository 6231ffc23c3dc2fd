/** Letting go of what a stored file holds: the job of its probe, and in the end everything. */
import { type ExecutorClient, ExecutorFailure } from '../executor/client.ts'
import { abortMultipart } from '../files/bucket-writer.ts'
import { takeOffList } from './account-link.ts'
import { bucketKey } from './record.ts'
import type { FileStore } from './store.ts'

export interface Ending {
  store: FileStore
  env: Env
  executor: (slot: number) => ExecutorClient
}

/** The executor keeps a job until it is told not to. One that is gone has wiped it already. */
export async function wipeJob({ store, executor }: Ending): Promise<void> {
  const job = store.leftJob
  if (!job) return
  try {
    await executor(job.slot).remove(job.name)
  } catch (error) {
    if (!(error instanceof ExecutorFailure)) throw error
  }
  store.forgetJob()
}

/** Removes the file from the bucket, the account's list and the executor, and then the last trace of it. Idempotent. */
export async function erase(ending: Ending): Promise<void> {
  const { store, env } = ending
  const { record, multipart } = store
  if (!record) return
  const { spec } = record
  if (multipart) await abortMultipart(env.FILES, bucketKey(spec), multipart.uploadId)
  await env.FILES.delete(bucketKey(spec))
  await wipeJob(ending)
  await takeOffList(spec, env)
  await store.erase()
}
