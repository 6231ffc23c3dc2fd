/** One object per command, named by its id: the only writer of the command's state. Driven by alarms. */
import { DurableObject } from 'cloudflare:workers'
import type { Admission } from '../account/admission.ts'
import { AlarmLoop } from '../durable/alarm-loop.ts'
import type { Budget } from '../durable/budget.ts'
import { ENGINE_LIMITS, type EngineLimits } from '../durable/limits.ts'
import { askAgainAt, SlotLease } from '../durable/slot-lease.ts'
import type { ExecutorClient } from '../executor/client.ts'
import { executorFor } from '../executor/connect.ts'
import type { Progress } from '../executor/protocol.ts'
import { ownFileOf, whyMissing } from '../files/own-file.ts'
import { log } from '../logging/log.ts'
import { inSpan } from '../logging/span.ts'
import { settingsOf } from '../settings.ts'
import { isDue, type Outbox } from '../webhooks/outbox.ts'
import { beginDeletion, erase, isExpected } from './deletion.ts'
import { sendWebhook } from './delivery.ts'
import { download } from './download.ts'
import { afterEnd, deleteGarbage, type Ending, settle, wipeJobs } from './ending.ts'
import { follow } from './follow.ts'
import { jobLog } from './job-log.ts'
import { jobName } from './job-name.ts'
import { JobStates } from './job-states.ts'
import { newsSince } from './news.ts'
import { newsStream } from './news-stream.ts'
import type { CommandRecord, CommandSnapshot, CommandSpec } from './record.ts'
import type { RunContext } from './run-context.ts'
import { type CommandEvent, type CommandState, isTerminal } from './state.ts'
import { CommandStore } from './store.ts'
import { logTransition, spanOf } from './transition-log.ts'
import { upload } from './upload.ts'
import { Watchers } from './watchers.ts'

export class Command extends DurableObject<Env> {
  readonly #store: CommandStore
  readonly #limits: EngineLimits
  readonly #alarms: AlarmLoop
  #progress: Progress | null = null
  readonly #watchers = new Watchers()
  readonly #states = new JobStates()
  /** Whether its turn came before it was stored, in the middle of its submit. */
  #wasPokedEarly = false

  constructor(ctx: DurableObjectState, env: Env, limits = ENGINE_LIMITS) {
    super(ctx, env)
    this.#store = new CommandStore(ctx.storage)
    this.#limits = limits
    this.#alarms = new AlarmLoop(ctx.storage, limits)
  }

  /**
   * Stores a new command and sets it going, as its account has it. A second call with the same id changes nothing, nor does a repetition of
   * the submit of one that has been deleted since the account was asked.
   */
  async submit(spec: CommandSpec, admission: Admission, isRepetition = false): Promise<void> {
    if (this.#store.record || (isRepetition && !(await isExpected(spec, this.env))) || this.#store.record) return
    const admitted = admission.kind === 'slot' ? ({ type: 'admitted', slot: admission.slot, now: Date.now() } as const) : null
    const state = this.#store.create(spec, admitted)
    if (admitted !== null) logTransition(spec, state, admitted)
    // One that waits is woken, unless its turn has come since the account said so.
    const waits = admission.kind === 'waiting' && !this.#wasPokedEarly
    await this.ctx.storage.setAlarm(waits ? askAgainAt(this.#limits) : Date.now())
  }

  /** Which slot the account has given to the command; null where it has none, or not any more. Answers false when there is no such command. */
  async poke(slot: number | null): Promise<boolean> {
    const { record } = this.#store
    if (!record) {
      this.#wasPokedEarly = true
      return false
    }
    const { state } = record
    // Between two attempts it first wipes what the last one has left, and asks for itself.
    if (slot !== null && state.status === 'QUEUED') this.#apply({ type: 'admitted', slot, now: Date.now() })
    if (state.status === 'PROCESSING' && state.stage !== 'QUEUED' && !(await this.#lease().renew(state.slot))) this.#loseSlot(state.attempt)
    await this.#alarms.wake()
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

  /** What is new since the mark `seen`, as `newsStream` tells it; `seen` where that was the end. Null as in `read`. */
  async news(account: string, seen: string | null): Promise<ReadableStream<Uint8Array> | 'seen' | null> {
    const record = this.#recordFor(account)
    if (!record) return null
    if (isTerminal(record.state) && newsSince(seen, record.state, null) === null) return 'seen'
    const look = () => this.#store.record && { state: this.#store.record.state, progress: this.#progress }
    return newsStream(look, this.#watchers, seen)
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
      this.#alarms.interrupt()
      await this.#alarms.wake()
    }
    return this.read(account)
  }

  /** Deletes outputs of a command that has ended, one or all. Answers how many files these were, or `unfinished`; null as in `read`. */
  async deleteFiles(account: string, which: { fileId: string } | 'all'): Promise<number | 'unfinished' | null> {
    const record = this.#recordFor(account)
    if (!record) return null
    if (!isTerminal(record.state)) return 'unfinished'
    // One that has failed has none, and its alarm may still be storing what it had.
    if (record.state.status === 'FAILED') return 0
    const deleted = this.#store.deleteFiles(which)
    // What is done here at once, the alarm does after a crash.
    await this.#alarms.wake()
    await settle(this.#ending())
    return deleted
  }

  /** Deletes a command that has ended, and everything of it. Answers `unfinished` for one that goes on; null as in `read`. */
  async delete(account: string): Promise<'deleted' | 'unfinished' | null> {
    const record = this.#recordFor(account)
    if (!record) return null
    if (!isTerminal(record.state)) return 'unfinished'
    await beginDeletion(this.#ending(), this.#alarms)
    return 'deleted'
  }

  /** Deletes the command because its account is, however far it has come. Answers false when there is no such command. */
  async deleteWithAccount(): Promise<boolean> {
    if (!this.#store.record) return false
    this.#apply({ type: 'cancelled', now: Date.now() })
    this.#alarms.interrupt()
    await beginDeletion(this.#ending(), this.#alarms)
    return true
  }

  /** The queue's reminder that a webhook is due. One that comes too early, too late or twice does no harm. */
  async deliveryDue(): Promise<void> {
    const { outbox } = this.#store
    if (outbox && isDue(outbox, Date.now())) await this.#alarms.wake()
  }

  /** What became of the command's webhook; `outbox` is null until the command has ended. Null as in `read`. */
  async readDeliveries(account: string): Promise<{ outbox: Outbox | null } | null> {
    return this.#recordFor(account) && { outbox: this.#store.outbox }
  }

  /** Sends the webhook again, now and once. `sent` is false when the command goes on, or has no address to send it to. Null as in `read`. */
  async redeliver(account: string): Promise<{ outbox: Outbox | null; sent: boolean } | null> {
    if (!this.#recordFor(account)) return null
    const { outbox } = this.#store
    const sent = outbox !== null && (await sendWebhook(outbox, { manual: true, target: null }, this.#ending()))
    if (sent && this.#store.record) await this.#alarms.wake()
    return { outbox: this.#store.outbox, sent }
  }

  override async alarm(): Promise<void> {
    try {
      await this.#alarms.run({
        exists: () => this.#store.record !== null,
        advance: (budget) => inSpan(spanOf(this.#store.mustExist), () => this.#advance(budget)),
        onFault: (error, faults, isLast) => this.#onFault(error, faults, isLast),
      })
    } finally {
      this.#states.close()
    }
  }

  /** One step. Answers when the next one is due, in ms since the epoch; null when nothing is left to do. */
  async #advance(budget: Budget): Promise<number | null> {
    if (this.#store.isDeleted) return erase(this.#ending())
    const { state } = this.#store.mustExist
    if (isTerminal(state)) return afterEnd(state, this.#ending())
    if (state.status === 'QUEUED' || state.stage === 'QUEUED') return this.#askForSlot(state)
    const context = this.#runContext(state.slot, budget)
    // What an earlier attempt has left is in the way of this one, which waits for nothing.
    this.ctx.waitUntil(wipeJobs(this.#ending()))
    await this.#lease().hold(
      state.slot,
      async () => {
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
      },
      () => this.#loseSlot(state.attempt),
    )
    return Date.now()
  }

  async #askForSlot(state: CommandState): Promise<number> {
    if (state.status === 'PROCESSING' && state.stage === 'QUEUED' && state.retryAt > Date.now()) return state.retryAt
    await Promise.all([wipeJobs(this.#ending()), deleteGarbage(this.#ending())])
    const turn = await this.#lease().ask()
    if (turn.kind === 'waiting') return Math.min(turn.askAgainAt, this.#store.leftJobs.dueAt ?? turn.askAgainAt)
    this.#apply({ type: 'admitted', slot: turn.slot, now: Date.now() })
    return Date.now()
  }

  #runContext(slot: number, budget: Budget): RunContext {
    const { env } = this
    const { spec } = this.#store.mustExist
    return {
      spec,
      settings: settingsOf(env),
      limits: this.#limits,
      budget,
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
      states: this.#states,
    }
  }

  #lease(): SlotLease {
    const { spec } = this.#store.mustExist
    return new SlotLease({
      holder: spec.id,
      admit: (id) => this.#account().admit(id),
      enqueue: () => this.#account().enqueue(this.#store.mustExist),
      limits: this.#limits,
    })
  }

  #loseSlot(attempt: number): void {
    this.#apply({ type: 'attempt_lost', attempt, reason: 'its slot was taken back', now: Date.now() })
    this.#alarms.interrupt()
  }

  #apply(event: CommandEvent): void {
    const after = this.#store.apply(event)
    if (after === null) return
    if (event.type !== 'input_received' && event.type !== 'output_stored') logTransition(this.#store.mustExist.spec, after, event)
    if (after.status !== 'PROCESSING' || after.stage === 'QUEUED') this.#progress = null
    this.#watchers.changed()
  }

  /** An unexpected fault is ours: it is retried a few times with growing pauses, then told. */
  #onFault(error: unknown, faults: number, isLast: boolean): boolean {
    const { spec, state } = this.#store.mustExist
    log('error', 'command.fault', { command_id: spec.id, account: spec.account, faults, error })
    if (!isLast || state.status !== 'PROCESSING' || state.stage === 'QUEUED') return false
    const message = 'something went wrong on our side, several times in a row; submit the command again'
    const failure = { status: 'INTERNAL_ERROR', message } as const
    this.#apply({ type: 'failed', attempt: state.attempt, error: failure, ffmpegSeconds: null, now: Date.now() })
    return true
  }

  #snapshot(): CommandSnapshot {
    return { ...this.#store.mustExist, progress: this.#progress, printed: this.#store.printed }
  }

  #recordFor(account: string): CommandRecord | null {
    const { record } = this.#store
    return record?.spec.account === account && !this.#store.isDeleted ? record : null
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
