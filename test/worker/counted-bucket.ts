/** The bucket, with what is asked of it counted, so that a test may tell whether uploads in parts are all brought to an end. */
import { env } from 'cloudflare:workers'

export class CountedBucket {
  readonly begun: string[] = []
  readonly ended: string[] = []
  /** Parts that were brought, by number, in the order in which they arrived. */
  readonly parts: number[] = []
  /** Called before each part is stored. What it throws is what the bucket answers. */
  beforePart: (number: number) => Promise<void> = async () => undefined

  /** Called after each upload was begun, and before it is told. */
  afterBegin: () => Promise<void> = async () => undefined

  /** Called when all bytes of an object have come that is put as a whole, and before it is stored. */
  beforeStored: (() => Promise<void>) | null = null

  /** Uploads that were begun, and neither completed nor aborted. */
  get open(): string[] {
    return this.begun.filter((id) => !this.ended.includes(id))
  }

  get bucket(): R2Bucket {
    return new Proxy(env.FILES, {
      get: (files, name) => {
        if (name === 'createMultipartUpload') {
          return async (...args: Parameters<R2Bucket['createMultipartUpload']>) => {
            const upload = await files.createMultipartUpload(...args)
            this.begun.push(upload.uploadId)
            await this.afterBegin()
            return upload
          }
        }
        if (name === 'put' && this.beforeStored !== null) return this.#putLater(files, this.beforeStored)
        if (name === 'resumeMultipartUpload') return (key: string, id: string) => this.#upload(files.resumeMultipartUpload(key, id))
        const value: unknown = Reflect.get(files, name)
        return typeof value === 'function' ? value.bind(files) : value
      },
    })
  }

  #putLater(files: R2Bucket, beforeStored: () => Promise<void>) {
    return async (key: string, body: ReadableStream, options: R2PutOptions) => {
      const bytes = await new Response(body).arrayBuffer()
      await beforeStored()
      return files.put(key, bytes, options)
    }
  }

  #upload(upload: R2MultipartUpload): R2MultipartUpload {
    const { key, uploadId } = upload
    return {
      key,
      uploadId,
      uploadPart: async (number, body) => {
        await this.beforePart(number)
        const part = await upload.uploadPart(number, body)
        this.parts.push(number)
        return part
      },
      complete: async (parts) => {
        const object = await upload.complete(parts)
        this.ended.push(uploadId)
        return object
      },
      abort: async () => {
        await upload.abort()
        this.ended.push(uploadId)
      },
    }
  }
}
