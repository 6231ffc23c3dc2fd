/** One object per command, named by its id: the only writer of the command's state. Driven by alarms. */
import { DurableObject } from 'cloudflare:workers'
import { type ExecutorClient, ExecutorFailure } from '../executor/client.ts'
import { executorFor } from '../executor/connect.ts'
import type { Progress } from '../executor/protocol.ts'
import { fileKey } from '../files/key.ts'
import { ownFileOf } from '../files/own-file.ts'
import { log } from '../logging/log.ts'
import { settingsOf } from '../settings.ts'
import type { CommandRecord, CommandSpec } from './record.ts'
import { download, follow, jobName, type RunContext, upload } from './run.ts'
import { type CommandEvent, type CommandState, INITIAL_STATE, isTerminal, type ProcessingState, transition } from './state.ts'

/** A piece of work is cut here and continued by the next alarm; the platform ends alarms after 15 minutes. */
const SLICE_MS = 10 * 60_000
/** Should an alarm die without a word, the next one comes this much later. */
const WATCHDOG_MS = 2_000
const LEASE_RENEWAL_MS = 20_000
/** A waiting command asks for a slot by itself so often, in case the poke was lost. */
const ASK_AGAIN_MS = 10_000
/** Unexpected faults in a row before the command fails. */
const MAX_FAULTS = 5

/** What the poll needs: the record, and what only exists while the command runs. */
export interface CommandSnapshot extends CommandRecord {
  progress: Progress | null
}

export class Command extends DurableObject<Env> {
  #record: CommandRecord | null
  #progress: Progress | null = null
  /** Ends the present step when something outside of it has changed the state. */
  #step = new AbortController()
  #waiters = new Set<() => void>()
  /** Set by a poke, which may come while an alarm has asked for a slot in vain and is about to go to sleep. */
  #poked = false

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env)
    this.#record = ctx.storage.kv.get<CommandRecord>('record') ?? null
  }

  /** Stores a new command and sets it going. A second call with the same id changes nothing. */
  async submit(spec: CommandSpec): Promise<void> {
    if (this.#record) return
    this.#record = { spec, state: INITIAL_STATE, filesDeletedAt: null }
    this.ctx.storage.kv.put('record', this.#record)
    await this.ctx.storage.setAlarm(Date.now())
  }

  /** A slot may be free. Answers false when there is no such command. */
  async poke(): Promise<boolean> {
    if (!this.#record) return false
    this.#poked = true
    if (!isTerminal(this.#record.state) || !this.ctx.storage.kv.get('settled')) await this.ctx.storage.setAlarm(Date.now())
    return true
  }

  /** The command as it stands, for the account that owns it; null for anyone else and for an unknown id. */
  async read(account: string): Promise<CommandSnapshot | null> {
    if (this.#record?.spec.account !== account) return null
    return { ...this.#record, progress: this.#progress }
  }

  /** As `read`, held until the command ends or `seconds` have passed. */
  async wait(account: string, seconds: number): Promise<CommandSnapshot | null> {
    if (this.#record?.spec.account === account && !isTerminal(this.#record.state)) await this.#ended(seconds * 1000)
    return this.read(account)
  }

  /** FFmpeg's stderr, empty until it has run; null as in `read`. */
  async readLog(account: string): Promise<string | null> {
    if (this.#record?.spec.account !== account) return null
    return this.ctx.storage.kv.get<string>('log') ?? ''
  }

  override async alarm(): Promise<void> {
    const record = this.#record
    if (!record) return
    await this.ctx.storage.setAlarm(Date.now() + WATCHDOG_MS)
    const sliceEnd = Date.now() + SLICE_MS
    let nextAlarm: number | null = Date.now()
    this.#poked = false
    try {
      do nextAlarm = await this.#advance(record, sliceEnd)
      while (nextAlarm !== null && nextAlarm <= Date.now() && Date.now() < sliceEnd)
      this.ctx.storage.kv.delete('faults')
    } catch (error) {
      nextAlarm = this.#countFault(record, error)
    }
    if (this.#poked && nextAlarm !== null) nextAlarm = Date.now()
    if (nextAlarm === null) await this.ctx.storage.deleteAlarm()
    else await this.ctx.storage.setAlarm(nextAlarm)
  }

  /** One step. Answers when the next one is due, in ms since the epoch; null when nothing is left to do. */
  async #advance(record: CommandRecord, sliceEnd: number): Promise<number | null> {
    const { state } = record
    if (isTerminal(state)) return this.#afterEnd(record)
    if (state.status === 'QUEUED' || state.stage === 'QUEUED') return this.#askForSlot(record, state)
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
    return Date.now()
  }

  async #askForSlot(record: CommandRecord, state: CommandState): Promise<number> {
    if (state.status === 'PROCESSING' && state.stage === 'QUEUED' && state.retryAt > Date.now()) return state.retryAt
    await this.#wipeJob()
    await this.#deleteGarbage()
    const admission = await this.#account().admit(record.spec.id)
    switch (admission.kind) {
      case 'slot':
        this.#apply({ type: 'admitted', slot: admission.slot, now: Date.now() })
        return Date.now()
      case 'waiting':
        return Date.now() + ASK_AGAIN_MS
      case 'unknown':
        await this.#account().enqueue([record])
        return Date.now()
      default:
        return admission satisfies never
    }
  }

  /** Runs a step that needs the slot, renewing the lease all the while. */
  async #holdingSlot(slot: number, sliceEnd: number, step: (context: RunContext) => Promise<void>): Promise<void> {
    const { env } = this
    const record = this.#mustExist()
    const { spec } = record
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
        apply: (event) => this.#apply(event),
        setProgress: (progress) => {
          this.#progress = progress
        },
        setLog: (text) => this.ctx.storage.kv.put('log', text),
        signal,
      })
    } finally {
      clearInterval(renewal)
      clearTimeout(slice)
    }
  }

  async #renewLease(slot: number): Promise<void> {
    const record = this.#mustExist()
    try {
      const admission = await this.#account().admit(record.spec.id)
      if (admission.kind === 'slot' && admission.slot === slot) return
    } catch (error) {
      log('warn', 'command.lease_not_renewed', { command_id: record.spec.id, error })
      return
    }
    if (record.state.status === 'PROCESSING' && record.state.stage !== 'QUEUED') {
      this.#apply({ type: 'attempt_lost', attempt: record.state.attempt, reason: 'its slot was taken back', now: Date.now() })
      this.#step.abort()
    }
  }

  /** Takes note of the end wherever it must be known, then waits for the files to expire. */
  async #afterEnd(record: CommandRecord): Promise<number | null> {
    if (!this.ctx.storage.kv.get('settled')) {
      await this.#wipeJob()
      await this.#deleteGarbage()
      await this.#account().finish(record)
      this.ctx.storage.kv.put('settled', true)
    }
    const { state } = record
    if (state.status !== 'SUCCESS' || record.filesDeletedAt !== null) return null
    const expiresAt = state.endedAt + settingsOf(this.env).fileRetentionMs
    if (expiresAt > Date.now()) return expiresAt
    await this.env.FILES.delete(outputKeys(record.spec, state.outputs))
    record.filesDeletedAt = Date.now()
    this.ctx.storage.kv.put('record', record)
    await this.#account().update(record)
    return null
  }

  /** Records an event, and with it what must never be apart from it. */
  #apply(event: CommandEvent): void {
    const record = this.#mustExist()
    const before = record.state
    const after = transition(before, event)
    if (after === before) return
    record.state = after
    this.ctx.storage.transactionSync(() => {
      this.ctx.storage.kv.put('record', record)
      if (before.status === 'PROCESSING' && before.stage !== 'QUEUED' && hasLeft(before, after)) this.#discardAttempt(before, after)
    })
    if (event.type !== 'input_received') logTransition(record.spec, after, event)
    if (isTerminal(after)) {
      this.#progress = null
      for (const wake of this.#waiters) wake()
    }
  }

  /** What an attempt leaves behind: its job at the executor, and the outputs that nobody will ever see. */
  #discardAttempt(before: Exclude<ProcessingState, { stage: 'QUEUED' }>, after: CommandState): void {
    this.ctx.storage.kv.put('job', { slot: before.slot, name: jobName(this.#mustExist().spec, before) })
    if (before.stage !== 'UPLOADING' || after.status === 'SUCCESS') return
    const garbage = this.ctx.storage.kv.get<string[]>('garbage') ?? []
    this.ctx.storage.kv.put('garbage', [...garbage, ...outputKeys(this.#mustExist().spec, before.outputs)])
  }

  async #deleteGarbage(): Promise<void> {
    const garbage = this.ctx.storage.kv.get<string[]>('garbage')
    if (garbage && garbage.length > 0) await this.env.FILES.delete(garbage)
    this.ctx.storage.kv.delete('garbage')
  }

  /** The executor keeps a job until it is told not to. One that is gone has wiped it already. */
  async #wipeJob(): Promise<void> {
    const job = this.ctx.storage.kv.get<{ slot: number; name: string }>('job')
    if (!job) return
    try {
      await this.#executor(job.slot).remove(job.name)
    } catch (error) {
      if (!(error instanceof ExecutorFailure)) throw error
    }
    this.ctx.storage.kv.delete('job')
  }

  /** An unexpected fault is ours: it is retried a few times with growing pauses, then told. */
  #countFault(record: CommandRecord, error: unknown): number {
    const faults = (this.ctx.storage.kv.get<number>('faults') ?? 0) + 1
    this.ctx.storage.kv.put('faults', faults)
    log('error', 'command.fault', { command_id: record.spec.id, account: record.spec.account, faults, error })
    const { state } = record
    if (faults >= MAX_FAULTS && state.status === 'PROCESSING' && state.stage !== 'QUEUED') {
      const message = 'something went wrong on our side, several times in a row; submit the command again'
      const failure = { status: 'INTERNAL_ERROR', message } as const
      this.#apply({ type: 'failed', attempt: state.attempt, error: failure, ffmpegSeconds: null, now: Date.now() })
      return Date.now()
    }
    return Date.now() + Math.min(60_000, 500 * 2 ** faults)
  }

  #ended(milliseconds: number): Promise<void> {
    return new Promise((resolve) => {
      const wake = () => {
        clearTimeout(timer)
        this.#waiters.delete(wake)
        resolve()
      }
      const timer = setTimeout(wake, milliseconds)
      this.#waiters.add(wake)
    })
  }

  #account() {
    const { account } = this.#mustExist().spec
    return this.env.ACCOUNT.get(this.env.ACCOUNT.idFromName(account))
  }

  #executor(slot: number): ExecutorClient {
    return executorFor(this.env, this.#mustExist().spec.account, slot)
  }

  #mustExist(): CommandRecord {
    if (!this.#record) throw new Error('this command was never submitted')
    return this.#record
  }
}

function logTransition(spec: CommandSpec, state: CommandState, event: CommandEvent): void {
  log('info', 'command.state', {
    command_id: spec.id,
    account: spec.account,
    status: state.status,
    ...(state.status === 'PROCESSING' && { stage: state.stage, attempt: state.attempt }),
    ...(state.status === 'FAILED' && { error_status: state.error.status }),
    ...('reason' in event && { reason: event.reason }),
  })
}

function hasLeft(before: ProcessingState, after: CommandState): boolean {
  return after.status !== 'PROCESSING' || after.stage === 'QUEUED' || after.attempt !== before.attempt
}

function outputKeys(spec: CommandSpec, outputs: Record<string, { fileId: string; filename: string }>): string[] {
  return Object.values(outputs).map((output) => fileKey(spec.account, output.fileId, output.filename))
}
