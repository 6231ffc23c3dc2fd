/** Moves one output from the executor into R2, as a stream: memory does not grow with its size. */
import type { ExecutorClient } from '../executor/client.ts'
import { storedHeaders } from '../files/content.ts'

/** Up to this size a file is one PUT; above, parts of it go up side by side. R2 wants all parts but the last to be equal. */
const PART_BYTES = 32 * 1024 * 1024
const PARALLEL_PARTS = 3

export interface OutputJob {
  alias: string
  key: string
  filename: string
  sizeBytes: number
}

export interface UploadContext {
  executor: ExecutorClient
  job: string
  bucket: R2Bucket
  signal: AbortSignal
}

/** Stores the output under its key. Running it again overwrites what a cut upload left. Throws an ExecutorFailure. */
export async function uploadOutput(output: OutputJob, context: UploadContext): Promise<void> {
  const httpMetadata = storedHeaders(output.filename)
  if (output.sizeBytes <= PART_BYTES) {
    await context.bucket.put(output.key, await readPart(output, null, context), { httpMetadata })
    return
  }
  const upload = await context.bucket.createMultipartUpload(output.key, { httpMetadata })
  try {
    await upload.complete(await uploadParts(output, upload, context))
  } catch (error) {
    await upload.abort().catch(() => undefined)
    throw error
  }
}

async function uploadParts(output: OutputJob, upload: R2MultipartUpload, context: UploadContext): Promise<R2UploadedPart[]> {
  const partCount = Math.ceil(output.sizeBytes / PART_BYTES)
  const parts: R2UploadedPart[] = []
  let next = 0
  const worker = async () => {
    for (let index = next++; index < partCount; index = next++) {
      const offset = index * PART_BYTES
      const length = Math.min(PART_BYTES, output.sizeBytes - offset)
      parts[index] = await upload.uploadPart(index + 1, await readPart(output, { offset, length }, context))
    }
  }
  await Promise.all(Array.from({ length: PARALLEL_PARTS }, worker))
  return parts
}

/** R2 wants streams of a known length, and one that came through a Durable Object has lost its own. */
async function readPart(
  output: OutputJob,
  part: { offset: number; length: number } | null,
  context: UploadContext,
): Promise<ReadableStream> {
  const bytes = await context.executor.output(context.job, output.alias, part, context.signal)
  const sized = new FixedLengthStream(part?.length ?? output.sizeBytes)
  // A break surfaces at the reader's end too, where it is handled.
  bytes.pipeTo(sized.writable).catch(() => undefined)
  return sized.readable
}
