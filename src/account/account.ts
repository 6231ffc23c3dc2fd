/** One object per account, named after it: its lists, its queue and its settings. */
import { DurableObject } from 'cloudflare:workers'
import type { CommandListing } from '../command/record.ts'
import { log } from '../logging/log.ts'
import { settingsOf } from '../settings.ts'
import type { FileListing } from '../stored-file/record.ts'
import { type Admission, AdmissionQueue, type Candidate } from './admission.ts'
import { CommandIndex, type CommandPage, type CommandStatus } from './command-index.ts'
import { type FileFilter, FileIndex, type FilePage } from './file-index.ts'
import { WebhookEndpoints, type WebhookTarget } from './webhook-endpoint.ts'

export class Account extends DurableObject<Env> {
  readonly #queue: AdmissionQueue
  readonly #commands: CommandIndex
  readonly #files: FileIndex
  readonly #webhook: WebhookEndpoints

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env)
    this.#queue = new AdmissionQueue(ctx.storage.sql)
    this.#commands = new CommandIndex(ctx.storage.sql)
    this.#files = new FileIndex(ctx.storage.sql)
    this.#webhook = new WebhookEndpoints(ctx.storage.sql)
  }

  /** Takes new commands, all of them or none: answers false when the queue has no room for them. */
  async submit(listings: CommandListing[]): Promise<boolean> {
    if (this.#queue.waitingCommands() + listings.length > settingsOf(this.env).maxQueuedCommands) return false
    await this.enqueue(listings)
    return true
  }

  /** Lists commands and puts them at the end of the queue, room or not. */
  async enqueue(listings: CommandListing[]): Promise<void> {
    this.ctx.storage.transactionSync(() => {
      for (const listing of listings) {
        this.#commands.put(listing)
        this.#queue.enqueue({ kind: 'command', id: listing.spec.id })
      }
    })
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

  /** Replaces what is listed of a command that goes on. */
  async update(listing: CommandListing): Promise<void> {
    this.ctx.storage.transactionSync(() => {
      this.#commands.put(listing)
      this.#files.putOutputs(listing)
    })
  }

  /** A command has ended: lists how, frees its slot and hands it to the next. Idempotent. */
  async finish(listing: CommandListing): Promise<void> {
    const admitted = this.ctx.storage.transactionSync(() => {
      this.#commands.put(listing)
      this.#files.putOutputs(listing)
      this.#queue.release(listing.spec.id)
      return this.#admitWaiting()
    })
    this.ctx.waitUntil(this.#poke(admitted))
  }

  /** A page of the account's commands, newest first. */
  async listCommands(limit: number, offset: number, status: CommandStatus | null): Promise<CommandPage> {
    return this.#commands.page(limit, offset, status)
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
    await this.#poke([...admitted, ...this.#forget(neverStored)])
    await this.#watchLeases()
  }

  #admitWaiting(): Candidate[] {
    const admitted = this.#queue.admitWaiting(settingsOf(this.env).maxConcurrentCommands, Date.now())
    for (const { id } of admitted) this.#commands.markProcessing(id)
    return admitted
  }

  /** Frees the slot or place of `id` and hands it to the next. */
  #release(id: string): void {
    const admitted = this.ctx.storage.transactionSync(() => {
      this.#queue.release(id)
      return this.#admitWaiting()
    })
    this.ctx.waitUntil(this.#poke(admitted))
  }

  /** Tells whoever a slot is given to, and answers which of them are not stored: not yet, or their submit died half way. */
  async #poke(candidates: Candidate[]): Promise<Candidate[]> {
    if (candidates.length === 0) return []
    await this.#watchLeases()
    const alive = await Promise.all(
      candidates.map(async ({ kind, id }) => {
        const { COMMAND, STORED_FILE } = this.env
        try {
          return await (kind === 'command' ? COMMAND.get(COMMAND.idFromName(id)) : STORED_FILE.get(STORED_FILE.idFromName(id))).poke()
        } catch (error) {
          // Everyone asks by an alarm of its own too, so a lost poke costs seconds only.
          log('warn', 'account.poke_failed', { kind, id, error })
          return true
        }
      }),
    )
    return candidates.filter((_, index) => !alive[index])
  }

  /** Takes those off the lists that a whole lease has not brought into being. Answers who has their slots now. */
  #forget(candidates: Candidate[]): Candidate[] {
    return this.ctx.storage.transactionSync(() => {
      for (const { kind, id } of candidates) {
        this.#queue.release(id)
        if (kind === 'command') this.#commands.remove(id)
        else this.#files.remove(id)
      }
      return this.#admitWaiting()
    })
  }

  async #watchLeases(): Promise<void> {
    const at = this.#queue.nextExpiry()
    if (at !== null) await this.ctx.storage.setAlarm(Math.max(at, Date.now() + 1000))
  }
}
