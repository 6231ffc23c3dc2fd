/** A job's inputs as they arrive: one transfer for each file at a time, and all together within the job's disk. */
import { rm } from 'node:fs/promises'
import type { IncomingMessage } from 'node:http'
import { megabytes } from './failure.ts'
import { Fault } from './fault.ts'
import { receive } from './receive.ts'
import type { Workspace } from './workspace.ts'

/** Where a request goes on with a file, and how large that is to be in the end; null where nobody knows. */
export interface Continuation {
  offset: number
  totalBytes: number | null
}

interface Transfer {
  incoming: IncomingMessage
  done: Promise<unknown>
}

export class Inputs {
  readonly #workspace: Workspace
  #maxJobBytes: number
  readonly #transfers = new Map<string, Transfer>()
  /** Bytes of each input that has arrived, in whole or in part. */
  readonly #received = new Map<string, number>()
  /** Their sum, which is asked for at every piece of every input. */
  #receivedBytes = 0

  /** @param maxJobBytes the most that they may take together, unless less is said later */
  constructor(workspace: Workspace, maxJobBytes: number) {
    this.#workspace = workspace
    this.#maxJobBytes = maxJobBytes
  }

  /** Tells how much disk the job may have, which its inputs alone must not exceed. The least that was told holds. */
  limitTo(maxJobBytes: number): void {
    this.#maxJobBytes = Math.min(this.#maxJobBytes, maxJobBytes)
  }

  /**
   * Stores one input from a request's body. `continues` adds to a file that has exactly `offset` bytes; null writes it anew.
   * A newer request for the same file ends the older one, whose client is taken to be gone. `admit` throws if it is too late for inputs by then.
   * @returns the bytes that the file has now
   */
  async receive(
    filename: string,
    incoming: IncomingMessage,
    { continues, maxBytes, admit }: { continues: Continuation | null; maxBytes: number; admit: () => void },
  ): Promise<number> {
    for (let older = this.#transfers.get(filename); older !== undefined; older = this.#transfers.get(filename)) {
      older.incoming.destroy()
      await older.done
    }
    admit()
    const done = this.#store(filename, incoming, continues, maxBytes)
    this.#transfers.set(filename, { incoming, done: done.catch(() => {}) })
    try {
      return await done
    } finally {
      this.#transfers.delete(filename)
    }
  }

  /** Whether anything is on its way. */
  get areUnderWay(): boolean {
    return this.#transfers.size > 0
  }

  /** Throws a `FILE_NOT_FOUND` unless the file is there and nothing more of it is under way. `what` begins the message. */
  async mustHave(filename: string, what: string): Promise<void> {
    const present = !this.#transfers.has(filename) && (await this.#workspace.fileBytes(filename)) !== null
    if (!present) throw new Fault('FILE_NOT_FOUND', `${what} has not arrived`)
  }

  /** Cuts everything that is under way. Resolves when nothing is written any more. */
  async cut(): Promise<void> {
    const transfers = [...this.#transfers.values()]
    for (const { incoming } of transfers) incoming.destroy()
    await Promise.all(transfers.map(({ done }) => done))
  }

  async #store(filename: string, incoming: IncomingMessage, continues: Continuation | null, maxBytes: number): Promise<number> {
    const present = (await this.#workspace.fileBytes(filename)) ?? 0
    const start = continues?.offset ?? 0
    if (continues !== null && start !== present)
      throw new Fault('CONFLICT', `the file has ${present} bytes, so it cannot go on at ${start}`)
    const path = this.#workspace.path(filename)
    let bytes = start
    const judge = (fileBytes: number): void => {
      if (fileBytes > maxBytes) throw new Fault('INPUT_TOO_LARGE', `the input is larger than ${maxBytes} bytes`, 'input')
      if (this.#receivedBytes - (this.#received.get(filename) ?? 0) + fileBytes > this.#maxJobBytes) {
        throw new Fault(
          'INPUT_TOO_LARGE',
          `the inputs together are larger than ${megabytes(this.#maxJobBytes)}, the most disk that a command may use`,
          'job',
        )
      }
    }
    const admit = (more: number): void => {
      bytes += more
      judge(bytes)
      this.#count(filename, bytes)
    }
    try {
      this.#count(filename, start)
      judge(Math.max(continues?.totalBytes ?? 0, start + Number(incoming.headers['content-length'] ?? 0)))
      return start + (await receive({ incoming, path, offset: start, admit }))
    } catch (error) {
      if (error instanceof Fault && error.code === 'INPUT_TOO_LARGE') {
        this.#count(filename, 0)
        await rm(path, { force: true })
      }
      throw error
    }
  }

  #count(filename: string, bytes: number): void {
    this.#receivedBytes += bytes - (this.#received.get(filename) ?? 0)
    this.#received.set(filename, bytes)
  }
}
