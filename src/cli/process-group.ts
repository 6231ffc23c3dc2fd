/** A child process that heads a process group of its own, which cannot outlive this process. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { stripVTControlCharacters } from 'node:util'

/**
 * Runs the program in the place of the shell, beside a guard in the same group that waits for the end of our pipe.
 * The pipe ends when we close it or die, by SIGKILL too: the guard then kills the whole group, grandchildren included.
 * It is a shell's loop because that takes a megabyte, where a second Node would take forty.
 */
const GUARDED_EXEC = 'exec 3<&0; { read -r _; kill -KILL 0; } <&3 >/dev/null 2>&1 & exec "$@" </dev/null 3<&-'

/** Command line that runs `argv` with the guard. To be spawned detached, with a pipe as its standard input. */
export function guarded(argv: readonly string[]): [string, ...string[]] {
  return ['/bin/sh', '-c', GUARDED_EXEC, 'sh', ...argv]
}

export interface ProgramSpec {
  /** Program and arguments. */
  argv: readonly string[]
  cwd: string
  env: NodeJS.ProcessEnv
  /** Gets each line that the program prints, without colours. */
  onLine: (line: string) => void
}

/** How a program ended, in the words of a log line. */
export type ExitReason = string

export class ProcessGroup {
  readonly pid: number
  /** Resolves when the program has ended and what it left of its group has been killed. */
  readonly exited: Promise<ExitReason>
  readonly #child: ChildProcess

  constructor({ argv, cwd, env, onLine }: ProgramSpec) {
    const [program, ...args] = guarded(argv)
    // A group of its own keeps a terminal's Ctrl-C away from it, so that the supervisor can end its children in order.
    const child = spawn(program, args, { cwd, env, detached: true, stdio: ['pipe', 'pipe', 'pipe'] })
    if (child.pid === undefined) throw new Error('/bin/sh cannot be started')
    // Writing end of a pipe whose reader is gone: nothing is ever written to it.
    child.stdin.on('error', () => {})
    createInterface({ input: child.stdout }).on('line', (line) => onLine(stripVTControlCharacters(line)))
    createInterface({ input: child.stderr }).on('line', (line) => onLine(stripVTControlCharacters(line)))
    this.#child = child
    this.pid = child.pid
    this.exited = this.#waitForExit()
  }

  /** Asks the program to end, and kills its group when it has not done so after `graceMs`. */
  async stop(graceMs: number): Promise<void> {
    this.#child.kill('SIGTERM')
    const timer = setTimeout(() => this.kill(), graceMs)
    await this.exited
    clearTimeout(timer)
  }

  /** Kills the program and everything in its group. */
  kill(): void {
    try {
      process.kill(-this.pid, 'SIGKILL')
    } catch (error) {
      // No such group: everything in it has ended. macOS says EPERM where only zombies are left.
      if (!(error instanceof Error && 'code' in error && (error.code === 'ESRCH' || error.code === 'EPERM'))) throw error
    }
  }

  async #waitForExit(): Promise<ExitReason> {
    await once(this.#child, 'exit')
    this.kill()
    return this.#child.signalCode ?? `exit code ${this.#child.exitCode}`
  }
}
