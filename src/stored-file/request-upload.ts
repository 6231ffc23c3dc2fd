/** A file that comes in the body of one request: its bytes go straight to the bucket, and its object watches over them. */
import type { BegunUpload, UploadRecord } from '../durable/upload-record.ts'
import { BucketObject } from '../files/bucket-object.ts'
import { BucketWriter } from '../files/bucket-writer.ts'
import { log } from '../logging/log.ts'
import { settingsOf } from '../settings.ts'
import { bucketKey, type FileListing, type FileSpec } from './record.ts'

/** A request that dies is not resumed: all that its file's object needs to know is what is to be aborted then. */
class RequestRecord implements UploadRecord {
  readonly etags = new Map<number, string>()
  begun: BegunUpload | null = null
  readonly #keep: (upload: BegunUpload) => Promise<void>

  constructor(keep: (upload: BegunUpload) => Promise<void>) {
    this.#keep = keep
  }

  async begin(upload: BegunUpload): Promise<void> {
    this.begun = upload
    await this.#keep(upload)
  }

  putPart(number: number, etag: string): void {
    this.etags.set(number, etag)
  }

  /** The object forgets it by itself, when it is told that the bytes are there or that there will be none. */
  forget(): void {
    this.begun = null
    this.etags.clear()
  }
}

export class RequestUpload {
  readonly #spec: FileSpec
  readonly #env: Env
  readonly #writer: BucketWriter

  private constructor(spec: FileSpec, env: Env) {
    this.#spec = spec
    this.#env = env
    this.#writer = new BucketWriter({
      target: new BucketObject(env.FILES, bucketKey(spec), spec.filename),
      record: new RequestRecord((upload) => this.#stub.keepUpload(upload)),
      maxBytes: settingsOf(env).maxInputBytes,
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
