/** What KV has said of API keys of late, for the life of an isolate: a client that polls would ask KV for the same key each time. */

/** With what KV itself may be behind, a revoked key is good for less than the minute that `npm run keys` promises. */
const KEPT_MS = 25_000
/** Keys that are remembered at most; the one that has been there longest goes first. */
const MAX_KEYS = 10_000

export class KeyCache {
  readonly #known = new Map<string, { account: string; until: number }>()

  /** The account that the key with this hash stood for, where that is still to be believed. */
  get(hash: string, now: number): string | null {
    const known = this.#known.get(hash)
    return known !== undefined && now < known.until ? known.account : null
  }

  set(hash: string, account: string, now: number): void {
    this.#known.delete(hash)
    this.#known.set(hash, { account, until: now + KEPT_MS })
    const [oldest] = this.#known.keys()
    if (this.#known.size > MAX_KEYS && oldest !== undefined) this.#known.delete(oldest)
  }
}
