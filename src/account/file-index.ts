/** The account's list of files, newest first: stored ones and outputs of commands, kept so that a page needs to wake no object. */
import type { CommandListing } from '../command/record.ts'
import type { FileListing } from '../stored-file/record.ts'

export interface FileFilter {
  storeType: FileListing['storeType'] | null
  status: FileListing['status'] | null
}

export interface FilePage {
  files: FileListing[]
  /** How many there are under the same filter. */
  total: number
}

type Counted = { store_type: string; status: string }

/** Rows of either table that a filter lets through; its two values are bound twice each. */
const FILTERED = '(?1 IS NULL OR store_type = ?1) AND (?2 IS NULL OR status = ?2)'

export class FileIndex {
  readonly #sql: SqlStorage

  constructor(sql: SqlStorage) {
    this.#sql = sql
    sql.exec(`CREATE TABLE IF NOT EXISTS files (
      seq INTEGER PRIMARY KEY AUTOINCREMENT,
      id TEXT NOT NULL UNIQUE,
      store_type TEXT NOT NULL,
      status TEXT NOT NULL,
      listing TEXT NOT NULL
    )`)
    // Counting rows would make a page cost more with every file there is.
    sql.exec('CREATE TABLE IF NOT EXISTS file_counts (store_type TEXT, status TEXT, n INTEGER NOT NULL, PRIMARY KEY (store_type, status))')
  }

  /** Adds the file, or replaces what is listed of it; its place stays. */
  put(listing: FileListing): void {
    const { id, storeType, status } = listing
    const before = this.#counted(id)
    if (before) this.#sql.exec('UPDATE files SET status = ?, listing = ? WHERE id = ?', status, JSON.stringify(listing), id)
    else {
      const values = [id, storeType, status, JSON.stringify(listing)]
      this.#sql.exec('INSERT INTO files (id, store_type, status, listing) VALUES (?, ?, ?, ?)', ...values)
    }
    this.#recount(before, { store_type: storeType, status })
  }

  /** Lists the outputs of a command that has succeeded, until they are deleted. */
  putOutputs({ spec, state, deletedFiles }: CommandListing): void {
    if (state.status !== 'SUCCESS') return
    for (const { fileId, filename, sizeBytes, media } of Object.values(state.outputs)) {
      if (deletedFiles.includes(fileId)) this.remove(fileId)
      else {
        this.put({
          id: fileId,
          account: spec.account,
          storeType: 'OUTPUT',
          commandId: spec.id,
          filename,
          originalUrl: null,
          createdAt: state.endedAt,
          status: 'STORED',
          sizeBytes,
          media,
          error: null,
        })
      }
    }
  }

  remove(id: string): void {
    const before = this.#counted(id)
    this.#sql.exec('DELETE FROM files WHERE id = ?', id)
    this.#recount(before, null)
  }

  read(id: string): FileListing | null {
    const row = this.#sql.exec<{ listing: string }>('SELECT listing FROM files WHERE id = ?', id).toArray()[0]
    return row ? JSON.parse(row.listing) : null
  }

  page(limit: number, offset: number, { storeType, status }: FileFilter): FilePage {
    const rows = this.#sql.exec<{ listing: string }>(
      `SELECT listing FROM files WHERE ${FILTERED} ORDER BY seq DESC LIMIT ?3 OFFSET ?4`,
      storeType,
      status,
      limit,
      offset,
    )
    const { total } = this.#sql
      .exec<{ total: number | null }>(`SELECT SUM(n) AS total FROM file_counts WHERE ${FILTERED}`, storeType, status)
      .one()
    return { files: rows.toArray().map((row): FileListing => JSON.parse(row.listing)), total: total ?? 0 }
  }

  #counted(id: string): Counted | null {
    return this.#sql.exec<Counted>('SELECT store_type, status FROM files WHERE id = ?', id).toArray()[0] ?? null
  }

  #recount(before: Counted | null, after: Counted | null): void {
    if (before) this.#sql.exec('UPDATE file_counts SET n = n - 1 WHERE store_type = ? AND status = ?', before.store_type, before.status)
    if (after) {
      this.#sql.exec(
        'INSERT INTO file_counts (store_type, status, n) VALUES (?, ?, 1) ON CONFLICT (store_type, status) DO UPDATE SET n = n + 1',
        after.store_type,
        after.status,
      )
    }
  }
}
