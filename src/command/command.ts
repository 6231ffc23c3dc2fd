/** One object per command, named by its id: the only writer of the command's state. Driven by alarms. */
import { DurableObject } from 'cloudflare:workers'
import type { ExecutorClient } from '../executor/client.ts'
import { executorFor } from '../executor/connect.ts'
import type { Progress } from '../executor/protocol.ts'
import { ownFileOf, whyMissing } from '../files/own-file.ts'
import { log } from '../logging/log.ts'
import { settingsOf } from '../settings.ts'
import { isDue, type Outbox } from '../webhooks/outbox.ts'
import { sendWebhook } from './delivery.ts'
import { afterEnd, deleteGarbage, type Ending, settle, wipeJob } from './ending.ts'
import { renewLease } from './lease.ts'
import { type News, newsSince } from './news.ts'
import type { CommandRecord, CommandSpec, Printed } from './record.ts'
import { download, follow, jobLog, jobName, type RunContext, upload } from './run.ts'
import { type CommandEvent, type CommandState, isTerminal } from './state.ts'
import { CommandStore } from './store.ts'
import { logTransition } from './transition-log.ts'
import { Watchers } from './watchers.ts'

/** A piece of work is cut here and continued by the next alarm; the platform ends alarms after 15 minutes. */
const SLICE_MS = 10 * 60_000
/** Should an alarm die without a word, the next one comes this much later. */
const WATCHDOG_MS = 2_000
const LEASE_RENEWAL_MS = 20_000
/** A step that has done its share goes on in an alarm of its own after so long: the platform counts an alarm's requests. */
const NEXT_SHARE_MS = 20
/** A waiting command asks for a slot by itself so often, in case the poke was lost. */
const ASK_AGAIN_MS = 10_000
/** Unexpected faults in a row before the command fails. */
const MAX_FAULTS = 5

/** What the poll needs: the record, and what only exists while the command runs. */
export interface CommandSnapshot extends CommandRecord {
  progress: Progress | null
  printed: Printed
}

export class Command extends DurableObject<Env> {
  readonly #store: CommandStore
  #progress: Progress | null = null
  /** Ends the present step when something outside of it has changed the state. */
  #step = new AbortController()
  readonly #watchers = new Watchers()
  readonly #revisions = new Map<string, number>()
  /** Set by whoever wants attention, which may be while an alarm has found nothing to do and is about to go to sleep. */
  #poked = false

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env)
    this.#store = new CommandStore(ctx.storage)
  }

  /** Stores a new command and sets it going, in `slot` if it got one at once. A second call with the same id changes nothing. */
  async submit(spec: CommandSpec, slot: number | null): Promise<void> {
    if (this.#store.record) return
    this.#store.create(spec)
    if (slot !== null) this.#apply({ type: 'admitted', slot, now: Date.now() })
    await this.ctx.storage.setAlarm(Date.now())
  }

  /** The command was given a slot, or one may be free. Answers false when there is no such command. */
  async poke(slot: number | null): Promise<boolean> {
    const { record } = this.#store
    if (!record) return false
    const { state } = record
    // Between two attempts it first wipes what the last one has left, and asks for itself.
    if (slot !== null && state.status === 'QUEUED') this.#apply({ type: 'admitted', slot, now: Date.now() })
    if (!isTerminal(record.state) || !this.#store.settled) await this.#wake()
    return true
  }

  /** The command as it stands, for the account that owns it; null for anyone else and for an unknown id. */
  async read(account: string): Promise<CommandSnapshot | null> {
    const record = this.#recordFor(account)
    return record && this.#snapshot()
  }

  /** As `read`, held until the command ends or `seconds` have passed. */
  async wait(account: string, seconds: number): Promise<CommandSnapshot | null> {
    if (this.#recordFor(account)) await this.#watchers.until(() => isTerminal(this.#store.mustExist.state), seconds * 1000)
    return this.read(account)
  }

  /**
   * What is new since the mark `seen`, held until something is or `seconds` have passed. In the first `quietSeconds` progress is no news.
   * Null as in `read`.
   */
  async waitForNews(
    account: string,
    seen: string | null,
    { quietSeconds, seconds }: { quietSeconds: number; seconds: number },
  ): Promise<{ command: CommandSnapshot; news: News | null } | null> {
    if (!this.#recordFor(account)) return null
    const news = (progress: Progress | null) => newsSince(seen, this.#store.mustExist.state, progress)
    await this.#watchers.until(() => news(null) !== null, quietSeconds * 1000)
    await this.#watchers.until(() => news(this.#progress) !== null, seconds * 1000)
    return { command: this.#snapshot(), news: news(this.#progress) }
  }

  /** FFmpeg's stderr so far, empty until it runs; null as in `read`. */
  async readLog(account: string): Promise<string | null> {
    const record = this.#recordFor(account)
    if (!record) return null
    const { spec, state } = record
    const atWork = state.status === 'PROCESSING' && (state.stage === 'FFMPEG' || state.stage === 'UPLOADING')
    const live = atWork ? await jobLog(this.#executor(state.slot), jobName(spec, state)) : null
    return live ?? this.#store.log
  }

  /** Ends a command that goes on, and answers how it stands; null as in `read`. */
  async cancel(account: string): Promise<CommandSnapshot | null> {
    const record = this.#recordFor(account)
    if (record && !isTerminal(record.state)) {
      this.#apply({ type: 'cancelled', now: Date.now() })
      this.#step.abort()
      await this.#wake()
    }
    return this.read(account)
  }

  /** Deletes outputs of a command that has ended, one or all. Answers how many files these were, or `unfinished`; null as in `read`. */
  async deleteFiles(account: string, which: { fileId: string } | 'all'): Promise<number | 'unfinished' | null> {
    const record = this.#recordFor(account)
    if (!record) return null
    if (!isTerminal(record.state)) return 'unfinished'
    const deleted = this.#store.deleteFiles(which)
    // What is done here at once, the alarm does after a crash.
    await this.#wake()
    await settle(this.#ending())
    return deleted
  }

  /** The queue's reminder that a webhook is due. One that comes too early, too late or twice does no harm. */
  async deliveryDue(): Promise<void> {
    const { outbox } = this.#store
    if (outbox && isDue(outbox, Date.now())) await this.#wake()
  }

  /** What became of the command's webhook; `outbox` is null until the command has ended. Null as in `read`. */
  async readDeliveries(account: string): Promise<{ outbox: Outbox | null } | null> {
    return this.#recordFor(account) && { outbox: this.#store.outbox }
  }

  /** Sends the webhook again, now and once. `sent` is false when the command goes on, or has no address to send it to. Null as in `read`. */
  async redeliver(account: string): Promise<{ outbox: Outbox | null; sent: boolean } | null> {
    if (!this.#recordFor(account)) return null
    const { outbox } = this.#store
    const sent = outbox !== null && (await sendWebhook(outbox, { manual: true }, this.#ending()))
    if (sent) await this.#wake()
    return { outbox: this.#store.outbox, sent }
  }

  override async alarm(): Promise<void> {
    if (!this.#store.record) return
    await this.ctx.storage.setAlarm(Date.now() + WATCHDOG_MS)
    const sliceEnd = Date.now() + SLICE_MS
    let nextAlarm: number | null = Date.now()
    this.#poked = false
    try {
      do nextAlarm = await this.#advance(sliceEnd)
      while (nextAlarm !== null && nextAlarm <= Date.now() && Date.now() < sliceEnd)
      this.#store.forgiveFaults()
    } catch (error) {
      nextAlarm = this.#countFault(error)
    }
    if (this.#poked) nextAlarm = Date.now()
    if (nextAlarm === null) await this.ctx.storage.deleteAlarm()
    else await this.ctx.storage.setAlarm(nextAlarm)
  }

  /** One step. Answers when the next one is due, in ms since the epoch; null when nothing is left to do. */
  async #advance(sliceEnd: number): Promise<number | null> {
    const { state } = this.#store.mustExist
    if (isTerminal(state)) return afterEnd(state, this.#ending())
    if (state.status === 'QUEUED' || state.stage === 'QUEUED') return this.#askForSlot(state)
    await this.#holdingSlot(state.slot, sliceEnd, async (context) => {
      switch (state.stage) {
        case 'DOWNLOADING':
          return download(state, context)
        case 'FFMPEG':
          return follow(state, context)
        case 'UPLOADING':
          return upload(state, context)
        default:
          return state satisfies never
      }
    })
    return this.#store.mustExist.state === state ? Date.now() + NEXT_SHARE_MS : Date.now()
  }

  async #askForSlot(state: CommandState): Promise<number> {
    if (state.status === 'PROCESSING' && state.stage === 'QUEUED' && state.retryAt > Date.now()) return state.retryAt
    await wipeJob(this.#ending())
    await deleteGarbage(this.#ending())
    const record = this.#store.mustExist
    const admission = await this.#account().admit(record.spec.id)
    switch (admission.kind) {
      case 'slot':
        this.#apply({ type: 'admitted', slot: admission.slot, now: Date.now() })
        return Date.now()
      case 'waiting':
        return Date.now() + ASK_AGAIN_MS
      case 'unknown':
        await this.#account().enqueue(record)
        return Date.now()
      default:
        return admission satisfies never
    }
  }

  /** Runs a step that needs the slot, renewing the lease all the while. */
  async #holdingSlot(slot: number, sliceEnd: number, step: (context: RunContext) => Promise<void>): Promise<void> {
    const { env } = this
    const { spec } = this.#store.mustExist
    this.#step = new AbortController()
    const { signal } = this.#step
    const renewal = setInterval(() => this.ctx.waitUntil(this.#renewLease(slot)), LEASE_RENEWAL_MS)
    const slice = setTimeout(() => this.#step.abort(), sliceEnd - Date.now())
    try {
      await step({
        spec,
        settings: settingsOf(env),
        bucket: env.FILES,
        executor: this.#executor(slot),
        ownFile: (url) => ownFileOf(url, spec.account, settingsOf(env)),
        whyMissing: (file) => whyMissing(file, env),
        apply: (event) => this.#apply(event),
        setProgress: (progress) => {
          this.#progress = progress
          this.#watchers.changed()
        },
        kept: this.#store,
        revisions: this.#revisions,
        signal,
      })
    } finally {
      clearInterval(renewal)
      clearTimeout(slice)
    }
  }

  async #renewLease(slot: number): Promise<void> {
    if (await renewLease(this.#account(), this.#store.mustExist.spec, slot)) return
    const { state } = this.#store.mustExist
    if (state.status === 'PROCESSING' && state.stage !== 'QUEUED') {
      this.#apply({ type: 'attempt_lost', attempt: state.attempt, reason: 'its slot was taken back', now: Date.now() })
      this.#step.abort()
    }
  }

  #apply(event: CommandEvent): void {
    const after = this.#store.apply(event)
    if (after === null) return
    if (event.type !== 'input_received') logTransition(this.#store.mustExist.spec, after, event)
    if (after.status !== 'PROCESSING' || after.stage === 'QUEUED') this.#progress = null
    this.#watchers.changed()
  }

  /** An unexpected fault is ours: it is retried a few times with growing pauses, then told. */
  #countFault(error: unknown): number {
    const faults = this.#store.countFault()
    const { spec, state } = this.#store.mustExist
    log('error', 'command.fault', { command_id: spec.id, account: spec.account, faults, error })
    if (faults >= MAX_FAULTS && state.status === 'PROCESSING' && state.stage !== 'QUEUED') {
      const message = 'something went wrong on our side, several times in a row; submit the command again'
      const failure = { status: 'INTERNAL_ERROR', message } as const
      this.#apply({ type: 'failed', attempt: state.attempt, error: failure, ffmpegSeconds: null, now: Date.now() })
      return Date.now()
    }
    return Date.now() + Math.min(60_000, 500 * 2 ** faults)
  }

  async #wake(): Promise<void> {
    this.#poked = true
    await this.ctx.storage.setAlarm(Date.now())
  }

  #snapshot(): CommandSnapshot {
    return { ...this.#store.mustExist, progress: this.#progress, printed: this.#store.printed }
  }

  #recordFor(account: string): CommandRecord | null {
    const { record } = this.#store
    return record?.spec.account === account ? record : null
  }

  #ending(): Ending {
    return { store: this.#store, env: this.env, executor: (slot) => this.#executor(slot) }
  }

  #account() {
    return this.env.ACCOUNT.get(this.env.ACCOUNT.idFromName(this.#store.mustExist.spec.account))
  }

  #executor(slot: number): ExecutorClient {
    return executorFor(this.env, this.#store.mustExist.spec.account, slot)
  }
}
