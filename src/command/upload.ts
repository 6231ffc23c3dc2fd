/** Moves one output from the executor into R2, as a stream: memory does not grow with its size. */
import type { ExecutorClient } from '../executor/client.ts'
import { storedHeaders } from '../files/content.ts'

const PARALLEL_PARTS = 3

export interface FileToStore {
  key: string
  filename: string
  sizeBytes: number
}

export interface OutputJob extends FileToStore {
  alias: string
}

/** Reads the file: all of it, or a part. */
type ReadFile = (part: { offset: number; length: number } | null) => Promise<ReadableStream>

export interface UploadContext {
  executor: ExecutorClient
  job: string
  bucket: R2Bucket
  /** Up to this size a file is one PUT; above, parts of it go up side by side. R2 wants all parts but the last to be equal. */
  partBytes: number
  signal: AbortSignal
}

type StoreContext = Pick<UploadContext, 'bucket' | 'partBytes'>

/** Stores the output under its key. Running it again overwrites what a cut upload left. Throws an ExecutorFailure. */
export function uploadOutput(output: OutputJob, context: UploadContext): Promise<void> {
  return storeFile(output, (part) => context.executor.output(context.job, output.alias, part, context.signal), context)
}

/** Stores one file under its key, in parts where it is large. */
export async function storeFile(file: FileToStore, read: ReadFile, { bucket, partBytes }: StoreContext): Promise<void> {
  const httpMetadata = storedHeaders(file.filename)
  if (file.sizeBytes <= partBytes) {
    await bucket.put(file.key, await sizedStream(read, null, file.sizeBytes), { httpMetadata })
    return
  }
  const upload = await bucket.createMultipartUpload(file.key, { httpMetadata })
  try {
    await upload.complete(await uploadParts(file, read, upload, partBytes))
  } catch (error) {
    await upload.abort().catch(() => undefined)
    throw error
  }
}

async function uploadParts(file: FileToStore, read: ReadFile, upload: R2MultipartUpload, partBytes: number): Promise<R2UploadedPart[]> {
  const partCount = Math.ceil(file.sizeBytes / partBytes)
  const parts: R2UploadedPart[] = []
  let next = 0
  const worker = async () => {
    for (let index = next++; index < partCount; index = next++) {
      const offset = index * partBytes
      const length = Math.min(partBytes, file.sizeBytes - offset)
      parts[index] = await upload.uploadPart(index + 1, await sizedStream(read, { offset, length }, length))
    }
  }
  await Promise.all(Array.from({ length: PARALLEL_PARTS }, worker))
  return parts
}

/** R2 wants streams of a known length, and one that came through a Durable Object has lost its own. */
async function sizedStream(read: ReadFile, part: { offset: number; length: number } | null, length: number): Promise<ReadableStream> {
  const bytes = await read(part)
  const sized = new FixedLengthStream(length)
  // A break surfaces at the reader's end too, where it is handled.
  bytes.pipeTo(sized.writable).catch(() => undefined)
  return sized.readable
}
