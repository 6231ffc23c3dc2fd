/** Moves a playlist with all its files from the executor into R2, where they lie under one file id. */
import { fileKey, filesBelow } from '../files/key.ts'
import { storeFile, type UploadContext } from './upload.ts'

const PARALLEL_FILES = 6
/** Each file is two requests, and the platform counts the requests of one alarm. */
const FILES_PER_STEP = 400

export interface PlaylistJob {
  alias: string
  account: string
  fileId: string
}

/**
 * Stores a share of the files, `filesPerStep` at most. Those that are there with their full size are not sent again, so a cut upload goes on where it was.
 * @returns whether all are stored. Throws an ExecutorFailure.
 */
export async function uploadPlaylist(playlist: PlaylistJob, context: UploadContext, filesPerStep = FILES_PER_STEP): Promise<boolean> {
  const { alias, account, fileId } = playlist
  const { executor, job, bucket, signal } = context
  const [files, stored] = await Promise.all([executor.outputFiles(job, alias), storedSizes(bucket, filesBelow(account, fileId))])
  const missing = files.filter(({ name, size_bytes }) => stored.get(fileKey(account, fileId, name)) !== size_bytes)
  const share = missing.slice(0, filesPerStep)
  const left = share.values()
  let failed = false
  const worker = async () => {
    for (const { name, size_bytes } of left) {
      if (failed || signal.aborted) return
      const file = { key: fileKey(account, fileId, name), filename: name, sizeBytes: size_bytes }
      await storeFile(file, (part) => executor.outputFile(job, alias, name, part, signal), context)
    }
  }
  try {
    // All take from the same iterator.
    await Promise.all(Array.from({ length: PARALLEL_FILES }, worker))
  } catch (error) {
    failed = true
    throw error
  }
  return share.length === missing.length && !signal.aborted
}

/** Bytes by key of everything below the prefix. */
async function storedSizes(bucket: R2Bucket, prefix: string): Promise<Map<string, number>> {
  const sizes = new Map<string, number>()
  let cursor: string | undefined
  do {
    const page = await bucket.list({ prefix, ...(cursor !== undefined && { cursor }) })
    for (const { key, size } of page.objects) sizes.set(key, size)
    cursor = page.truncated ? page.cursor : undefined
  } while (cursor !== undefined)
  return sizes
}
