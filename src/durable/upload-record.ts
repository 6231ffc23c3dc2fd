/** What is kept of an upload in parts, a row for each part: what is needed to go on with it after any cut, or to abort it. */

export interface BegunUpload {
  uploadId: string
  /** All parts but the last have so many bytes. */
  partBytes: number
}

/** Each change is recorded before anything is built on it. */
export interface UploadRecord {
  /** Null where none is under way. */
  readonly begun: BegunUpload | null
  /** ETag of each part that is there, by its number, from 1. */
  readonly etags: ReadonlyMap<number, string>
  begin(upload: BegunUpload): void | Promise<void>
  putPart(number: number, etag: string): void | Promise<void>
  /** It was completed, or aborted. */
  forget(): void | Promise<void>
}

type Storage = Pick<DurableObjectStorage, 'kv' | 'transactionSync'>

export class StoredUpload implements UploadRecord {
  readonly #storage: Storage
  readonly #key: string
  readonly #partPrefix: string

  /** @param key under which it is stored, and the parts below `partPrefix` */
  constructor(storage: Storage, key: string, partPrefix: string) {
    this.#storage = storage
    this.#key = key
    this.#partPrefix = partPrefix
  }

  get begun(): BegunUpload | null {
    return this.#storage.kv.get<BegunUpload>(this.#key) ?? null
  }

  get etags(): ReadonlyMap<number, string> {
    return new Map(Array.from(this.#parts(), ([key, etag]) => [Number(key.slice(this.#partPrefix.length)), etag]))
  }

  begin(upload: BegunUpload): void {
    this.#storage.kv.put(this.#key, upload)
  }

  putPart(number: number, etag: string): void {
    this.#storage.kv.put(this.#partPrefix + number, etag)
  }

  forget(): void {
    this.#storage.transactionSync(() => {
      this.#storage.kv.delete(this.#key)
      for (const [key] of Array.from(this.#parts())) this.#storage.kv.delete(key)
    })
  }

  #parts(): Iterable<[string, string]> {
    return this.#storage.kv.list<string>({ prefix: this.#partPrefix })
  }
}

const PREFIX = 'upload:'
const PART_PREFIX = 'upload-part:'

/** The uploads of an object that has several, by where each goes. */
export class StoredUploads {
  readonly #storage: Storage

  constructor(storage: Storage) {
    this.#storage = storage
  }

  /** @param place the key in the bucket, of which none goes on where another one has ended in a slash */
  of(place: string): StoredUpload {
    return new StoredUpload(this.#storage, PREFIX + place, `${PART_PREFIX}${place}/`)
  }

  /** Those that are under way. */
  get all(): { place: string; uploadId: string }[] {
    const begun = this.#storage.kv.list<BegunUpload>({ prefix: PREFIX })
    return Array.from(begun, ([key, { uploadId }]) => ({ place: key.slice(PREFIX.length), uploadId }))
  }
}
