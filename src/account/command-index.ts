/** The account's list of commands, newest first: a view that is kept so that a page needs to wake no command. */
import type { CommandListing, CommandType } from '../command/record.ts'

export type CommandStatus = CommandListing['state']['status']

export interface CommandPage {
  commands: CommandListing[]
  /** How many there are under the same filter. */
  total: number
}

/** What is null is not asked for. */
export interface CommandFilter {
  status: CommandStatus | null
  type: CommandType | null
  /** Bounds in ms since the epoch, themselves not included. */
  createdAfter: number | null
  createdBefore: number | null
}

interface Place {
  status: string
  type: string
}

/**
 * Counted as they come and go, since counting them anew would make a page cost more with every command there is. Those that go on are few, and
 * counted when somebody asks: each changes its status twice, which would be four rows to write.
 */
const COUNTED = ['SUCCESS', 'FAILED']
const GOING_ON = "status IN ('QUEUED', 'PROCESSING')"

export class CommandIndex {
  readonly #sql: SqlStorage

  constructor(sql: SqlStorage) {
    this.#sql = sql
    sql.exec(`CREATE TABLE IF NOT EXISTS commands (
      seq INTEGER PRIMARY KEY,
      id TEXT NOT NULL UNIQUE,
      status TEXT NOT NULL,
      listing TEXT NOT NULL
    )`)
    if (sql.exec("SELECT 1 FROM pragma_table_info('commands') WHERE name = 'type'").toArray().length === 0) this.#addColumns()
    // Each has all that its filters look at: a page far down the list passes over entries of an index, not over listings.
    sql.exec('CREATE INDEX IF NOT EXISTS commands_of_status ON commands (status, seq, type, created_at)')
    sql.exec('CREATE INDEX IF NOT EXISTS commands_of_type ON commands (type, seq, created_at)')
    sql.exec('CREATE INDEX IF NOT EXISTS commands_in_order ON commands (seq, created_at)')
  }

  /** For the tables of a new account, and those that knew neither type nor time yet. */
  #addColumns(): void {
    this.#sql.exec("ALTER TABLE commands ADD COLUMN type TEXT NOT NULL DEFAULT ''")
    this.#sql.exec('ALTER TABLE commands ADD COLUMN created_at INTEGER NOT NULL DEFAULT 0')
    this.#sql.exec("UPDATE commands SET type = listing ->> '$.spec.type', created_at = listing ->> '$.spec.createdAt'")
    this.#sql.exec('DROP INDEX IF EXISTS commands_by_status')
    this.#sql.exec('DROP TABLE IF EXISTS command_counts')
    this.#sql.exec('CREATE TABLE command_counts (status TEXT NOT NULL, type TEXT NOT NULL, n INTEGER NOT NULL, PRIMARY KEY (status, type))')
    this.#sql.exec('INSERT INTO command_counts SELECT status, type, COUNT(*) FROM commands GROUP BY status, type')
  }

  /** Adds the command, or replaces what is listed of it; its place stays. */
  put(listing: CommandListing): void {
    const { id, type, createdAt } = listing.spec
    const { status } = listing.state
    const before = this.#placeOf(id)
    if (before === null) {
      this.#sql.exec(
        'INSERT INTO commands (id, status, type, created_at, listing) VALUES (?, ?, ?, ?, ?)',
        id,
        status,
        type,
        createdAt,
        JSON.stringify(listing),
      )
    } else {
      this.#sql.exec('UPDATE commands SET status = ?, listing = ? WHERE id = ?', status, JSON.stringify(listing), id)
    }
    this.#recount(before, { status, type })
  }

  /** A slot was given to the command, so that it is no longer queued. What has ended stays as it is. */
  markProcessing(id: string): void {
    const row = this.#sql.exec<{ listing: string }>("SELECT listing FROM commands WHERE id = ? AND status = 'QUEUED'", id).toArray()[0]
    if (!row) return
    const listing: CommandListing = JSON.parse(row.listing)
    this.put({ ...listing, state: { status: 'PROCESSING' } })
  }

  remove(id: string): void {
    const before = this.#placeOf(id)
    this.#sql.exec('DELETE FROM commands WHERE id = ?', id)
    this.#recount(before, null)
  }

  /** Whether the command was listed before `time`, in ms since the epoch. */
  wasListedBefore(id: string, time: number): boolean {
    return this.#sql.exec('SELECT 1 FROM commands WHERE id = ? AND created_at < ?', id, time).toArray().length > 0
  }

  /** Those of the `limit` oldest that were submitted before `time`, in ms since the epoch. */
  oldest(limit: number, time: number): string[] {
    const oldest = 'SELECT seq FROM commands ORDER BY seq LIMIT ?'
    const rows = this.#sql.exec<{ id: string }>(`SELECT id FROM commands WHERE seq IN (${oldest}) AND created_at < ?`, limit, time)
    return rows.toArray().map(({ id }) => id)
  }

  page(limit: number, offset: number, filter: CommandFilter): CommandPage {
    const { where, values } = conditionOf(filter)
    // The inner query is answered by an index alone.
    const rows = this.#sql.exec<{ listing: string }>(
      `SELECT listing FROM commands WHERE seq IN (SELECT seq FROM commands ${where} ORDER BY seq DESC LIMIT ? OFFSET ?) ORDER BY seq DESC`,
      ...values,
      limit,
      offset,
    )
    return { commands: rows.toArray().map((row): CommandListing => JSON.parse(row.listing)), total: this.#total(filter) }
  }

  #placeOf(id: string): Place | null {
    return this.#sql.exec<{ status: string; type: string }>('SELECT status, type FROM commands WHERE id = ?', id).toArray()[0] ?? null
  }

  /** Nothing is counted by time: a filter that has one passes over entries of an index, at ten million a second. */
  #total(filter: CommandFilter): number {
    const { where, values } = conditionOf(filter)
    const count = (query: string) => this.#sql.exec<{ n: number | null }>(query, ...values).one().n ?? 0
    if (filter.createdAfter !== null || filter.createdBefore !== null) return count(`SELECT COUNT(*) AS n FROM commands ${where}`)
    const and = where === '' ? 'WHERE' : `${where} AND`
    const ended = count(`SELECT SUM(n) AS n FROM command_counts ${and} NOT ${GOING_ON}`)
    // By another index it would pass over all that have ended.
    return ended + count(`SELECT COUNT(*) AS n FROM commands INDEXED BY commands_of_status ${and} ${GOING_ON}`)
  }

  #recount(before: Place | null, after: Place | null): void {
    if (before?.status === after?.status) return
    if (before !== null && COUNTED.includes(before.status)) {
      this.#sql.exec('UPDATE command_counts SET n = n - 1 WHERE status = ? AND type = ?', before.status, before.type)
    }
    if (after !== null && COUNTED.includes(after.status)) {
      this.#sql.exec('INSERT INTO command_counts VALUES (?, ?, 1) ON CONFLICT DO UPDATE SET n = n + 1', after.status, after.type)
    }
  }
}

function conditionOf({ status, type, createdAfter, createdBefore }: CommandFilter): { where: string; values: (string | number)[] } {
  const conditions = [
    { text: 'status = ?', value: status },
    { text: 'type = ?', value: type },
    { text: 'created_at > ?', value: createdAfter },
    { text: 'created_at < ?', value: createdBefore },
  ].flatMap(({ text, value }) => (value === null ? [] : [{ text, value }]))
  const where = conditions.length > 0 ? `WHERE ${conditions.map(({ text }) => text).join(' AND ')}` : ''
  return { where, values: conditions.map(({ value }) => value) }
}
