/** KV as a location sees it: what was read there before is believed for a minute, whether it was a value or that there is none. */
import { intercepted } from '../metered/bindings.ts'

const MINUTE_MS = 60_000

export class LateKv {
  readonly #seen = new Map<string, { value: Promise<unknown>; until: number }>()

  over(kv: KVNamespace): KVNamespace {
    return intercepted(kv, (name, call, [key]) => (name === 'get' ? this.#read(String(key), call) : call()))
  }

  #read(key: string, ask: () => Promise<unknown>): Promise<unknown> {
    const seen = this.#seen.get(key)
    if (seen !== undefined && Date.now() < seen.until) return seen.value
    const value = ask()
    this.#seen.set(key, { value, until: Date.now() + MINUTE_MS })
    return value
  }
}
