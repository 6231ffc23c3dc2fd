/** One object per account, named after it: its lists, its queue and its settings. */
import { DurableObject } from 'cloudflare:workers'
import type { CommandListing } from '../command/record.ts'
import { log } from '../logging/log.ts'
import type { Preset } from '../presets/preset.ts'
import { settingsOf } from '../settings.ts'
import type { FileListing } from '../stored-file/record.ts'
import { type Admission, AdmissionQueue, type Admitted, type Candidate, LEASE_MS } from './admission.ts'
import { type CommandFilter, CommandIndex, type CommandPage } from './command-index.ts'
import { type FileFilter, FileIndex, type FilePage } from './file-index.ts'
import { type IdempotencyClaim, IdempotencyKeys } from './idempotency.ts'
import { type PresetPage, Presets } from './presets.ts'
import { WebhookEndpoints, type WebhookTarget } from './webhook-endpoint.ts'

/**
 * What becomes of a submit; `commandIds` and `createdAt` (ms since the epoch) are those of the first time where it is a repetition.
 * `slots` are what commands got at once, by id.
 */
export type SubmitOutcome =
  | { kind: 'accepted'; commandIds: string[]; createdAt: number; slots: Record<string, number> }
  /** So many commands wait that these have no room. */
  | { kind: 'queue_full' }
  /** The idempotency key came with another request before. */
  | { kind: 'key_conflict' }

export class Account extends DurableObject<Env> {
  readonly #queue: AdmissionQueue
  readonly #commands: CommandIndex
  readonly #keys: IdempotencyKeys
  readonly #files: FileIndex
  readonly #presets: Presets
  readonly #webhook: WebhookEndpoints

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env)
    this.#queue = new AdmissionQueue(ctx.storage.sql, settingsOf(env).containerIdleMs)
    this.#commands = new CommandIndex(ctx.storage.sql)
    this.#keys = new IdempotencyKeys(ctx.storage.sql)
    this.#files = new FileIndex(ctx.storage.sql)
    this.#presets = new Presets(ctx.storage.sql)
    this.#webhook = new WebhookEndpoints(ctx.storage.sql)
  }

  /** Takes new commands, all of them or none. A submit that is not accepted leaves its idempotency key as it was. */
  async submit(listings: CommandListing[], claim: IdempotencyClaim | null): Promise<SubmitOutcome> {
    const now = Date.now()
    const earlier = claim && this.#keys.find(claim.key, now)
    if (earlier) return earlier.fingerprint === claim.fingerprint ? { kind: 'accepted', ...earlier, slots: {} } : { kind: 'key_conflict' }
    if (this.#queue.waitingCommands() + listings.length > settingsOf(this.env).maxQueuedCommands) return { kind: 'queue_full' }
    const commandIds = listings.map(({ spec }) => spec.id)
    const createdAt = listings[0]?.spec.createdAt ?? now
    const admitted = this.ctx.storage.transactionSync(() => {
      this.#enqueue(listings)
      if (claim) this.#keys.keep(claim.key, { fingerprint: claim.fingerprint, commandIds, createdAt })
      return this.#admitWaiting()
    })
    await this.#watchLeases()
    const isNew = ({ id }: Admitted) => commandIds.includes(id)
    this.ctx.waitUntil(this.#poke(admitted.filter((candidate) => !isNew(candidate))))
    const slots = Object.fromEntries(admitted.filter(isNew).map(({ id, slot }) => [id, slot]))
    return { kind: 'accepted', commandIds, createdAt, slots }
  }

  /** Lists a command and puts it at the end of the queue, room or not. */
  async enqueue(listing: CommandListing): Promise<void> {
    this.ctx.storage.transactionSync(() => this.#enqueue([listing]))
  }

  /** A command or a file asks for its slot, or renews it. Idempotent. */
  async admit(id: string): Promise<Admission> {
    const { admission, admitted } = this.ctx.storage.transactionSync(() => {
      // Those ahead may never ask by themselves, and would keep the rest waiting beside a free slot.
      const ahead = this.#admitWaiting().filter((candidate) => candidate.id !== id)
      const answer = this.#queue.ask(id, settingsOf(this.env).maxConcurrentCommands, Date.now())
      return { admission: answer, admitted: ahead }
    })
    if (admission.kind === 'slot') await this.#watchLeases()
    this.ctx.waitUntil(this.#poke(admitted))
    return admission
  }

  /** How many commands wait ahead of this one; null when it does not wait. */
  async queuePosition(commandId: string): Promise<number | null> {
    return this.#queue.position(commandId)
  }

  /** A command has ended, or something of it has changed since: lists how it stands, frees its slot and hands it to the next. Idempotent. */
  async finish(listing: CommandListing): Promise<void> {
    const admitted = this.ctx.storage.transactionSync(() => {
      this.#commands.put(listing)
      this.#files.putOutputs(listing)
      this.#queue.release(listing.spec.id, Date.now())
      return this.#admitWaiting()
    })
    this.ctx.waitUntil(this.#poke(admitted))
  }

  /** A page of the account's commands, newest first. */
  async listCommands(limit: number, offset: number, filter: CommandFilter): Promise<CommandPage> {
    return this.#commands.page(limit, offset, filter)
  }

  /** A stored file waits for an executor to look into it. Who waits already keeps its place. */
  async enqueueFile(id: string): Promise<void> {
    this.#queue.enqueue({ kind: 'file', id })
  }

  /** Lists a stored file as it stands. Once it is `done` it needs no slot any more. Idempotent. */
  async putFile(listing: FileListing, done: boolean): Promise<void> {
    this.#files.put(listing)
    if (done) this.#release(listing.id)
  }

  /** A stored file is no more. Idempotent. */
  async removeFile(id: string): Promise<void> {
    this.#files.remove(id)
    this.#release(id)
  }

  /** A page of the account's files, newest first: stored ones and outputs of commands. */
  async listFiles(limit: number, offset: number, filter: FileFilter): Promise<FilePage> {
    return this.#files.page(limit, offset, filter)
  }

  /** What is listed of a file; null for one that is not, or no longer. */
  async readFile(id: string): Promise<FileListing | null> {
    return this.#files.read(id)
  }

  /** Answers false when the account has as many presets as it may. */
  async addPreset(preset: Preset): Promise<boolean> {
    return this.#presets.add(preset)
  }

  /** One of the account's own presets; null for any other. */
  async readPreset(id: string): Promise<Preset | null> {
    return this.#presets.read(id)
  }

  /** Answers false when it has been changed or deleted meanwhile. */
  async replacePreset(before: Preset, after: Preset): Promise<boolean> {
    return this.#presets.replace(before, after)
  }

  async deletePreset(id: string): Promise<boolean> {
    return this.#presets.delete(id)
  }

  /** A page of the account's own presets, newest first. */
  async listPresets(limit: number, offset: number): Promise<PresetPage> {
    return this.#presets.page(limit, offset)
  }

  /** The account's webhook, and what signs every event of the account. */
  async webhookTarget(): Promise<WebhookTarget> {
    return this.#webhook.target(Date.now())
  }

  /** Sets the webhook and enables it anew. Without a secret the one there is stays. */
  async putWebhook(url: string, secret: string | null): Promise<void> {
    this.ctx.storage.transactionSync(() => this.#webhook.put(url, secret, Date.now()))
  }

  async deleteWebhook(): Promise<void> {
    this.ctx.storage.transactionSync(() => this.#webhook.delete())
  }

  /** How the deliveries of one event to the account's webhook at `url` ended. Idempotent. */
  async reportDelivery(eventId: string, url: string, delivered: boolean): Promise<void> {
    this.ctx.storage.transactionSync(() => this.#webhook.report(eventId, url, delivered, Date.now()))
  }

  /** Leases that ran out: their holders are woken to renew them; who stays silent loses the slot to the next. */
  override async alarm(): Promise<void> {
    const now = Date.now()
    const expired = this.#queue.expired(now)
    const admitted = this.ctx.storage.transactionSync(() => {
      this.#queue.reclaim(now)
      return this.#admitWaiting()
    })
    const neverStored = await this.#poke(expired)
    // Of submits that one crash has cut, all are told by now: no further lease is spent on each that comes up.
    let given: (Candidate | Admitted)[] = [...admitted, ...this.#forget(neverStored)]
    while (given.length > 0) given = this.#forget((await this.#poke(given)).filter((candidate) => this.#isOverdue(candidate, now)))
    await this.#watchLeases()
  }

  #enqueue(listings: CommandListing[]): void {
    for (const listing of listings) {
      this.#commands.put(listing)
      this.#queue.enqueue({ kind: 'command', id: listing.spec.id })
    }
  }

  #admitWaiting(): Admitted[] {
    const admitted = this.#queue.admitWaiting(settingsOf(this.env).maxConcurrentCommands, Date.now())
    for (const { id } of admitted) this.#commands.markProcessing(id)
    return admitted
  }

  /** Frees the slot or place of `id` and hands it to the next. */
  #release(id: string): void {
    const admitted = this.ctx.storage.transactionSync(() => {
      this.#queue.release(id, Date.now())
      return this.#admitWaiting()
    })
    this.ctx.waitUntil(this.#poke(admitted))
  }

  /** Tells whoever a slot is given to, and answers which of them are not stored: not yet, or their submit died half way. */
  async #poke(candidates: (Candidate | Admitted)[]): Promise<Candidate[]> {
    if (candidates.length === 0) return []
    await this.#watchLeases()
    const alive = await Promise.all(
      candidates.map(async (candidate) => {
        const { kind, id } = candidate
        const { COMMAND, STORED_FILE } = this.env
        try {
          if (kind === 'file') return await STORED_FILE.get(STORED_FILE.idFromName(id)).poke()
          return await COMMAND.get(COMMAND.idFromName(id)).poke('slot' in candidate ? candidate.slot : null)
        } catch (error) {
          // Everyone asks by an alarm of its own too, so a lost poke costs seconds only.
          log('warn', 'account.poke_failed', { kind, id, error })
          return true
        }
      }),
    )
    return candidates.filter((_, index) => !alive[index])
  }

  /** Whether a command has been listed for so long that its submit would have stored it. */
  #isOverdue({ kind, id }: Candidate, now: number): boolean {
    return kind === 'command' && this.#commands.wasListedBefore(id, now - LEASE_MS)
  }

  /** Takes those off the lists that a whole lease has not brought into being. Answers who has their slots now. */
  #forget(candidates: Candidate[]): Candidate[] {
    return this.ctx.storage.transactionSync(() => {
      for (const { kind, id } of candidates) {
        this.#queue.release(id, Date.now())
        if (kind === 'command') this.#commands.remove(id)
        else this.#files.remove(id)
      }
      return this.#admitWaiting()
    })
  }

  async #watchLeases(): Promise<void> {
    const at = this.#queue.nextExpiry()
    const set = await this.ctx.storage.getAlarm()
    // One that comes too early sets the next.
    if (at !== null && (set === null || set > at)) await this.ctx.storage.setAlarm(Math.max(at, Date.now() + 1000))
  }
}
