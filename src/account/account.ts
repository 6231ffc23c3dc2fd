/** One object per account, named after it: its lists, its queue and its settings. */
import { DurableObject } from 'cloudflare:workers'
import type { CommandListing } from '../command/record.ts'
import { log } from '../logging/log.ts'
import type { Preset } from '../presets/preset.ts'
import { settingsOf } from '../settings.ts'
import type { FileListing } from '../stored-file/record.ts'
import type { Admission } from './admission.ts'
import { type CommandFilter, CommandIndex, type CommandPage } from './command-index.ts'
import { type FileFilter, FileIndex, type FilePage } from './file-index.ts'
import { type IdempotencyClaim, IdempotencyKeys } from './idempotency.ts'
import { type PresetPage, Presets } from './presets.ts'
import { Slots } from './slots.ts'
import { WebhookEndpoints, type WebhookTarget } from './webhook-endpoint.ts'

/**
 * What becomes of a submit; `commandIds` and `createdAt` (ms since the epoch) are those of the first time where it is a repetition.
 * `admissions` tell, by id, how the commands stand that are to be stored: all that have not been deleted since the first time.
 */
export type SubmitOutcome =
  | { kind: 'accepted'; commandIds: string[]; createdAt: number; admissions: Record<string, Admission> }
  /** So many commands wait that these have no room. */
  | { kind: 'queue_full' }
  /** The idempotency key came with another request before. */
  | { kind: 'key_conflict' }

/** A command that is on the list so long after it should have deleted itself is woken, in milliseconds. */
const OVERDUE_MS = 24 * 3600 * 1000
/** Every submit wakes so many at most: more than it adds. */
const WOKEN_AT_ONCE = 3

export class Account extends DurableObject<Env> {
  readonly #slots: Slots
  readonly #commands: CommandIndex
  readonly #keys: IdempotencyKeys
  readonly #files: FileIndex
  readonly #presets: Presets
  readonly #webhook: WebhookEndpoints

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env)
    this.#commands = new CommandIndex(ctx.storage.sql)
    this.#keys = new IdempotencyKeys(ctx.storage.sql)
    this.#files = new FileIndex(ctx.storage.sql)
    this.#presets = new Presets(ctx.storage.sql)
    this.#webhook = new WebhookEndpoints(ctx.storage.sql)
    this.#slots = new Slots({
      storage: ctx.storage,
      tell: ({ kind, id, slot }) =>
        kind === 'file'
          ? env.STORED_FILE.get(env.STORED_FILE.idFromName(id)).poke(slot)
          : env.COMMAND.get(env.COMMAND.idFromName(id)).poke(slot),
      commands: this.#commands,
      files: this.#files,
      slots: settingsOf(env).maxConcurrentCommands,
      warmMs: settingsOf(env).containerIdleMs,
      waitUntil: (work) => ctx.waitUntil(work),
    })
  }

  /** Takes new commands, all of them or none. A submit that is not accepted leaves its idempotency key as it was. */
  async submit(listings: CommandListing[], claim: IdempotencyClaim | null): Promise<SubmitOutcome> {
    const now = Date.now()
    const earlier = claim && this.#keys.find(claim.key, now)
    if (earlier)
      return earlier.fingerprint === claim.fingerprint
        ? { kind: 'accepted', ...earlier, admissions: this.#admissionsOf(earlier.commandIds.filter((id) => !this.#keys.isDeleted(id))) }
        : { kind: 'key_conflict' }
    if (this.#slots.queue.waitingCommands + listings.length > settingsOf(this.env).maxQueuedCommands) return { kind: 'queue_full' }
    const commandIds = listings.map(({ spec }) => spec.id)
    const createdAt = listings[0]?.spec.createdAt ?? now
    await this.#slots.change(() => {
      for (const listing of listings) this.#enqueue(listing)
      if (claim) this.#keys.keep(claim.key, { fingerprint: claim.fingerprint, commandIds, createdAt })
    }, commandIds)
    this.ctx.waitUntil(this.#wakeOverdue(now))
    return { kind: 'accepted', commandIds, createdAt, admissions: this.#admissionsOf(commandIds) }
  }

  /** Lists a command that the account does not know, and puts it at the end of the queue. It asks for its slot afterwards. */
  async enqueue(listing: CommandListing): Promise<void> {
    await this.#slots.change(() => this.#enqueue(listing), [listing.spec.id])
  }

  /** A command or a file asks for its slot, or renews it. Idempotent. */
  async admit(id: string): Promise<Admission> {
    return this.#slots.admit(id)
  }

  /** How many commands wait ahead of this one; null when it does not wait. */
  async queuePosition(commandId: string): Promise<number | null> {
    return this.#slots.queue.position(commandId)
  }

  /**
   * A command has ended, or something of it has changed since: lists how it stands, frees its slot and hands it to the next. Idempotent.
   * @returns where its webhook goes, which is what it needs next
   */
  async finish(listing: CommandListing): Promise<WebhookTarget> {
    await this.#slots.change(() => {
      this.#commands.put(listing)
      this.#files.putOutputs(listing)
      this.#slots.queue.release(listing.spec.id, Date.now())
    })
    return this.#webhook.target(Date.now())
  }

  /** A command is no more, and neither are its outputs. Idempotent. */
  async removeCommand({ id, createdAt, fileIds }: { id: string; createdAt: number; fileIds: string[] }): Promise<void> {
    await this.#slots.change(() => {
      this.#commands.remove(id)
      for (const fileId of fileIds) this.#files.remove(fileId)
      this.#slots.queue.release(id, Date.now())
      this.#keys.markDeleted(id, createdAt, Date.now())
    })
  }

  /** A page of the account's commands, newest first. */
  async listCommands(limit: number, offset: number, filter: CommandFilter): Promise<CommandPage> {
    return this.#commands.page(limit, offset, filter)
  }

  /** A stored file waits for an executor to look into it, and asks for its slot afterwards. Who waits already keeps its place. */
  async enqueueFile(id: string): Promise<void> {
    await this.#slots.change(() => void this.#slots.enter({ kind: 'file', id }), [id])
  }

  /** Lists a stored file as it stands. Once it is `done` it needs no slot any more. Idempotent. */
  async putFile(listing: FileListing, done: boolean): Promise<void> {
    await this.#slots.change(() => {
      this.#files.put(listing)
      if (done) this.#slots.queue.release(listing.id, Date.now())
    })
  }

  /** A stored file is no more. Idempotent. */
  async removeFile(id: string): Promise<void> {
    await this.#slots.change(() => {
      this.#files.remove(id)
      this.#slots.queue.release(id, Date.now())
    })
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

  override async alarm(): Promise<void> {
    await this.#slots.alarm()
  }

  #enqueue(listing: CommandListing): void {
    const { kind } = this.#slots.enter({ kind: 'command', id: listing.spec.id })
    this.#commands.put(kind === 'slot' ? { ...listing, state: { status: 'PROCESSING' } } : listing)
  }

  /** Commands delete themselves when their time has come, but for those that were told of a longer one, or of none. */
  async #wakeOverdue(now: number): Promise<void> {
    const overdue = this.#commands.oldest(WOKEN_AT_ONCE, now - settingsOf(this.env).commandRetentionMs - OVERDUE_MS)
    for (const id of overdue) {
      try {
        if (await this.env.COMMAND.get(this.env.COMMAND.idFromName(id)).poke(null)) continue
        await this.removeCommand({ id, createdAt: 0, fileIds: [] })
      } catch (error) {
        log('warn', 'account.poke_failed', { kind: 'command', id, error })
      }
    }
  }

  #admissionsOf(ids: readonly string[]): Record<string, Admission> {
    return Object.fromEntries(ids.map((id) => [id, this.#slots.queue.admission(id)]))
  }
}
