/** The whole stack as `npm run dev` starts it, in a process of its own, for tests that use it and tests that break it. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { findFreePort } from '../../src/cli/ports.ts'
import { guarded } from '../../src/cli/process-group.ts'
import { familyOf, killProcess, type ProcessInfo, runningProcesses, signalProcess } from './processes.ts'
import { waitUntil } from './wait-until.ts'

const ROOT = path.resolve(import.meta.dirname, '../..')
const DEV = [process.execPath, path.join(ROOT, 'src/cli/dev.ts')]
/** As long as a start may take on a busy machine. */
export const START_TIMEOUT_MS = 90_000
/** The same with containers, whose images may have to be built. */
const CONTAINERS_START_TIMEOUT_MS = 9 * 60_000

export interface TestStackOptions {
  /** Kept by `stop()` when given; else a temporary folder, which `stop()` removes. */
  stateDir?: string
  /** Any free one by default. */
  port?: number
  /** Further environment, such as settings of the Worker. */
  env?: Record<string, string>
  /** Whether FFmpeg runs in containers, as `npm run dev:containers` has it. */
  containers?: boolean
  /** Program and arguments in the place of `npm run dev`'s, which print what that prints when it is ready. */
  program?: readonly string[]
  /** Gets each line that the stack prints, instead of its being kept. */
  onLine?: (line: string) => void
}

/** Starts a stack and resolves when it has printed that it is ready. End it with `stop()`. */
export async function startTestStack(options: TestStackOptions = {}): Promise<TestStack> {
  const port = options.port ?? (await findFreePort())
  const stateDir = options.stateDir ?? (await mkdtemp(path.join(tmpdir(), 'renderio-test-')))
  const stack = new TestStack({
    port,
    stateDir,
    env: options.env ?? {},
    containers: options.containers ?? false,
    ownsState: options.stateDir === undefined,
    program: options.program ?? DEV,
    onLine: options.onLine ?? null,
  })
  try {
    await stack.start()
  } catch (error) {
    await stack.stop()
    throw error
  }
  return stack
}

export class TestStack {
  readonly url: string
  readonly port: number
  readonly stateDir: string
  readonly #env: Record<string, string>
  readonly #containers: boolean
  readonly #ownsState: boolean
  readonly #program: readonly string[]
  readonly #onLine: ((line: string) => void) | null
  /** Everything the stack has printed in all its lives, unless somebody else takes it. */
  output = ''
  apiKey = ''
  #supervisor: ChildProcess | null = null

  constructor(options: {
    port: number
    stateDir: string
    env: Record<string, string>
    containers: boolean
    ownsState: boolean
    program: readonly string[]
    onLine: ((line: string) => void) | null
  }) {
    this.port = options.port
    this.stateDir = options.stateDir
    this.url = `http://localhost:${options.port}`
    this.#env = options.env
    this.#containers = options.containers
    this.#ownsState = options.ownsState
    this.#program = options.program
    this.#onLine = options.onLine
  }

  /** Starts the stack on its port and state; again, after `end()` or a kill. The environment is of this life only. */
  async start(ofThisLife: Record<string, string> = {}): Promise<void> {
    const env = { PORT: String(this.port), STATE_DIR: this.stateDir, ...this.#env, ...ofThisLife }
    const supervisor = spawnGuarded([...this.#program, ...(this.#containers ? ['--containers'] : [])], env)
    this.#supervisor = supervisor
    let isReady = false
    let life = ''
    const collect = (chunk: Buffer) => {
      if (!isReady) life += chunk
      if (this.#onLine === null) this.output += chunk
    }
    for (const stream of [supervisor.stdout, supervisor.stderr]) {
      stream?.on('data', collect)
      if (stream && this.#onLine) createInterface({ input: stream }).on('line', this.#onLine)
    }
    this.apiKey = await waitUntil(
      'the stack is ready',
      () => {
        if (hasEnded(supervisor)) throw new Error(`The stack ended while it started:\n${life}`)
        return /^Ready on /m.test(life) && life.match(/^API key (\S+)\n/m)?.[1]
      },
      this.#containers ? CONTAINERS_START_TIMEOUT_MS : START_TIMEOUT_MS,
    )
    isReady = true
  }

  get pid(): number {
    const pid = this.#supervisor?.pid
    if (pid === undefined) throw new Error('the stack has not been started')
    return pid
  }

  /** The supervisor and what it started, guards and helpers included. */
  processes(): Promise<ProcessInfo[]> {
    return familyOf(this.pid)
  }

  /** Process id of the executor, once it runs. */
  executorPid(): Promise<number> {
    return waitUntil('the executor runs', async () => (await this.processes()).find(isExecutor)?.pid)
  }

  /** Process id of the program that starts workerd, once it runs. */
  workerPid(): Promise<number> {
    return waitUntil('the Worker runs', async () => (await this.processes()).find(isWorker)?.pid)
  }

  /** Process ids of workerd, once it runs. Two with containers: wrangler's development server has one in front. */
  workerdPids(): Promise<number[]> {
    const expected = this.#containers ? 2 : 1
    return waitUntil('workerd runs', async () => {
      const pids = (await this.processes()).filter(isWorkerd).map((info) => info.pid)
      return pids.length >= expected && pids
    })
  }

  /** Asks for a clean end, as Ctrl-C does, and returns the exit code. */
  async end(signal: 'SIGINT' | 'SIGTERM' = 'SIGTERM'): Promise<number | null> {
    const supervisor = this.#supervisor
    if (supervisor !== null && !hasEnded(supervisor)) {
      supervisor.kill(signal)
      await once(supervisor, 'exit')
    }
    return supervisor?.exitCode ?? null
  }

  /** Ends the stack for good, and its state with it unless that was given. */
  async stop(): Promise<void> {
    await this.end()
    if (this.#ownsState) await rm(this.stateDir, { recursive: true, force: true })
  }

  /** SIGKILLs the executor and what runs in its group; the supervisor lives and starts it again. */
  async killExecutor(): Promise<void> {
    killProcess(await this.executorPid())
  }

  /** SIGKILLs workerd; the supervisor lives and starts the Worker's side again. */
  async killWorker(): Promise<void> {
    for (const pid of await this.workerdPids()) killProcess(pid)
  }

  /** SIGKILLs the supervisor alone. Resolves when neither it nor anything that it started is left. */
  async killSupervisor(): Promise<void> {
    // It starts nothing that is not known here.
    process.kill(this.pid, 'SIGSTOP')
    const all = await this.processes()
    killProcess(this.pid)
    await waitUntilGone(all)
  }

  /** SIGKILLs every process of the stack at once, as a power cut would. */
  async killAll(): Promise<void> {
    const all = await this.freeze()
    for (const { pid } of all) killProcess(pid)
    await waitUntilGone(all)
  }

  /** Lets a frozen stack go on where it was. */
  async thaw(): Promise<void> {
    for (const { pid } of await this.processes()) signalProcess(pid, 'SIGCONT')
  }

  /** SIGSTOPs the supervisor and what it started, until none is left that could have started another since. Returns all of them. */
  async freeze(): Promise<ProcessInfo[]> {
    const stopped = new Set<number>()
    for (;;) {
      const all = await this.processes()
      const going = all.filter(({ pid }) => !stopped.has(pid))
      if (going.length === 0) return all
      for (const { pid } of going) {
        signalProcess(pid, 'SIGSTOP')
        stopped.add(pid)
      }
    }
  }
}

/**
 * Starts `npm run dev`'s program without waiting for anything. `env` is laid over this process's environment.
 * It ends with this process, however that ends.
 */
export function spawnDev(env: Record<string, string>, options: readonly string[] = []): ChildProcess {
  return spawnGuarded([...DEV, ...options], env)
}

function spawnGuarded(argv: readonly string[], env: Record<string, string>): ChildProcess {
  const [program, ...args] = guarded(argv)
  return spawn(program, args, { cwd: ROOT, env: { ...process.env, ...env }, detached: true, stdio: 'pipe' })
}

/** Starts `npm run dev` itself, without a guard, which would end what npm leaves behind: whoever calls it kills the group in the end. */
export function spawnNpmRunDev(env: Record<string, string>): ChildProcess {
  return spawn('npm', ['run', 'dev'], { cwd: ROOT, env: { ...process.env, ...env }, detached: true, stdio: ['ignore', 'pipe', 'pipe'] })
}

/** Resolves when none of these processes runs any more, nor any other in a group that one of them heads. */
export async function waitUntilGone(processes: readonly ProcessInfo[]): Promise<void> {
  const groups = new Set(processes.filter(({ pid, group }) => pid === group).map(({ group }) => group))
  await waitUntil(`these have ended: ${processes.map((info) => `${info.pid} ${info.command.slice(0, 80)}`).join('; ')}`, async () => {
    const running = await runningProcesses()
    if (running.some(({ group }) => groups.has(group))) return false
    return !processes.some((gone) => running.some((info) => info.pid === gone.pid && info.group === gone.group))
  })
}

function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null
}

/** The shell that guards the program has the same words on its command line. */
function isExecutor(info: ProcessInfo): boolean {
  return info.command.includes('container/server.ts') && info.pid === info.group
}

function isWorker(info: ProcessInfo): boolean {
  return info.command.includes('src/cli/local-worker.ts') && info.pid === info.group
}

function isWorkerd(info: ProcessInfo): boolean {
  return /\/workerd serve /.test(info.command)
}
