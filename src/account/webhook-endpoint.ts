/** The account's own webhook: where its events go, what signs them, and whether that still works. */

/** How long a secret that was replaced goes on signing beside the new one, in milliseconds. */
const ROTATION_MS = 24 * 3600 * 1000
/** So many commands in a row whose deliveries failed for good disable the endpoint. */
export const MAX_CONSECUTIVE_FAILURES = 8

export interface WebhookEndpoint {
  url: string
  isActive: boolean
  consecutiveFailures: number
  /** Milliseconds since the epoch. */
  disabledAt: number | null
}

/** What a delivery needs to know of the account. */
export interface WebhookTarget {
  endpoint: WebhookEndpoint | null
  /** The newest first. They sign what goes to a command's own address too. */
  secrets: string[]
}

type Row = {
  url: string
  secret: string | null
  previous_secret: string | null
  rotated_at: number | null
  disabled_at: number | null
}

export class WebhookEndpoints {
  readonly #sql: SqlStorage

  constructor(sql: SqlStorage) {
    this.#sql = sql
    sql.exec(`CREATE TABLE IF NOT EXISTS webhook_endpoint (
      id INTEGER PRIMARY KEY CHECK (id = 1),
      url TEXT NOT NULL,
      secret TEXT,
      previous_secret TEXT,
      rotated_at INTEGER,
      disabled_at INTEGER
    )`)
    // The events, not their number: a command whose report was cut off by a crash reports again, and counts once.
    sql.exec('CREATE TABLE IF NOT EXISTS webhook_failure (event_id TEXT PRIMARY KEY)')
  }

  /** Sets the endpoint and enables it anew. Without a secret the one there is stays. */
  put(url: string, secret: string | null, now: number): void {
    const before = this.#row()
    const rotates = secret !== null && before !== null && before.secret !== null && before.secret !== secret
    this.#sql.exec(
      'INSERT OR REPLACE INTO webhook_endpoint (id, url, secret, previous_secret, rotated_at) VALUES (1, ?, ?, ?, ?)',
      url,
      secret ?? before?.secret ?? null,
      rotates ? before.secret : (before?.previous_secret ?? null),
      rotates ? now : (before?.rotated_at ?? null),
    )
    this.#forgetFailures()
  }

  delete(): void {
    this.#sql.exec('DELETE FROM webhook_endpoint')
    this.#forgetFailures()
  }

  target(now: number): WebhookTarget {
    const row = this.#row()
    if (!row) return { endpoint: null, secrets: [] }
    const previous = row.rotated_at !== null && now - row.rotated_at < ROTATION_MS ? row.previous_secret : null
    return {
      endpoint: { url: row.url, isActive: row.disabled_at === null, consecutiveFailures: this.#failures(), disabledAt: row.disabled_at },
      secrets: [row.secret, previous].filter((secret) => secret !== null),
    }
  }

  /**
   * Counts how the deliveries of one event to `url` ended. Those to an address that has been replaced say nothing of the new one,
   * and those that were still under way when the endpoint was disabled change nothing more.
   */
  report(eventId: string, url: string, delivered: boolean, now: number): void {
    const row = this.#row()
    if (!row || row.url !== url || row.disabled_at !== null) return
    if (delivered) this.#forgetFailures()
    else this.#sql.exec('INSERT OR IGNORE INTO webhook_failure (event_id) VALUES (?)', eventId)
    if (this.#failures() >= MAX_CONSECUTIVE_FAILURES) this.#sql.exec('UPDATE webhook_endpoint SET disabled_at = ?', now)
  }

  #failures(): number {
    return this.#sql.exec<{ n: number }>('SELECT COUNT(*) AS n FROM webhook_failure').one().n
  }

  #forgetFailures(): void {
    this.#sql.exec('DELETE FROM webhook_failure')
  }

  #row(): Row | null {
    return this.#sql.exec<Row>('SELECT * FROM webhook_endpoint').toArray()[0] ?? null
  }
}
