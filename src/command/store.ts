/** What a command keeps in its object's storage. Every fact is written here and nowhere else. */
import { KeptTransfers } from '../durable/kept-transfers.ts'
import { LeftJobs } from '../durable/left-jobs.ts'
import { StoredUploads } from '../durable/upload-record.ts'
import type { StandardOutputText } from '../executor/protocol.ts'
import { measurements, probeListing } from '../ffmpeg/report.ts'
import { fileKey, filesBelow } from '../files/key.ts'
import { eventIdOf, newOutbox, type Outbox } from '../webhooks/outbox.ts'
import { jobName } from './job-name.ts'
import type { CommandRecord, CommandSpec, Printed } from './record.ts'
import {
  type CommandEvent,
  type CommandState,
  INITIAL_STATE,
  isTerminal,
  type ProcessingState,
  type StoredOutput,
  type StoredState,
  transition,
  upToDate,
  type WrittenOutput,
} from './state.ts'

export class CommandStore {
  /** What its attempts have left at their executors. */
  readonly leftJobs: LeftJobs
  /** How far its inputs have come. */
  readonly transfers: KeptTransfers
  /** Uploads in parts of its outputs. Outside of UPLOADING nobody will go on with those that are there. */
  readonly uploads: StoredUploads
  readonly #storage: DurableObjectStorage
  #record: CommandRecord | null
  #isDeleted: boolean

  constructor(storage: DurableObjectStorage) {
    this.#storage = storage
    this.leftJobs = new LeftJobs(storage)
    this.transfers = new KeptTransfers(storage)
    this.uploads = new StoredUploads(storage)
    const record = storage.kv.get<Omit<CommandRecord, 'state'> & { state: StoredState }>('record')
    this.#record = record === undefined ? null : { ...record, state: upToDate(record.state, Date.now()) }
    this.#isDeleted = storage.kv.get<boolean>('deleted') ?? false
  }

  /** Null until the command is submitted, and after everything of it is gone. Replaced, never changed, when something of it changes. */
  get record(): CommandRecord | null {
    return this.#record
  }

  get mustExist(): CommandRecord {
    if (!this.#record) throw new Error('this command was never submitted')
    return this.#record
  }

  /** Records a new command, and with it the first that happens to it, if anything has. Answers its state. */
  create(spec: CommandSpec, event: CommandEvent | null): CommandState {
    const state = event === null ? INITIAL_STATE : transition(INITIAL_STATE, event)
    this.#save({ spec, state, deletedFiles: [] })
    return state
  }

  /** Records an event, and with it what must never be apart from it. Answers the new state, or null if the event does not apply. */
  apply(event: CommandEvent): CommandState | null {
    const record = this.mustExist
    const before = record.state
    const after = transition(before, event)
    if (after === before) return null
    this.#storage.transactionSync(() => {
      this.#save({ ...record, state: after })
      if (before.status === 'PROCESSING' && before.stage !== 'QUEUED' && hasLeft(before, after)) this.#discardAttempt(before, after)
    })
    return after
  }

  /** The outputs that clients can still see, by alias. */
  get visibleOutputs(): Record<string, StoredOutput> {
    const { state, deletedFiles } = this.mustExist
    if (state.status !== 'SUCCESS') return {}
    return Object.fromEntries(Object.entries(state.outputs).filter(([, { fileId }]) => !deletedFiles.includes(fileId)))
  }

  /** Takes outputs away from the command, for which its end is to be told anew: one, or all of them. Answers how many files these were. */
  deleteFiles(which: { fileId: string } | 'all'): number {
    const record = this.mustExist
    const visible = Object.entries(this.visibleOutputs)
    const deleted = Object.fromEntries(visible.filter(([, { fileId }]) => which === 'all' || fileId === which.fileId))
    const ids = Object.values(deleted).map(({ fileId }) => fileId)
    if (ids.length === 0) return 0
    this.#storage.transactionSync(() => {
      this.#save({ ...record, deletedFiles: [...record.deletedFiles, ...ids] })
      this.#storage.kv.put('garbage', [...this.garbage, ...outputKeys(record.spec, deleted)])
      this.#storage.kv.delete('settled')
    })
    return filesIn(deleted)
  }

  /** Whether the command is on its way out: nobody sees it any more. */
  get isDeleted(): boolean {
    return this.#isDeleted
  }

  /** Records that everything of the command is to go. Idempotent. */
  delete(): void {
    if (this.#isDeleted) return
    const outputs = outputKeys(this.mustExist.spec, this.visibleOutputs)
    this.#storage.transactionSync(() => {
      if (outputs.length > 0) this.#storage.kv.put('garbage', [...this.garbage, ...outputs])
      this.#storage.kv.put('deleted', true)
    })
    this.#isDeleted = true
  }

  /** Forgets that there was a command. */
  async erase(): Promise<void> {
    await this.#storage.deleteAlarm()
    await this.#storage.deleteAll()
    this.#record = null
    this.#isDeleted = false
  }

  /** The webhook of the command's end; null until then. Before its first attempt it follows from the record, and is not stored. */
  get outbox(): Outbox | null {
    if (!this.#record || !isTerminal(this.#record.state)) return null
    const { spec, state } = this.#record
    return this.#storage.kv.get<Outbox>('outbox') ?? newOutbox(eventIdOf(spec.id), state.endedAt)
  }

  set outbox(outbox: Outbox) {
    this.#put('outbox', outbox)
  }

  /** FFmpeg's stderr. */
  get log(): string {
    return this.#storage.kv.get<string>('log') ?? ''
  }

  set log(text: string) {
    this.#put('log', text)
  }

  get printed(): Printed {
    const { kv } = this.#storage
    return { stdout: kv.get<StandardOutputText>('stdout') ?? null, report: kv.get<string>('report') ?? null }
  }

  set stdout(stdout: StandardOutputText | null) {
    if (stdout === null) this.#storage.kv.delete('stdout')
    else this.#storage.kv.put('stdout', stdout)
  }

  /** Keeps of the log what is told with the command itself. */
  keepReport(): void {
    const { log } = this
    const report = measurements(log) || (this.printed.stdout === null ? probeListing(log) : '')
    if (report !== '') this.#storage.kv.put('report', report)
  }

  /** Whether the account knows of the end. */
  get settled(): boolean {
    return this.#storage.kv.get<boolean>('settled') ?? false
  }

  settle(): void {
    this.#storage.kv.put('settled', true)
  }

  /** Where outputs lie in the bucket that nobody is to see, as `deleteFiles` takes it. */
  get garbage(): string[] {
    return this.#storage.kv.get<string[]>('garbage') ?? []
  }

  /** What has come to it meanwhile stays. */
  forgetGarbage(deleted: string[]): void {
    this.#put(
      'garbage',
      this.garbage.filter((key) => !deleted.includes(key)),
    )
  }

  #discardAttempt(before: Exclude<ProcessingState, { stage: 'QUEUED' }>, after: CommandState): void {
    const { spec } = this.mustExist
    this.leftJobs.leave({ slot: before.slot, name: jobName(spec, before) })
    // The next attempt has a log of its own.
    if (!isTerminal(after)) for (const key of ['log', 'stdout', 'report']) this.#storage.kv.delete(key)
    if (before.stage === 'UPLOADING' && after.status !== 'SUCCESS') {
      this.#storage.kv.put('garbage', [...this.garbage, ...outputKeys(spec, before.outputs)])
    }
  }

  /** Of an answer that comes after the command was erased nothing is kept: a single value would be an object again. */
  #put(key: string, value: unknown): void {
    if (this.#record) this.#storage.kv.put(key, value)
  }

  #save(record: CommandRecord): void {
    this.#storage.kv.put('record', record)
    this.#record = record
  }
}

/** Where a command's outputs lie in the bucket, as `deleteFiles` takes it: a key for each, or of a playlist the prefix of all its files. */
function outputKeys(spec: CommandSpec, outputs: Record<string, WrittenOutput>): string[] {
  return Object.values(outputs).map(({ fileId, filename, bundle }) =>
    bundle?.kind === 'playlist' ? filesBelow(spec.account, fileId) : fileKey(spec.account, fileId, filename),
  )
}

/** How many files the outputs are: a playlist is as many as it refers to, and itself. */
function filesIn(outputs: Record<string, WrittenOutput>): number {
  return Object.values(outputs).reduce((sum, { bundle }) => sum + (bundle?.kind === 'playlist' ? bundle.fileCount : 1), 0)
}

function hasLeft(before: ProcessingState, after: CommandState): boolean {
  return after.status !== 'PROCESSING' || after.stage === 'QUEUED' || after.attempt !== before.attempt
}
