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
    sql.exec('CREATE TABLE IF NOT EXISTS deleted_commands (id TEXT PRIMARY KEY, created_at INTEGER NOT NULL)')
    sql.exec('CREATE INDEX IF NOT EXISTS deleted_commands_by_age ON deleted_commands (created_at)')
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

  /**
   * Remembers that a command was deleted for as long as a key may name it: its repetition is answered as the first time, and must not
   * bring it to life. @param createdAt when the command was submitted, and `now`, in ms since the epoch
   */
  markDeleted(id: string, createdAt: number, now: number): void {
    if (createdAt <= now - KEY_LIFETIME_MS) return
    this.#sql.exec('INSERT OR IGNORE INTO deleted_commands VALUES (?, ?)', id, createdAt)
    this.#sql.exec(
      'DELETE FROM deleted_commands WHERE id IN (SELECT id FROM deleted_commands WHERE created_at <= ? ORDER BY created_at LIMIT ?)',
      now - KEY_LIFETIME_MS,
      PURGED_AT_ONCE,
    )
  }

  isDeleted(id: string): boolean {
    return this.#sql.exec('SELECT 1 FROM deleted_commands WHERE id = ?', id).toArray().length > 0
  }
}
