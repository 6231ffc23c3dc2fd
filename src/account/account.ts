/** One object per account, named after it: its lists, its queue and its settings. */
import { DurableObject } from 'cloudflare:workers'
import type { CommandListing } from '../command/record.ts'
import { log } from '../logging/log.ts'
import { settingsOf } from '../settings.ts'
import { type Admission, AdmissionQueue } from './admission.ts'
import { CommandIndex, type CommandPage, type CommandStatus } from './command-index.ts'
import { type WebhookEndpoint, WebhookEndpoints, type WebhookTarget } from './webhook-endpoint.ts'

export class Account extends DurableObject<Env> {
  readonly #queue: AdmissionQueue
  readonly #commands: CommandIndex
  readonly #webhook: WebhookEndpoints

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env)
    this.#queue = new AdmissionQueue(ctx.storage.sql)
    this.#commands = new CommandIndex(ctx.storage.sql)
    this.#webhook = new WebhookEndpoints(ctx.storage.sql)
  }

  /** Lists new commands and puts them at the end of the queue: all of them or, if this throws, none. */
  async enqueue(listings: CommandListing[]): Promise<void> {
    this.ctx.storage.transactionSync(() => {
      for (const listing of listings) {
        this.#commands.put(listing)
        this.#queue.enqueue(listing.spec.id)
      }
    })
  }

  /** A command asks for its slot, or renews it. Idempotent. */
  async admit(commandId: string): Promise<Admission> {
    const admission = this.ctx.storage.transactionSync(() => {
      const answer = this.#queue.ask(commandId, settingsOf(this.env).maxConcurrentCommands, Date.now())
      if (answer.kind === 'slot') this.#commands.markProcessing(commandId)
      return answer
    })
    if (admission.kind === 'slot') await this.#watchLeases()
    return admission
  }

  /** How many commands wait ahead of this one; null when it does not wait. */
  async queuePosition(commandId: string): Promise<number | null> {
    return this.#queue.position(commandId)
  }

  /** Replaces what is listed of a command that goes on. */
  async update(listing: CommandListing): Promise<void> {
    this.#commands.put(listing)
  }

  /** A command has ended: lists how, frees its slot and hands it to the next, and answers who is to be told. Idempotent. */
  async finish(listing: CommandListing): Promise<WebhookTarget> {
    const admitted = this.ctx.storage.transactionSync(() => {
      this.#commands.put(listing)
      this.#queue.release(listing.spec.id)
      return this.#admitWaiting()
    })
    this.ctx.waitUntil(this.#poke(admitted))
    return this.webhookTarget()
  }

  /** A page of the account's commands, newest first. */
  async listCommands(limit: number, offset: number, status: CommandStatus | null): Promise<CommandPage> {
    return this.#commands.page(limit, offset, status)
  }

  /** Where events go and what signs them. */
  async webhookTarget(): Promise<WebhookTarget> {
    return this.#webhook.target(Date.now())
  }

  /** How the deliveries of one command to the account's endpoint ended. */
  async reportDelivery(url: string, delivered: boolean): Promise<void> {
    this.#webhook.report(url, delivered, Date.now())
  }

  /** The account's webhook; null where none is set. */
  async readWebhook(): Promise<WebhookEndpoint | null> {
    return this.#webhook.get()
  }

  /** Sets the webhook and enables it anew. Without a secret the one there is stays. */
  async putWebhook(url: string, secret: string | null): Promise<void> {
    this.#webhook.put(url, secret, Date.now())
  }

  async deleteWebhook(): Promise<void> {
    this.#webhook.delete()
  }

  /** Leases that ran out: their commands are woken to renew them; who stays silent loses the slot to the next. */
  override async alarm(): Promise<void> {
    const now = Date.now()
    const expired = this.#queue.expired(now)
    const admitted = this.ctx.storage.transactionSync(() => {
      this.#queue.reclaim(now)
      return this.#admitWaiting()
    })
    await this.#poke([...expired, ...admitted])
    await this.#watchLeases()
  }

  #admitWaiting(): string[] {
    const admitted = this.#queue.admitWaiting(settingsOf(this.env).maxConcurrentCommands, Date.now())
    for (const id of admitted) this.#commands.markProcessing(id)
    return admitted
  }

  /** Tells commands that a slot is theirs. One that was never stored (its submit died half way) is taken off the lists. */
  async #poke(commandIds: string[]): Promise<void> {
    if (commandIds.length === 0) return
    await this.#watchLeases()
    await Promise.all(
      commandIds.map(async (id) => {
        try {
          const alive = await this.env.COMMAND.get(this.env.COMMAND.idFromName(id)).poke()
          if (!alive) await this.#forget(id)
        } catch (error) {
          // The command asks by its own alarm too, so a lost poke costs seconds only.
          log('warn', 'account.poke_failed', { command_id: id, error })
        }
      }),
    )
  }

  async #forget(commandId: string): Promise<void> {
    const admitted = this.ctx.storage.transactionSync(() => {
      this.#queue.release(commandId)
      this.#commands.remove(commandId)
      return this.#admitWaiting()
    })
    await this.#poke(admitted)
  }

  async #watchLeases(): Promise<void> {
    const at = this.#queue.nextExpiry()
    if (at !== null) await this.ctx.storage.setAlarm(Math.max(at, Date.now() + 1000))
  }
}
