/** A KV namespace of a state folder: a SQLite file that a Worker of this machine may have open too. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { KeyValues } from './key-store.ts'
import type { LocalNamespace } from './miniflare.ts'
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

  get(name: string): Promise<string | null> {
    return this.#use((kv) => kv.get(name, 'text'))
  }

  names(): Promise<string[]> {
    return this.#use(namesIn)
  }

  entries(): Promise<Map<string, string>> {
    return this.#use(async (kv) => {
      const entries = new Map<string, string>()
      for (const name of await namesIn(kv)) {
        const value = await kv.get(name, 'text')
        // One that has been deleted meanwhile.
        if (value !== null) entries.set(name, value)
      }
      return entries
    })
  }

  /** Each of these may be done twice. */
  async #use<T>(work: (kv: LocalNamespace) => Promise<T>): Promise<T> {
    // Loaded only where it is needed, since it is large.
    const { withLocalKv } = await import('./miniflare.ts')
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

async function namesIn(kv: LocalNamespace): Promise<string[]> {
  const names: string[] = []
  let page = await kv.list()
  for (;;) {
    names.push(...page.keys.map(({ name }) => name))
    if (page.list_complete) return names
    page = await kv.list({ cursor: page.cursor })
  }
}
