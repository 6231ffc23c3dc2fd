/** Programs started without a shell, each in a process group (and session) of its own, so that all of it can be ended at once. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { Readable } from 'node:stream'
import { watchOrphans } from './orphan-guard.ts'
import { CHILD_ENVIRONMENT, OOM_SCORE_ADJUSTMENT } from './sandbox.ts'

/** How a program ended; `failed` if it could not be started. */
export type Exit = { kind: 'exited'; code: number } | { kind: 'signalled'; signal: NodeJS.Signals } | { kind: 'failed'; reason: string }

/** What a program gets between SIGTERM and SIGKILL. */
const GRACE_MS = 2000

const running = new Set<ProcessGroup>()

/** One whose output can be read. `reports` is its descriptor 3, beside the usual ones. */
export type StartedProcess = ProcessGroup & { stdout: Readable; stderr: Readable; reports: Readable }

export class ProcessGroup {
  /** Settles when the program has ended and its pipes are read to the end; never rejects. */
  readonly exited: Promise<Exit>
  readonly #child: ChildProcess
  #ended = false

  private constructor(child: ChildProcess) {
    this.#child = child
    running.add(this)
    const unwatch = child.pid === undefined ? () => {} : watchOrphans(child.pid)
    this.exited = ending(child).then((exit) => {
      this.#ended = true
      running.delete(this)
      unwatch()
      return exit
    })
  }

  /** Starts `argv`, whose first element is an absolute path. Its input is empty and its environment is `CHILD_ENVIRONMENT`. */
  static start(argv: readonly string[], cwd: string): StartedProcess {
    const [program = '', ...rest] = argv
    const child = spawn(program, rest, { cwd, env: CHILD_ENVIRONMENT, stdio: ['ignore', 'pipe', 'pipe', 'pipe'], detached: true })
    if (child.pid !== undefined && process.platform === 'linux') preferToEnd(child.pid)
    // A process without descriptors to spare gets no pipes, and no program either: `exited` says so.
    const { stdout, stderr } = child
    const reports = child.stdio[3]
    return Object.assign(new ProcessGroup(child), {
      stdout: stdout ?? Readable.from([]),
      stderr: stderr ?? Readable.from([]),
      reports: reports instanceof Readable ? reports : Readable.from([]),
    })
  }

  /** Whether the program itself has ended; what it wrote may be lost by now, if nobody was reading. */
  get hasExited(): boolean {
    return this.#ended || this.#child.exitCode !== null || this.#child.signalCode !== null
  }

  /** SIGTERM, then SIGKILL to whatever is left. Resolves when the program has ended. */
  async stop(): Promise<void> {
    this.signal('SIGTERM')
    const kill = setTimeout(() => this.signal('SIGKILL'), GRACE_MS)
    await this.exited
    clearTimeout(kill)
  }

  /** Signals the whole group; nothing happens once the program has ended. */
  signal(signal: NodeJS.Signals): void {
    if (this.#ended || this.#child.pid === undefined) return
    try {
      process.kill(-this.#child.pid, signal)
    } catch {
      // The group is gone, and its exit is about to be reported.
    }
  }
}

/** Ends every program at once. Resolves when all have ended. */
export async function killAllGroups(): Promise<void> {
  const groups = [...running]
  for (const group of groups) group.signal('SIGKILL')
  await Promise.all(groups.map((group) => group.exited))
}

export interface Captured {
  exit: Exit
  timedOut: boolean
  /** At most `MAX_CAPTURED` bytes of each. */
  stdout: string
  stderr: string
}

const MAX_CAPTURED = 4 * 1024 ** 2

/** Runs a short program to its end, or kills it when the time is over. Never rejects. */
export async function runToEnd(
  argv: readonly string[],
  options: { cwd: string; timeoutSeconds: number; onStart?: (group: ProcessGroup) => void },
): Promise<Captured> {
  const { group, timeOut } = startLimited(argv, options)
  const [exit, stdout, stderr] = await Promise.all([group.exited, capture(group.stdout), capture(group.stderr)])
  return { exit, timedOut: timeOut(), stdout, stderr }
}

/** As `runToEnd`, for a program that prints more than can be kept: it is handed on as it comes. */
export async function followToEnd(
  argv: readonly string[],
  options: { cwd: string; timeoutSeconds: number; onStart: (group: ProcessGroup) => void; onStdout: (chunk: Buffer) => void },
): Promise<Exit> {
  const { group, timeOut } = startLimited(argv, options)
  group.stdout.on('data', options.onStdout)
  group.stderr.resume()
  const exit = await group.exited
  timeOut()
  return exit
}

/** `timeOut` ends the watch, and answers whether the time was over before. */
function startLimited(
  argv: readonly string[],
  { cwd, timeoutSeconds, onStart }: { cwd: string; timeoutSeconds: number; onStart?: (group: ProcessGroup) => void },
): { group: StartedProcess; timeOut: () => boolean } {
  const group = ProcessGroup.start(argv, cwd)
  onStart?.(group)
  let timedOut = false
  const timer = setTimeout(() => {
    timedOut = true
    group.signal('SIGKILL')
  }, timeoutSeconds * 1000)
  return {
    group,
    timeOut: () => {
      clearTimeout(timer)
      return timedOut
    },
  }
}

async function capture(stream: Readable): Promise<string> {
  const chunks: Buffer[] = []
  let bytes = 0
  stream.on('data', (chunk: Buffer) => {
    if (bytes < MAX_CAPTURED) chunks.push(chunk)
    bytes += chunk.length
  })
  await once(stream, 'close')
  return Buffer.concat(chunks).toString('utf8')
}

/** What the program starts by then does not inherit it. */
function preferToEnd(pid: number): void {
  try {
    writeFileSync(`/proc/${pid}/oom_score_adj`, OOM_SCORE_ADJUSTMENT)
  } catch {
    // It has ended already, or the system does not let us.
  }
}

function ending(child: ChildProcess): Promise<Exit> {
  return new Promise((resolve) => {
    child.once('error', (error) => resolve({ kind: 'failed', reason: error.message }))
    child.once('close', (code, signal) => {
      if (signal !== null) resolve({ kind: 'signalled', signal })
      else resolve({ kind: 'exited', code: code ?? -1 })
    })
  })
}
