/** The account's own webhook: where its events go, and whether that still works. */

/** How long a secret that was replaced goes on signing beside the new one, in milliseconds. */
const ROTATION_MS = 24 * 3600 * 1000
/** So many commands in a row whose deliveries failed for good disable the endpoint. */
export const MAX_CONSECUTIVE_FAILURES = 8

export interface WebhookEndpoint {
  url: string
  is_active: boolean
  consecutive_failures: number
  /** Milliseconds since the epoch. */
  disabled_at: number | null
}

/** What a delivery needs to know of the account. */
export interface WebhookTarget {
  /** Null without an active endpoint. */
  url: string | null
  /** The newest first. They sign what goes to a command's own address too. */
  secrets: string[]
}

type Row = {
  url: string
  secret: string | null
  previous_secret: string | null
  rotated_at: number | null
  consecutive_failures: number
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
      consecutive_failures INTEGER NOT NULL DEFAULT 0,
      disabled_at INTEGER
    )`)
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
  }

  get(): WebhookEndpoint | null {
    const row = this.#row()
    if (!row) return null
    const { url, consecutive_failures, disabled_at } = row
    return { url, is_active: disabled_at === null, consecutive_failures, disabled_at }
  }

  delete(): void {
    this.#sql.exec('DELETE FROM webhook_endpoint')
  }

  target(now: number): WebhookTarget {
    const row = this.#row()
    if (!row) return { url: null, secrets: [] }
    const previous = row.rotated_at !== null && now - row.rotated_at < ROTATION_MS ? row.previous_secret : null
    return {
      url: row.disabled_at === null ? row.url : null,
      secrets: [row.secret, previous].filter((secret) => secret !== null),
    }
  }

  /** Counts how a command's deliveries to this endpoint ended. One to an address that has been replaced says nothing of the new one. */
  report(url: string, delivered: boolean, now: number): void {
    const row = this.#row()
    if (!row || row.url !== url) return
    const failures = delivered ? 0 : row.consecutive_failures + 1
    const disabledAt = row.disabled_at ?? (failures >= MAX_CONSECUTIVE_FAILURES ? now : null)
    this.#sql.exec('UPDATE webhook_endpoint SET consecutive_failures = ?, disabled_at = ?', failures, disabledAt)
  }

  #row(): Row | null {
    return this.#sql.exec<Row>('SELECT * FROM webhook_endpoint').toArray()[0] ?? null
  }
}
