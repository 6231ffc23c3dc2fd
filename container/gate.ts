/** Holds back a program that is started before what it needs is there: it stops where it opens a named pipe that nobody reads. */
import { constants } from 'node:fs'
import { chmod, type FileHandle, mkdir, open } from 'node:fs/promises'
import { join } from 'node:path'
import { runToEnd } from './process-group.ts'

/** Node cannot make a named pipe, and starting the program that can is what costs. */
const PIPES_AT_ONCE = 8

/** Used by one program at a time; whoever opens it for writing waits until `open` is called. */
export class Gate {
  readonly path: string
  #reader: FileHandle | null = null

  constructor(path: string) {
    this.path = path
  }

  /** Lets the program go on, whether it has come here or not. Nothing is ever read. */
  async open(): Promise<void> {
    this.#reader = await open(this.path, constants.O_RDONLY | constants.O_NONBLOCK)
  }

  async close(): Promise<void> {
    await this.#reader?.close()
    this.#reader = null
  }
}

/** The gates of this process. */
export class Gates {
  readonly #folder: string
  readonly #mkfifo: string | null
  readonly #free: Gate[] = []
  #made = 0
  #making: Promise<void> | null = null

  /** @param mkfifo the program that makes named pipes; without it there are no gates */
  constructor(folder: string, mkfifo: string | null) {
    this.#folder = folder
    this.#mkfifo = mkfifo
  }

  /** A closed gate that nobody else has; null where none can be made. */
  async take(): Promise<Gate | null> {
    if (this.#free.length === 0) {
      this.#making ??= this.#make().finally(() => {
        this.#making = null
      })
      await this.#making
    }
    return this.#free.pop() ?? null
  }

  /** Takes a gate back when its program has ended. */
  async giveBack(gate: Gate): Promise<void> {
    await gate.close()
    this.#free.push(gate)
  }

  async #make(): Promise<void> {
    if (this.#mkfifo === null) return
    await mkdir(this.#folder, { recursive: true })
    await chmod(this.#folder, 0o711)
    const paths = Array.from({ length: PIPES_AT_ONCE }, () => join(this.#folder, `${this.#made++}`))
    // Whoever is let near a pipe by its sandbox may write to it, whatever user it runs as.
    const { exit } = await runToEnd([this.#mkfifo, '-m', '666', ...paths], { cwd: this.#folder, timeoutSeconds: 5 })
    if (exit.kind === 'exited' && exit.code === 0) this.#free.push(...paths.map((path) => new Gate(path)))
  }
}
