/** One key of the bucket, as the target of what is stored there. */
import { type FileTarget, type NumberedPart, UploadGone } from '../durable/store-file.ts'
import { log } from '../logging/log.ts'
import { storedHeaders } from './content.ts'

/** Of R2's errors, as it says it at the end of their messages. */
const NO_SUCH_UPLOAD = '(10024)'
const ABORT_ATTEMPTS = 3

export class BucketObject implements FileTarget {
  readonly #bucket: R2Bucket
  readonly #key: string
  readonly #filename: string

  /** @param filename by which browsers are told what it is */
  constructor(bucket: R2Bucket, key: string, filename: string) {
    this.#bucket = bucket
    this.#key = key
    this.#filename = filename
  }

  async put(body: ReadableStream | Uint8Array): Promise<void> {
    await this.#bucket.put(this.#key, body, { httpMetadata: storedHeaders(this.#filename) })
  }

  async begin(): Promise<string> {
    return (await this.#bucket.createMultipartUpload(this.#key, { httpMetadata: storedHeaders(this.#filename) })).uploadId
  }

  async putPart(uploadId: string, number: number, body: ReadableStream | Uint8Array): Promise<string> {
    return (await told(this.#bucket.resumeMultipartUpload(this.#key, uploadId).uploadPart(number, body))).etag
  }

  async complete(uploadId: string, parts: NumberedPart[]): Promise<void> {
    await told(this.#bucket.resumeMultipartUpload(this.#key, uploadId).complete(parts))
  }

  abort(uploadId: string): Promise<void> {
    return abortMultipart(this.#bucket, this.#key, uploadId)
  }

  async size(): Promise<number | null> {
    return (await this.#bucket.head(this.#key))?.size ?? null
  }
}

/** Ends a multipart upload and frees what it takes. One that is over, whichever way, stays as it is. */
export async function abortMultipart(bucket: R2Bucket, key: string, uploadId: string): Promise<void> {
  for (let attempt = 1; attempt <= ABORT_ATTEMPTS; attempt++) {
    try {
      await bucket.resumeMultipartUpload(key, uploadId).abort()
      return
    } catch (error) {
      if (isGone(error)) return
      // R2 forgets an upload by itself after a week.
      if (attempt === ABORT_ATTEMPTS) log('warn', 'bucket.upload_not_aborted', { key, error })
    }
  }
}

async function told<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer
  } catch (error) {
    throw isGone(error) ? new UploadGone('there is no such upload', { cause: error }) : error
  }
}

function isGone(error: unknown): boolean {
  return error instanceof Error && error.message.includes(NO_SUCH_UPLOAD)
}
