/** What KV has said of API keys of late, for the life of an isolate: a client that polls would ask KV for the same key each time. */

/** With what KV itself may be behind, a revoked key is good for less than the minute that `npm run keys` promises. */
const KEPT_MS = 25_000
/** How long a key that was good is not taken for a stranger's guess. KV is asked about it again all the same. */
const REPUTATION_MS = 3600_000
/** How long a key that KV did not know is not asked for again: one that is made meanwhile works as soon as this is over. */
const UNKNOWN_MS = 3000
/** Keys of each kind that are remembered at most; the one that has been there longest goes first. */
const MAX_KEYS = 10_000

export class KeyCache {
  readonly #accounts = new Recent<string>(KEPT_MS)
  readonly #wereGood = new Recent<true>(REPUTATION_MS)
  /** Apart from the others, which no number of bad keys must push out. */
  readonly #unknown = new Recent<true>(UNKNOWN_MS)

  /** The account that the key with this hash stood for, where that is still to be believed. */
  get(hash: string, now: number): string | null {
    return this.#accounts.get(hash, now)
  }

  set(hash: string, account: string, now: number): void {
    this.#accounts.set(hash, account, now)
    this.#wereGood.set(hash, true, now)
  }

  /** Whether KV has known the key with this hash within the last hour. */
  wasGood(hash: string, now: number): boolean {
    return this.#wereGood.get(hash, now) !== null
  }

  /** Whether KV has just said that it does not know the key with this hash. */
  isUnknown(hash: string, now: number): boolean {
    return this.#unknown.get(hash, now) !== null
  }

  setUnknown(hash: string, now: number): void {
    this.#unknown.set(hash, true, now)
  }
}

/** Values by name, each for some time, and a limited number of them. */
class Recent<Value> {
  readonly #entries = new Map<string, { value: Value; until: number }>()
  readonly #keptMs: number

  constructor(keptMs: number) {
    this.#keptMs = keptMs
  }

  get(name: string, now: number): Value | null {
    const entry = this.#entries.get(name)
    return entry !== undefined && now < entry.until ? entry.value : null
  }

  set(name: string, value: Value, now: number): void {
    this.#entries.delete(name)
    this.#entries.set(name, { value, until: now + this.#keptMs })
    const [oldest] = this.#entries.keys()
    if (this.#entries.size > MAX_KEYS && oldest !== undefined) this.#entries.delete(oldest)
  }
}
