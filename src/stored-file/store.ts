/** What a stored file keeps in its object's storage. Every fact is written here and nowhere else. */
import { KeptTransfers } from '../durable/kept-transfers.ts'
import { LeftJobs } from '../durable/left-jobs.ts'
import { StoredUpload } from '../durable/upload-record.ts'
import type { FileRecord, FileSpec } from './record.ts'
import { type FileEvent, type FileState, transition } from './state.ts'

export class FileStore {
  /** What its probes have left at their executors. */
  readonly leftJobs: LeftJobs
  /** The upload in parts that is under way in the bucket, by whomever the parts are sent. */
  readonly upload: StoredUpload
  /** How far its bytes have come, from a URL to the bucket and from there to whoever probes them. */
  readonly transfers: KeptTransfers
  readonly #storage: DurableObjectStorage
  #record: FileRecord | null

  constructor(storage: DurableObjectStorage) {
    this.#storage = storage
    this.leftJobs = new LeftJobs(storage)
    this.upload = new StoredUpload(storage, 'multipart', 'part:')
    this.transfers = new KeptTransfers(storage)
    this.#record = storage.kv.get<FileRecord>('record') ?? null
  }

  /** Null until the file is begun, and after everything of it is gone. Replaced, never changed. */
  get record(): FileRecord | null {
    return this.#record
  }

  get mustExist(): FileRecord {
    if (!this.#record) throw new Error('this file was never begun')
    return this.#record
  }

  create(spec: FileSpec, state: FileState): void {
    this.#storage.transactionSync(() => this.#save({ spec, state }))
  }

  /** Records an event, and with it what must never be apart from it. Answers the new state, or null if the event does not apply. */
  apply(event: FileEvent): FileState | null {
    const { spec, state: before } = this.mustExist
    const after = transition(before, event)
    if (after === before) return null
    this.#storage.transactionSync(() => {
      if (before.status === 'STORED' && before.probe.stage === 'RUNNING') {
        this.leftJobs.leave({ slot: before.probe.slot, name: probeJobName(spec, before.probe) })
      }
      if (before.status !== 'STORED' && after.status === 'STORED') this.upload.forget()
      this.#save({ spec, state: after })
    })
    return after
  }

  /** Whether the account has yet to be told how the file stands. */
  get untold(): boolean {
    return this.#storage.kv.get<boolean>('untold') ?? false
  }

  markTold(): void {
    this.#storage.kv.delete('untold')
  }

  /** Forgets that there was a file. */
  async erase(): Promise<void> {
    await this.#storage.deleteAlarm()
    await this.#storage.deleteAll()
    this.#record = null
  }

  #save(record: FileRecord): void {
    this.#storage.kv.put('record', record)
    this.#storage.kv.put('untold', true)
    this.#record = record
  }
}

/** `<file_id>.<attempt>`, the executor's name for this attempt to look into the file. */
export function probeJobName(spec: FileSpec, probe: { attempt: number }): string {
  return `${spec.id}.${probe.attempt}`
}
