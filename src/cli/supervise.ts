/** Keeps one program running: it is started again whenever it ends. */
import { setTimeout as sleep } from 'node:timers/promises'
import { OperatorError } from './operator-error.ts'
import { ProcessGroup, type ProgramSpec } from './process-group.ts'

/** A life this long forgives the crashes before it. */
const STABLE_MS = 10_000
const FIRST_DELAY_MS = 250
const MAX_DELAY_MS = 5000

export interface SupervisedSpec extends ProgramSpec {
  /** As log lines call it. */
  name: string
  /** How long it may take to end by itself when it is stopped. */
  graceMs: number
  /** Gets a line about each unexpected end. */
  onEvent: (line: string) => void
}

export class Supervised {
  readonly #spec: SupervisedSpec
  readonly #stopping = new AbortController()
  #current: ProcessGroup
  readonly #done: Promise<void>

  /** Starts the program at once. */
  constructor(spec: SupervisedSpec) {
    this.#spec = spec
    this.#current = new ProcessGroup(spec)
    this.#done = this.#keepRunning()
  }

  get name(): string {
    return this.#spec.name
  }

  /** Id of the program, and of its process group, in its current life. */
  get pid(): number {
    return this.#current.pid
  }

  /** Resolves with the reason when the current life ends. */
  get exited(): Promise<string> {
    return this.#current.exited
  }

  /** Kills the current life, so that the next one begins. */
  restart(): void {
    this.#current.kill()
  }

  /** Ends the program for good. May be called twice. */
  async stop(): Promise<void> {
    this.#stopping.abort()
    await this.#current.stop(this.#spec.graceMs)
    await this.#done
  }

  /** The first crash is mended at once; crashes in a row are mended ever more slowly, so that a broken program does not eat the machine. */
  async #keepRunning(): Promise<void> {
    let crashesInARow = 0
    for (;;) {
      const startedAt = Date.now()
      const reason = await this.#current.exited
      if (this.#stopping.signal.aborted) return
      crashesInARow = Date.now() - startedAt > STABLE_MS ? 1 : crashesInARow + 1
      const delay = restartDelay(crashesInARow)
      this.#spec.onEvent(`${this.#spec.name} ended unexpectedly (${reason}); starting it again${delay > 0 ? ` in ${delay} ms` : ''}`)
      if (delay > 0) await sleep(delay, undefined, { signal: this.#stopping.signal }).catch(() => {})
      if (this.#stopping.signal.aborted) return
      this.#current = new ProcessGroup(this.#spec)
    }
  }
}

/** Throws an OperatorError when the program ends: one that dies while it starts will not get better by itself. */
export async function rejectWhenEnded(program: Supervised): Promise<never> {
  const reason = await program.exited
  throw new OperatorError(`${program.name} ended while it started (${reason}): see the lines above`)
}

/** Milliseconds to wait before the start after the nth crash in a row. */
export function restartDelay(crashesInARow: number): number {
  return crashesInARow <= 1 ? 0 : Math.min(FIRST_DELAY_MS * 2 ** (crashesInARow - 2), MAX_DELAY_MS)
}
