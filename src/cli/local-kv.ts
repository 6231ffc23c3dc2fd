/** A KV namespace of a state folder: a SQLite file that a Worker of this machine may have open too. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { KeyValues } from './key-store.ts'
import { type LocalNamespace, withLocalKv } from './miniflare.ts'
import { OperatorError } from './operator-error.ts'

/** A stack that starts or stops holds the lock of the same file for a moment. */
const RETRIES = 5
const PAUSE_MS = 500

export class LocalKv implements KeyValues {
  readonly #place: { id: string; stateDir: string }

  /** @param id of the namespace in `wrangler.toml` */
  constructor(id: string, stateDir: string) {
    this.#place = { id, stateDir }
  }

  put(name: string, value: string): Promise<void> {
    return this.#use((kv) => kv.put(name, value))
  }

  delete(name: string): Promise<void> {
    return this.#use((kv) => kv.delete(name))
  }

  names(): Promise<string[]> {
    return this.#use(async (kv) => {
      const names: string[] = []
      let page = await kv.list()
      for (;;) {
        names.push(...page.keys.map(({ name }) => name))
        if (page.list_complete) return names
        page = await kv.list({ cursor: page.cursor })
      }
    })
  }

  values(names: readonly string[]): Promise<Map<string, string>> {
    return this.#use(async (kv) => {
      const values = new Map<string, string>()
      for (const name of names) {
        const value = await kv.get(name, 'text')
        if (value !== null) values.set(name, value)
      }
      return values
    })
  }

  /** Each of these may be done twice. */
  async #use<T>(work: (kv: LocalNamespace) => Promise<T>): Promise<T> {
    for (let attempt = 0; ; attempt++) {
      try {
        return await withLocalKv(this.#place, work)
      } catch (error) {
        if (attempt === RETRIES)
          throw new OperatorError(`The keys in ${this.#place.stateDir} cannot be reached: ${error}`, { cause: error })
        await sleep(PAUSE_MS)
      }
    }
  }
}
