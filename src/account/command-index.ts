/** The account's list of commands, newest first: a view that is kept so that a page needs to wake no command. */
import type { CommandListing } from '../command/record.ts'

export type CommandStatus = CommandListing['state']['status']

export interface CommandPage {
  commands: CommandListing[]
  /** How many there are under the same filter. */
  total: number
}

export class CommandIndex {
  readonly #sql: SqlStorage

  constructor(sql: SqlStorage) {
    this.#sql = sql
    sql.exec(`CREATE TABLE IF NOT EXISTS commands (
      seq INTEGER PRIMARY KEY AUTOINCREMENT,
      id TEXT NOT NULL UNIQUE,
      status TEXT NOT NULL,
      listing TEXT NOT NULL
    )`)
    sql.exec('CREATE INDEX IF NOT EXISTS commands_by_status ON commands (status, seq)')
    // Counting rows would make a page cost more with every command there is.
    sql.exec('CREATE TABLE IF NOT EXISTS command_counts (status TEXT PRIMARY KEY, n INTEGER NOT NULL)')
  }

  /** Adds the command, or replaces what is listed of it; its place stays. */
  put(listing: CommandListing): void {
    const { id } = listing.spec
    const { status } = listing.state
    const before = this.#statusOf(id)
    if (before === null) {
      this.#sql.exec('INSERT INTO commands (id, status, listing) VALUES (?, ?, ?)', id, status, JSON.stringify(listing))
    } else {
      this.#sql.exec('UPDATE commands SET status = ?, listing = ? WHERE id = ?', status, JSON.stringify(listing), id)
    }
    this.#recount(before, status)
  }

  /** A slot was given to the command, so that it is no longer queued. What has ended stays as it is. */
  markProcessing(id: string): void {
    const row = this.#sql.exec<{ listing: string }>("SELECT listing FROM commands WHERE id = ? AND status = 'QUEUED'", id).toArray()[0]
    if (!row) return
    const listing: CommandListing = JSON.parse(row.listing)
    this.put({ ...listing, state: { status: 'PROCESSING' } })
  }

  remove(id: string): void {
    const before = this.#statusOf(id)
    this.#sql.exec('DELETE FROM commands WHERE id = ?', id)
    this.#recount(before, null)
  }

  page(limit: number, offset: number, status: CommandStatus | null): CommandPage {
    const rows =
      status === null
        ? this.#sql.exec<{ listing: string }>('SELECT listing FROM commands ORDER BY seq DESC LIMIT ? OFFSET ?', limit, offset)
        : this.#sql.exec<{ listing: string }>(
            'SELECT listing FROM commands WHERE status = ? ORDER BY seq DESC LIMIT ? OFFSET ?',
            status,
            limit,
            offset,
          )
    return { commands: rows.toArray().map((row): CommandListing => JSON.parse(row.listing)), total: this.#total(status) }
  }

  #statusOf(id: string): string | null {
    return this.#sql.exec<{ status: string }>('SELECT status FROM commands WHERE id = ?', id).toArray()[0]?.status ?? null
  }

  #total(status: CommandStatus | null): number {
    const { n } =
      status === null
        ? this.#sql.exec<{ n: number | null }>('SELECT SUM(n) AS n FROM command_counts').one()
        : this.#sql.exec<{ n: number | null }>('SELECT SUM(n) AS n FROM command_counts WHERE status = ?', status).one()
    return n ?? 0
  }

  #recount(before: string | null, after: string | null): void {
    if (before === after) return
    if (before !== null) this.#sql.exec('UPDATE command_counts SET n = n - 1 WHERE status = ?', before)
    if (after !== null) {
      this.#sql.exec('INSERT INTO command_counts (status, n) VALUES (?, 1) ON CONFLICT (status) DO UPDATE SET n = n + 1', after)
    }
  }
}
