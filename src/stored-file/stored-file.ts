/** One object per stored file, named by its id: the only writer of the file's state. What a request does not finish, its alarms do. */
import { DurableObject } from 'cloudflare:workers'
import { AlarmLoop } from '../durable/alarm-loop.ts'
import type { Budget } from '../durable/budget.ts'
import { ENGINE_LIMITS, type EngineLimits } from '../durable/limits.ts'
import type { SlotLease } from '../durable/slot-lease.ts'
import type { BegunUpload } from '../durable/upload-record.ts'
import type { ExecutorClient } from '../executor/client.ts'
import { executorFor } from '../executor/connect.ts'
import { log } from '../logging/log.ts'
import { settingsOf } from '../settings.ts'
import { leaseOf, takeOffList, tellAccount } from './account-link.ts'
import { abortUpload, type Ending, erase } from './ending.ts'
import { fetchFile } from './fetch.ts'
import type { GivenPart } from './parts.ts'
import { probeStored } from './probe.ts'
import { bucketKey, type FileListing, type FileRecord, type FileSpec, listingOf } from './record.ts'
import { type At, type FileEvent, factsDueAt, initialState, type Probe } from './state.ts'
import { logState } from './state-log.ts'
import { FileStore } from './store.ts'
import { type Completion, completeParts, openParts, type PartTarget, partTarget } from './upload-in-parts.ts'

export class StoredFile extends DurableObject<Env> {
  readonly #store: FileStore
  readonly #limits: EngineLimits
  readonly #alarms: AlarmLoop

  constructor(ctx: DurableObjectState, env: Env, limits = ENGINE_LIMITS) {
    super(ctx, env)
    this.#store = new FileStore(ctx.storage)
    this.#limits = limits
    this.#alarms = new AlarmLoop(ctx.storage, limits)
  }

  /** Stores a new file and sets it going. A second call with the same id changes nothing. */
  async begin(spec: FileSpec): Promise<void> {
    if (this.#store.record) return
    this.#store.create(spec, initialState(spec.source, Date.now()))
    await this.#alarms.wake()
    if (spec.source.type === 'PARTS') await openParts(this.#store, this.env.FILES)
    await this.#tellSoon()
  }

  /** The upload in parts that the bytes of a request go to, so that it is aborted should the request die. */
  async keepUpload(upload: BegunUpload): Promise<void> {
    if (this.#store.record?.state.status !== 'UPLOADING') throw new Error('the upload was given up')
    this.#store.upload.begin(upload)
  }

  /** The bytes of a request are in the bucket. Answers false when the file was given up meanwhile. */
  async bytesStored(sizeBytes: number): Promise<boolean> {
    if (!this.#store.record) return false
    this.#apply({ type: 'bytes_stored', sizeBytes, now: Date.now() })
    await this.#alarms.wake()
    if (this.#store.record.state.status !== 'STORED') return false
    await this.#tellSoon()
    return true
  }

  /** The request that brought the bytes has failed: nothing of the file stays. */
  async abandon(): Promise<void> {
    if (!this.#store.record) return
    this.#apply({ type: 'deleted' })
    await this.#alarms.wake()
    await this.#removeFromSight()
  }

  /** Where a part goes. Null for an unknown file, and for one of another account. */
  async partTarget(account: string, partNumber: number): Promise<PartTarget | null> {
    return this.#recordFor(account) && partTarget(this.#store, partNumber)
  }

  /** A part is in the bucket. Answers false when the upload is over. */
  async partStored(partNumber: number, etag: string): Promise<boolean> {
    if (this.#store.record?.state.status !== 'UPLOADING') return false
    this.#store.upload.putPart(partNumber, etag)
    return true
  }

  /** Makes the file of its parts; null as in `partTarget`. Idempotent. */
  async completeUpload(account: string, parts: GivenPart[]): Promise<{ completion: Completion; file: FileListing } | null> {
    const record = this.#recordFor(account)
    if (!record) return null
    const completion = await completeParts(this.#store, this.env.FILES, parts)
    const { source } = record.spec
    if (completion.kind === 'complete' && source.type === 'PARTS' && !(await this.bytesStored(source.sizeBytes))) {
      // The file was deleted while its parts were put together.
      await this.env.FILES.delete(bucketKey(record.spec))
    }
    const file = await this.read(account)
    return file && { completion, file }
  }

  /** The file as it stands; null as in `partTarget`. */
  async read(account: string): Promise<FileListing | null> {
    await this.#endPatience()
    if (this.#recordFor(account)) await this.#tellSoon()
    const record = this.#recordFor(account)
    return record && listingOf(record)
  }

  /** Deletes the file. Answers false where `read` answers null. */
  async delete(account: string): Promise<boolean> {
    const record = this.#recordFor(account)
    if (!record) return false
    const isBeingWritten = record.state.status === 'FETCHING'
    this.#apply({ type: 'deleted' })
    this.#alarms.interrupt()
    await this.#alarms.wake()
    // What is being written is removed when nobody writes it any more, which only the alarm knows.
    if (!isBeingWritten) await this.#removeFromSight()
    else await takeOffList(record.spec, this.env)
    return true
  }

  /** Which slot the account has given to the file; null where it has none, or not any more. Answers false when there is no such file. */
  async poke(slot: number | null): Promise<boolean> {
    const { record } = this.#store
    if (!record) return false
    const { state } = record
    const probe = state.status === 'STORED' ? state.probe : null
    // Between two attempts it first wipes what the last one has left, and asks for itself.
    if (slot !== null && probe?.stage === 'WAITING' && probe.attempt === 0) this.#apply({ type: 'admitted', slot })
    if (probe?.stage === 'RUNNING' && !(await this.#lease().renew(probe.slot))) {
      this.#apply({ type: 'probe_lost', attempt: probe.attempt, now: Date.now() })
      this.#alarms.interrupt()
    }
    await this.#alarms.wake()
    return true
  }

  override async alarm(): Promise<void> {
    await this.#alarms.run({
      exists: () => this.#store.record !== null,
      advance: (budget) => this.#advance(budget),
      onFault: (error, faults, isLast) => this.#onFault(error, faults, isLast),
    })
  }

  /** One step. Answers when the next one is due, in ms since the epoch; null when nothing is left to do. */
  async #advance(budget: Budget): Promise<number | null> {
    const { state } = this.#store.mustExist
    switch (state.status) {
      case 'UPLOADING':
        return this.#awaitUpload(state)
      case 'FETCHING':
        return this.#fetch(state, budget)
      case 'STORED':
        return state.probe.stage === 'DONE' ? this.#keepUntil(state.storedAt) : this.#findOut(state.probe, budget)
      case 'FAILED':
        await abortUpload(this.#store, this.env)
        return this.#keepUntil(state.failedAt)
      case 'DELETED':
        return erase(this.#ending())
      default:
        return state satisfies never
    }
  }

  async #awaitUpload(state: At<'UPLOADING'>): Promise<number> {
    if (state.expiresAt > Date.now()) {
      await this.#tell()
      return state.expiresAt
    }
    this.#apply({ type: 'deleted' })
    return Date.now()
  }

  async #fetch(state: At<'FETCHING'>, budget: Budget): Promise<number> {
    const { source } = this.#store.mustExist.spec
    if (source.type !== 'URL') throw new Error('only a file with a URL is fetched')
    await this.#tell()
    const event = await fetchFile(source.url, state.since, this.#store, this.env, budget)
    if (event) this.#apply(event)
    return Date.now()
  }

  async #findOut(probe: Exclude<Probe, { stage: 'DONE' }>, budget: Budget): Promise<number> {
    await this.#endPatience()
    const { spec, state } = this.#store.mustExist
    if (state.status !== 'STORED') return Date.now()
    if (probe.stage === 'WAITING') return Math.min(factsDueAt(state), await this.#askForSlot(probe))
    const { attempt, slot } = probe
    const wait = Math.min(factsDueAt(state) - Date.now(), this.#limits.sliceMs)
    const patience = setTimeout(() => this.ctx.waitUntil(this.#endPatience()), wait)
    const { transfers } = this.#store
    const { pieceBytes } = this.#limits
    const context = { bucket: this.env.FILES, executor: this.#executor(slot), transfers, sizeBytes: state.sizeBytes, pieceBytes, budget }
    let isLost = false
    try {
      const event = await this.#lease().hold(
        slot,
        () => probeStored(spec, attempt, context),
        () => {
          isLost = true
          this.#alarms.interrupt()
        },
      )
      if (event) this.#apply(event)
      else if (isLost) this.#apply({ type: 'probe_lost', attempt, now: Date.now() })
    } finally {
      clearTimeout(patience)
    }
    return Date.now()
  }

  async #askForSlot(probe: Extract<Probe, { stage: 'WAITING' }>): Promise<number> {
    await this.#tell()
    if (probe.retryAt > Date.now()) return probe.retryAt
    await this.#wipeJobs()
    const turn = await this.#lease().ask()
    if (turn.kind === 'waiting') return Math.min(turn.askAgainAt, this.#store.leftJobs.dueAt ?? turn.askAgainAt)
    this.#apply({ type: 'admitted', slot: turn.slot })
    return Date.now()
  }

  /** Nothing more becomes of the file until it has been kept for long enough. */
  async #keepUntil(since: number): Promise<number> {
    await this.#wipeJobs()
    await this.#tell()
    const expiresAt = since + settingsOf(this.env).fileRetentionMs
    if (expiresAt > Date.now()) return Math.min(expiresAt, this.#store.leftJobs.dueAt ?? expiresAt)
    this.#apply({ type: 'deleted' })
    return Date.now()
  }

  /** The file is told as stored without facts once they are overdue. */
  async #endPatience(): Promise<void> {
    const { record } = this.#store
    if (!record || factsDueAt(record.state) > Date.now()) return
    this.#apply({ type: 'facts_overdue' })
    await this.#tellSoon()
  }

  async #wipeJobs(): Promise<void> {
    await this.#store.leftJobs.wipe((slot) => this.#executor(slot))
  }

  async #tell(): Promise<void> {
    if (await tellAccount(this.#store, this.env)) return
    this.#apply({ type: 'deleted' })
    this.#alarms.interrupt()
    await this.#alarms.wake()
  }

  /** A list shows what has just been answered; where that fails, the alarm sees to it. */
  async #tellSoon(): Promise<void> {
    try {
      await this.#tell()
    } catch (error) {
      log('warn', 'file.not_told', { file_id: this.#store.record?.spec.id, error })
    }
  }

  async #removeFromSight(): Promise<void> {
    try {
      await erase(this.#ending())
    } catch (error) {
      // The alarm does it again, and nobody finds the file meanwhile.
      log('warn', 'file.not_erased', { file_id: this.#store.record?.spec.id, error })
    }
  }

  #apply(event: FileEvent): void {
    // A step may end after the file was erased under it.
    if (!this.#store.record) return
    if (this.#store.apply(event) === null) return
    logState(this.#store.mustExist)
  }

  /** An unexpected fault is ours: it is retried with growing pauses, and what can be done without is given up after a few. */
  #onFault(error: unknown, faults: number, isLast: boolean): boolean {
    const { spec, state } = this.#store.mustExist
    log('error', 'file.fault', { file_id: spec.id, account: spec.account, faults, error })
    if (!isLast) return false
    const message = 'something went wrong on our side, several times in a row; store the file again'
    this.#apply({ type: 'failed', error: { status: 'INTERNAL_ERROR', message }, now: Date.now() })
    if (state.status === 'STORED' && state.probe.stage === 'RUNNING') {
      this.#apply({ type: 'probed', attempt: state.probe.attempt, media: null })
    }
    return this.#store.mustExist.state !== state
  }

  #recordFor(account: string): FileRecord | null {
    const { record } = this.#store
    return record?.spec.account === account && record.state.status !== 'DELETED' ? record : null
  }

  #ending(): Ending {
    return { store: this.#store, env: this.env, executor: (slot) => this.#executor(slot) }
  }

  #lease(): SlotLease {
    return leaseOf(this.#store.mustExist.spec, this.env, this.#limits)
  }

  #executor(slot: number): ExecutorClient {
    return executorFor(this.env, this.#store.mustExist.spec.account, slot)
  }
}
