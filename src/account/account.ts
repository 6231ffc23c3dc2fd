/** One object per account, named after it: its lists, its queue and its settings. */
import { DurableObject } from 'cloudflare:workers'
import type { CommandListing } from '../command/record.ts'
import { log } from '../logging/log.ts'
import type { Preset } from '../presets/preset.ts'
import { settingsOf } from '../settings.ts'
import type { FileListing } from '../stored-file/record.ts'
import { AccountDeletion } from './account-deletion.ts'
import type { Admission } from './admission.ts'
import { type CommandFilter, CommandIndex, type CommandPage } from './command-index.ts'
import { type FileFilter, FileIndex, type FilePage } from './file-index.ts'
import { type IdempotencyClaim, IdempotencyKeys, type KeptAnswer } from './idempotency.ts'
import { type PresetPage, Presets } from './presets.ts'
import { Slots } from './slots.ts'
import { WebhookEndpoints, type WebhookTarget } from './webhook-endpoint.ts'

/**
 * What becomes of a submit; `commandIds` and `createdAt` (ms since the epoch) are those of the first time where it is a repetition.
 * `admissions` tell, by id, how the commands stand that are to be stored: all that have not been deleted since the first time. An account of the
 * version before does not tell.
 */
export type SubmitOutcome =
  | { kind: 'accepted'; commandIds: string[]; createdAt: number; admissions?: Record<string, Admission> }
  /** So many commands wait that these have no room. */
  | { kind: 'queue_full' }
  /** The account is being deleted, and the key that was used has been revoked. */
  | { kind: 'account_deleted' }
  /** The idempotency key came with another request before. */
  | { kind: 'key_conflict' }

/** A command that is on the list so long after it should have deleted itself is woken, in milliseconds. */
const OVERDUE_MS = 24 * 3600 * 1000
/** Every submit wakes so many at most: more than it adds. */
const WOKEN_AT_ONCE = 3

/** An account that is being deleted sends no webhooks. */
const NOWHERE: WebhookTarget = { endpoint: null, secrets: [] }

/** What the account keeps. */
interface Tables {
  slots: Slots
  commands: CommandIndex
  keys: IdempotencyKeys
  files: FileIndex
  presets: Presets
  webhook: WebhookEndpoints
}

/** After how long a deletion goes on that was cut off or has failed, in milliseconds. */
const DELETION_WATCHDOG_MS = 60_000

export class Account extends DurableObject<Env> {
  readonly #deletion: AccountDeletion
  /** Null until something is asked of them: an object that was emptied stays so. */
  #tables: Tables | null = null

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env)
    this.#deletion = new AccountDeletion({ storage: ctx.storage, env })
  }

  /** Takes new commands, all of them or none. A submit that is not accepted leaves its idempotency key as it was. */
  async submit(listings: CommandListing[], claim: IdempotencyClaim | null): Promise<SubmitOutcome> {
    if (this.#deletion.isUnderWay) return { kind: 'account_deleted' }
    const now = Date.now()
    const earlier = claim && this.#kept.keys.find(claim.key, now)
    if (earlier) return earlier.fingerprint === claim.fingerprint ? this.#acceptAgain(earlier) : { kind: 'key_conflict' }
    if (this.#kept.slots.queue.waitingCommands + listings.length > settingsOf(this.env).maxQueuedCommands) return { kind: 'queue_full' }
    const commandIds = listings.map(({ spec }) => spec.id)
    const createdAt = listings[0]?.spec.createdAt ?? now
    await this.#kept.slots.change(() => {
      for (const listing of listings) this.#enqueue(listing)
      if (claim) this.#kept.keys.keep(claim.key, { fingerprint: claim.fingerprint, commandIds, createdAt })
    }, commandIds)
    this.ctx.waitUntil(this.#wakeOverdue(now))
    return { kind: 'accepted', commandIds, createdAt, admissions: this.#admissionsOf(commandIds) }
  }

  /** Whether a command that is not stored may still be: it has not been deleted, and neither is the account. */
  async expects(commandId: string): Promise<boolean> {
    return !this.#deletion.isUnderWay && !this.#kept.keys.isDeleted(commandId)
  }

  /** Lists a command that the account does not know, and puts it at the end of the queue. It asks for its slot afterwards. */
  async enqueue(listing: CommandListing): Promise<void> {
    await this.#kept.slots.change(() => this.#enqueue(listing), [listing.spec.id])
  }

  /** A command or a file asks for its slot, or renews it. Idempotent. */
  async admit(id: string): Promise<Admission> {
    // Who is about to be deleted itself need not be known.
    if (this.#deletion.isUnderWay) return { kind: 'waiting' }
    return this.#kept.slots.admit(id)
  }

  /** How many commands wait ahead of this one; null when it does not wait. */
  async queuePosition(commandId: string): Promise<number | null> {
    return this.#kept.slots.queue.position(commandId)
  }

  /**
   * A command has ended, or something of it has changed since: lists how it stands, frees its slot and hands it to the next. Idempotent.
   * @returns where its webhook goes, which is what it needs next
   */
  async finish(listing: CommandListing): Promise<WebhookTarget> {
    // What is about to be deleted itself need not be listed.
    if (this.#deletion.isUnderWay) return NOWHERE
    await this.#kept.slots.change(() => {
      this.#kept.commands.put(listing)
      this.#kept.files.putOutputs(listing)
      this.#kept.slots.queue.release(listing.spec.id, Date.now())
    })
    return this.#kept.webhook.target(Date.now())
  }

  /** A command is no more, and neither are its outputs. Idempotent. */
  async removeCommand({ id, createdAt, fileIds }: { id: string; createdAt: number; fileIds: string[] }): Promise<void> {
    await this.#kept.slots.change(() => {
      this.#kept.commands.remove(id)
      for (const fileId of fileIds) this.#kept.files.remove(fileId)
      this.#kept.slots.queue.release(id, Date.now())
      if (!this.#deletion.isUnderWay) this.#kept.keys.markDeleted(id, createdAt, Date.now())
    })
  }

  /** A page of the account's commands, newest first. */
  async listCommands(limit: number, offset: number, filter: CommandFilter): Promise<CommandPage> {
    return this.#kept.commands.page(limit, offset, filter)
  }

  /** A stored file waits for an executor to look into it, and asks for its slot afterwards. Who waits already keeps its place. */
  async enqueueFile(id: string): Promise<void> {
    await this.#kept.slots.change(() => void this.#kept.slots.enter({ kind: 'file', id }), [id])
  }

  /**
   * Lists a stored file as it stands. Once it is `done` it needs no slot any more. Idempotent.
   * An account of the version before answers nothing.
   */
  async putFile(listing: FileListing, done: boolean): Promise<'listed' | 'account_deleted'> {
    if (this.#deletion.isUnderWay) return 'account_deleted'
    await this.#kept.slots.change(() => {
      this.#kept.files.put(listing)
      if (done) this.#kept.slots.queue.release(listing.id, Date.now())
    })
    return 'listed'
  }

  /** A stored file is no more. Idempotent. */
  async removeFile(id: string): Promise<void> {
    await this.#kept.slots.change(() => {
      this.#kept.files.remove(id)
      this.#kept.slots.queue.release(id, Date.now())
    })
  }

  /** A page of the account's files, newest first: stored ones and outputs of commands. */
  async listFiles(limit: number, offset: number, filter: FileFilter): Promise<FilePage> {
    return this.#kept.files.page(limit, offset, filter)
  }

  /** What is listed of a file; null for one that is not, or no longer. */
  async readFile(id: string): Promise<FileListing | null> {
    return this.#kept.files.read(id)
  }

  /** Answers false when the account has as many presets as it may. */
  async addPreset(preset: Preset): Promise<boolean> {
    return this.#kept.presets.add(preset)
  }

  /** One of the account's own presets; null for any other. */
  async readPreset(id: string): Promise<Preset | null> {
    return this.#kept.presets.read(id)
  }

  /** Answers false when it has been changed or deleted meanwhile. */
  async replacePreset(before: Preset, after: Preset): Promise<boolean> {
    return this.#kept.presets.replace(before, after)
  }

  async deletePreset(id: string): Promise<boolean> {
    return this.#kept.presets.delete(id)
  }

  /** A page of the account's own presets, newest first. */
  async listPresets(limit: number, offset: number): Promise<PresetPage> {
    return this.#kept.presets.page(limit, offset)
  }

  /** The account's webhook, and what signs every event of the account. */
  async webhookTarget(): Promise<WebhookTarget> {
    return this.#kept.webhook.target(Date.now())
  }

  /** Sets the webhook and enables it anew. Without a secret the one there is stays. */
  async putWebhook(url: string, secret: string | null): Promise<void> {
    this.ctx.storage.transactionSync(() => this.#kept.webhook.put(url, secret, Date.now()))
  }

  async deleteWebhook(): Promise<void> {
    this.ctx.storage.transactionSync(() => this.#kept.webhook.delete())
  }

  /** How the deliveries of one event to the account's webhook at `url` ended. Idempotent. */
  async reportDelivery(eventId: string, url: string, delivered: boolean): Promise<void> {
    this.ctx.storage.transactionSync(() => this.#kept.webhook.report(eventId, url, delivered, Date.now()))
  }

  /** Deletes the account `name`, which is this one, and all that it owns, as an operator has asked at `requestedAt` (ms since the epoch). */
  async delete(name: string, requestedAt: number): Promise<void> {
    this.#deletion.begin(name, requestedAt)
    await this.#kept.slots.setAlarm(Date.now())
  }

  override async alarm(): Promise<void> {
    await this.#kept.slots.alarm()
    if (this.#deletion.isUnderWay) await this.#deletePiece()
  }

  async #deletePiece(): Promise<void> {
    // Should this alarm die, the next one goes on.
    await this.#kept.slots.setAlarm(Date.now() + DELETION_WATCHDOG_MS)
    try {
      const next = await this.#deletion.advance(this.#kept)
      if (next === null) this.#tables = null
      else await this.#kept.slots.resetAlarm(next)
    } catch (error) {
      log('error', 'account.deletion_fault', { error })
    }
  }

  get #kept(): Tables {
    this.#tables ??= this.#open()
    return this.#tables
  }

  #open(): Tables {
    const { ctx, env } = this
    const { sql } = ctx.storage
    const commands = new CommandIndex(sql)
    const files = new FileIndex(sql)
    const slots = new Slots({
      storage: ctx.storage,
      tell: ({ kind, id, slot }) =>
        kind === 'file'
          ? env.STORED_FILE.get(env.STORED_FILE.idFromName(id)).poke(slot)
          : env.COMMAND.get(env.COMMAND.idFromName(id)).poke(slot),
      commands,
      files,
      slots: () => (this.#deletion.isUnderWay ? 0 : settingsOf(env).maxConcurrentCommands),
      warmMs: settingsOf(env).containerIdleMs,
      waitUntil: (work) => ctx.waitUntil(work),
    })
    return {
      slots,
      commands,
      files,
      keys: new IdempotencyKeys(sql),
      presets: new Presets(sql),
      webhook: new WebhookEndpoints(sql),
    }
  }

  #enqueue(listing: CommandListing): void {
    const { kind } = this.#kept.slots.enter({ kind: 'command', id: listing.spec.id })
    this.#kept.commands.put(kind === 'slot' ? { ...listing, state: { status: 'PROCESSING' } } : listing)
  }

  /** What a crash has left undone of the first time is made good by it. */
  #acceptAgain({ commandIds, createdAt }: KeptAnswer): SubmitOutcome {
    const kept = commandIds.filter((id) => !this.#kept.keys.isDeleted(id))
    return { kind: 'accepted', commandIds, createdAt, admissions: this.#admissionsOf(kept) }
  }

  /** Commands delete themselves when their time has come, but for those that were told of a longer one, or of none. */
  async #wakeOverdue(now: number): Promise<void> {
    const overdue = this.#kept.commands.oldest(WOKEN_AT_ONCE, now - settingsOf(this.env).commandRetentionMs - OVERDUE_MS)
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
    return Object.fromEntries(ids.map((id) => [id, this.#kept.slots.queue.admission(id)]))
  }
}
