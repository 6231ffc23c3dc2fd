/** What submits under an `Idempotency-Key` were answered, for as long as the same request may come again. */

/** How long a key means the request that it first came with, in milliseconds. */
export const KEY_LIFETIME_MS = 24 * 3600 * 1000
/** One submit adds one key, so a few taken away with each keep the table as small as a day makes it. */
const PURGED_AT_ONCE = 10

export interface IdempotencyClaim {
  key: string
  /** Equal for equal requests only. */
  fingerprint: string
}

export interface KeptAnswer {
  fingerprint: string
  commandIds: string[]
  /** When the request was accepted, in ms since the epoch. */
  createdAt: number
}

export class IdempotencyKeys {
  readonly #sql: SqlStorage

  constructor(sql: SqlStorage) {
    this.#sql = sql
    sql.exec(`CREATE TABLE IF NOT EXISTS idempotency (
      key TEXT PRIMARY KEY,
      fingerprint TEXT NOT NULL,
      command_ids TEXT NOT NULL,
      created_at INTEGER NOT NULL
    )`)
    sql.exec('CREATE INDEX IF NOT EXISTS idempotency_by_age ON idempotency (created_at)')
  }

  find(key: string, now: number): KeptAnswer | null {
    const row = this.#sql
      .exec<{ fingerprint: string; command_ids: string; created_at: number }>(
        'SELECT fingerprint, command_ids, created_at FROM idempotency WHERE key = ? AND created_at > ?',
        key,
        now - KEY_LIFETIME_MS,
      )
      .toArray()[0]
    return row ? { fingerprint: row.fingerprint, commandIds: JSON.parse(row.command_ids), createdAt: row.created_at } : null
  }

  /** Keeps an answer, in place of one that has had its time, and lets go of some that have had theirs. */
  keep(key: string, { fingerprint, commandIds, createdAt }: KeptAnswer): void {
    this.#sql.exec('INSERT OR REPLACE INTO idempotency VALUES (?, ?, ?, ?)', key, fingerprint, JSON.stringify(commandIds), createdAt)
    this.#sql.exec(
      'DELETE FROM idempotency WHERE key IN (SELECT key FROM idempotency WHERE created_at <= ? ORDER BY created_at LIMIT ?)',
      createdAt - KEY_LIFETIME_MS,
      PURGED_AT_ONCE,
    )
  }
}
