/** A command whose alarms a test runs itself, with limits, a bucket and an executor of its own: it may be cut and killed wherever the test likes. */
import { runInDurableObject } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { Command } from '../../src/command/command.ts'
import type { CommandSnapshot, CommandSpec } from '../../src/command/record.ts'
import { isTerminal, type TerminalState } from '../../src/command/state.ts'
import { ENGINE_LIMITS, type EngineLimits } from '../../src/durable/limits.ts'
import { commandStub, newSpec, until } from './client.ts'
import { CountedBucket } from './counted-bucket.ts'
import { CountedExecutor } from './counted-executor.ts'

const HOUR = 3_600_000

export class OwnCommand {
  readonly executor = new CountedExecutor()
  readonly bucket = new CountedBucket()
  readonly spec: CommandSpec
  readonly storage: DurableObjectStorage
  /** When it wants its next alarm, in ms since the epoch. */
  alarmAt = 0
  readonly #start: (limits: Partial<EngineLimits>) => Command
  #command: Command
  #limits: Partial<EngineLimits>

  private constructor(state: DurableObjectState, spec: CommandSpec, vars: Partial<Env>, limits: Partial<EngineLimits>) {
    const own = { ...env, ...vars, EXECUTOR_URL: '', EXECUTOR: this.#executors(), FILES: this.bucket.bucket }
    this.spec = spec
    this.storage = state.storage
    this.#limits = limits
    // No lease is renewed, since no account has given a slot.
    this.#start = (more) => new Command(state, own, { ...ENGINE_LIMITS, sliceMs: HOUR, leaseRenewalMs: HOUR, ...more })
    this.#command = this.#start(limits)
  }

  /** Does `act` with a command that was submitted and has a slot. */
  static async run(
    body: unknown,
    { vars = {}, limits = {} }: { vars?: Partial<Env>; limits?: Partial<EngineLimits> },
    act: (command: OwnCommand) => Promise<void>,
  ): Promise<void> {
    const spec = await newSpec(`t-${crypto.randomUUID().slice(0, 13)}`, body)
    await runInDurableObject(commandStub(spec.id), async (_, state) => {
      const command = new OwnCommand(state, spec, vars, limits)
      // The object's own alarms would run without these limits.
      const setAlarm = async (at: number) => {
        command.alarmAt = at
      }
      Object.defineProperty(state.storage, 'setAlarm', { value: setAlarm })
      await command.#command.submit(spec, { kind: 'slot', slot: 0 })
      await act(command)
    })
  }

  /** The executor's name for its first attempt. */
  get job(): string {
    return `${this.spec.id}.1`
  }

  async read(): Promise<CommandSnapshot> {
    const snapshot = await this.#command.read(this.spec.account)
    if (!snapshot) throw new Error('the command was not submitted')
    return snapshot
  }

  alarm(): Promise<void> {
    return this.#command.alarm()
  }

  cancel(): Promise<unknown> {
    return this.#command.cancel(this.spec.account)
  }

  delete(): Promise<unknown> {
    return this.#command.delete(this.spec.account)
  }

  deleteFiles(): Promise<unknown> {
    return this.#command.deleteFiles(this.spec.account, 'all')
  }

  /** As after a crash: another object with the same storage, while the old one never hears of anything any more. */
  restart(limits: Partial<EngineLimits> = this.#limits): void {
    this.#limits = limits
    this.#command = this.#start(limits)
  }

  /** Runs alarms until the command has ended and everything was let go of. Answers how it ended, and how many alarms that took. */
  async ended(): Promise<{ state: TerminalState; alarms: number }> {
    let alarms = 0
    const state = await until('the command has ended', async () => {
      await this.alarm()
      alarms += 1
      const { state } = await this.read()
      return isTerminal(state) && state
    })
    await this.alarm()
    return { state, alarms }
  }

  /**
   * Kills it when `count` answers have come that `isCounted` tells of; the last one is never heard. Resolves when that is so.
   * What it does until then is in the hands of the one alarm that is run.
   */
  async killAfter(count: number, isCounted: (request: Request) => boolean): Promise<void> {
    const dead = Promise.withResolvers<void>()
    let answers = 0
    this.executor.beforeAnswer = async (request) => {
      if (!isCounted(request)) return
      answers += 1
      if (answers < count) return
      dead.resolve()
      await new Promise<never>(() => undefined)
    }
    void this.alarm()
    await dead.promise
    this.executor.beforeAnswer = async () => undefined
    this.restart()
  }

  #executors(): Env['EXECUTOR'] {
    return new Proxy(env.EXECUTOR, {
      get: (namespace, name) => {
        if (name === 'get') return () => this.executor
        const value: unknown = Reflect.get(namespace, name)
        return typeof value === 'function' ? value.bind(namespace) : value
      },
    })
  }
}
