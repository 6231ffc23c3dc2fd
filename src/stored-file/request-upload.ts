/** A file that comes in the body of one request: its bytes go straight to the bucket, and its object watches over them. */
import { BucketWriter } from '../files/bucket-writer.ts'
import { log } from '../logging/log.ts'
import { settingsOf } from '../settings.ts'
import { bucketKey, type FileListing, type FileSpec } from './record.ts'

export class RequestUpload {
  readonly #spec: FileSpec
  readonly #env: Env
  readonly #writer: BucketWriter

  private constructor(spec: FileSpec, env: Env) {
    this.#spec = spec
    this.#env = env
    this.#writer = new BucketWriter({
      bucket: env.FILES,
      key: bucketKey(spec),
      filename: spec.filename,
      maxBytes: settingsOf(env).maxInputBytes,
      progress: null,
      onProgress: async (progress) => {
        // The parts need no remembering: a request that dies is not resumed.
        if (progress === null || progress.etags.length === 0) await this.#stub.keepMultipart(progress)
      },
    })
  }

  /** Makes the file known to its object first, so that whatever happens to the request, nothing is left behind. */
  static async begin(spec: FileSpec, env: Env): Promise<RequestUpload> {
    const upload = new RequestUpload(spec, env)
    await upload.#stub.begin(spec)
    return upload
  }

  get bytes(): number {
    return this.#writer.bytes
  }

  write(bytes: Uint8Array): Promise<void> {
    return this.#writer.write(bytes)
  }

  /** All bytes are written: the file is stored. */
  async finish(): Promise<FileListing> {
    const stored = await this.#stub.bytesStored(await this.#writer.close())
    const file = stored ? await this.#stub.read(this.#spec.account) : null
    if (!file) {
      await this.#env.FILES.delete(bucketKey(this.#spec))
      throw new Error('the upload was given up while it went on')
    }
    return file
  }

  /** Nothing of it stays. Never rejects: what is not cleared away here, the file's object clears away later. */
  async abandon(): Promise<void> {
    try {
      await this.#writer.discard()
      await this.#stub.abandon()
    } catch (error) {
      log('warn', 'file.not_abandoned', { file_id: this.#spec.id, error })
    }
  }

  get #stub() {
    return this.#env.STORED_FILE.get(this.#env.STORED_FILE.idFromName(this.#spec.id))
  }
}
