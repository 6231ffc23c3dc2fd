/** A terminal in which a test types a command as its user would, and ends it by Ctrl-C. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import { stripVTControlCharacters } from 'node:util'
import { guarded } from '../../src/cli/process-group.ts'
import { runningProcesses } from './processes.ts'
import { waitUntil } from './wait-until.ts'

const ROOT = path.resolve(import.meta.dirname, '../..')
/** On the command line of the shell that guards the others, which waits for the end of this process. */
const GUARD = 'read -r _; kill -KILL 0'

export class Terminal {
  /** Everything that the command has printed. */
  output = ''
  readonly #child: ChildProcess
  readonly #closed: Promise<unknown>

  /** Types `command` in the project's folder. It ends with this process, however that ends. */
  constructor(command: string, env: NodeJS.ProcessEnv) {
    const [program, ...args] = guarded(['sh', '-c', command])
    const child = spawn(program, args, { cwd: ROOT, env, detached: true, stdio: 'pipe' })
    const collect = (chunk: string) => {
      this.output += stripVTControlCharacters(chunk)
    }
    child.stdout.setEncoding('utf8').on('data', collect)
    child.stderr.setEncoding('utf8').on('data', collect)
    this.#child = child
    this.#closed = once(child, 'close')
  }

  /** Resolves with what the pattern finds in the output. Throws with the output where the command ends before. */
  prints(pattern: RegExp, timeoutMs: number): Promise<RegExpExecArray> {
    return waitUntil(
      `${pattern} is printed`,
      () => {
        const found = pattern.exec(this.output)
        if (found === null && this.#hasEnded()) throw new Error(`it ended:\n${this.output}`)
        return found
      },
      timeoutMs,
    )
  }

  /** The exit code, once the command has ended by itself and all that it printed is in `output`. */
  async exitCode(): Promise<number | null> {
    await this.#closed
    this.#child.stdin?.end()
    return this.#child.exitCode
  }

  /** Ctrl-C: every process in the terminal gets it. Resolves once all of them have ended; may be called when they have. */
  async interrupt(): Promise<void> {
    const group = this.#child.pid
    if (group === undefined) throw new Error('the shell was not started')
    if (!this.#hasEnded()) process.kill(-group, 'SIGINT')
    await waitUntil(`all processes of ${group} have ended`, async () => {
      const running = await runningProcesses()
      return !running.some((info) => info.group === group && !info.command.includes(GUARD))
    })
    this.#child.stdin?.end()
    await this.#closed
  }

  #hasEnded(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null
  }
}
