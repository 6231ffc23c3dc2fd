/**
 * What the Worker and its objects ask of the platform, counted as Cloudflare bills and limits it: a request to an object is an HTTP request,
 * an RPC or an alarm; a row written is an entry of a table or of an index, a key, or an alarm that is set.
 * All objects of a Worker share an isolate in the local runtime, and so they share the meter.
 */
import { AsyncLocalStorage } from 'node:async_hooks'

export type Trigger = 'fetch' | 'rpc' | 'alarm' | 'queue'

/** One run of a handler, or of a method that was called from outside. */
export interface Invocation {
  /** `Worker`, or the class of the object. */
  of: string
  /** The object's id; null for the Worker itself. */
  object: string | null
  trigger: Trigger
  /** The method, or what was fetched. */
  name: string
  /** Milliseconds since the epoch. */
  startedAt: number
  /** Once it and what it has left to do behind its answer are over; null while it runs. */
  endedAt: number | null
  /** What it has asked other objects, services and the network, in order. */
  subrequests: string[]
}

export interface RowsWritten {
  /** The class of the object. */
  of: string
  object: string
  /** The key, the alarm, or the statement. */
  what: string
  rows: number
}

export interface Reading {
  invocations: Invocation[]
  writes: RowsWritten[]
  /** How many lines the Worker and its objects have logged. */
  logLines: number
}

export class Meter {
  #invocations: Invocation[] = []
  #writes: RowsWritten[] = []
  #logLines = 0
  readonly #running = new AsyncLocalStorage<Invocation>()

  /** The invocation that runs; undefined outside of all. */
  get current(): Invocation | undefined {
    return this.#running.getStore()
  }

  /** Runs an invocation. What an object calls of itself is part of the invocation that called it. */
  run<T>({ of, object, trigger, name }: Pick<Invocation, 'of' | 'object' | 'trigger' | 'name'>, work: () => T): T {
    if (object !== null && this.#running.getStore()?.object === object) return work()
    const invocation: Invocation = { of, object, trigger, name, startedAt: Date.now(), endedAt: null, subrequests: [] }
    this.#invocations.push(invocation)
    try {
      const result = this.#running.run(invocation, work)
      if (result instanceof Promise) this.#endWith(result, invocation)
      else invocation.endedAt = Date.now()
      return result
    } catch (error) {
      invocation.endedAt = Date.now()
      throw error
    }
  }

  /** The invocation that runs lasts until `work` is over, at least. */
  lastUntil(work: Promise<unknown>): void {
    const invocation = this.current
    if (invocation) this.#endWith(work, invocation)
  }

  /** The invocation that runs asks something outside of it. */
  subrequest(what: string): void {
    this.#running.getStore()?.subrequests.push(what)
  }

  write(written: RowsWritten): void {
    this.#writes.push(written)
  }

  logLine(): void {
    this.#logLines += 1
  }

  read(): Reading {
    return { invocations: this.#invocations, writes: this.#writes, logLines: this.#logLines }
  }

  /** Begins anew. Invocations that run are not part of what is counted from now on. */
  reset(): void {
    this.#invocations = []
    this.#writes = []
    this.#logLines = 0
  }

  #endWith(work: Promise<unknown>, invocation: Invocation): void {
    const end = () => {
      invocation.endedAt = Date.now()
    }
    work.then(end, end)
  }
}

export const meter = new Meter()
