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

/** A type and a status, under which files are counted and found. */
type Place = { store_type: string; status: string }

export class FileIndex {
  readonly #sql: SqlStorage

  constructor(sql: SqlStorage) {
    this.#sql = sql
    sql.exec(`CREATE TABLE IF NOT EXISTS files (
      seq INTEGER PRIMARY KEY,
      id TEXT NOT NULL UNIQUE,
      store_type TEXT NOT NULL,
      status TEXT NOT NULL,
      listing TEXT NOT NULL
    )`)
    // The list of a place in order: a page far down passes over entries of it, not over listings.
    sql.exec('CREATE INDEX IF NOT EXISTS files_of_place ON files (store_type, status, seq)')
    // Counting rows would make a page cost more with every file there is.
    sql.exec('CREATE TABLE IF NOT EXISTS file_counts (store_type TEXT, status TEXT, n INTEGER NOT NULL, PRIMARY KEY (store_type, status))')
  }

  /** Adds the file, or replaces what is listed of it; its place stays. */
  put(listing: FileListing): void {
    const { id, storeType, status } = listing
    const before = this.#placeOf(id)
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
    const before = this.#placeOf(id)
    this.#sql.exec('DELETE FROM files WHERE id = ?', id)
    this.#recount(before, null)
  }

  read(id: string): FileListing | null {
    const row = this.#sql.exec<{ listing: string }>('SELECT listing FROM files WHERE id = ?', id).toArray()[0]
    return row ? JSON.parse(row.listing) : null
  }

  /** Ids of some that are listed, at most `limit`. */
  some(limit: number): string[] {
    const rows = this.#sql.exec<{ id: string }>('SELECT id FROM files ORDER BY seq LIMIT ?', limit)
    return rows.toArray().map(({ id }) => id)
  }

  page(limit: number, offset: number, filter: FileFilter): FilePage {
    const places = this.#places(filter)
    if (places.length === 0) return { files: [], total: 0 }
    // Each place is in order by its index, and so they are merged without being sorted.
    const inPlace = 'SELECT seq FROM files WHERE store_type = ? AND status = ?'
    const rows = this.#sql.exec<{ listing: string }>(
      `SELECT listing FROM files WHERE seq IN (${places.map(() => inPlace).join(' UNION ALL ')} ORDER BY seq DESC LIMIT ? OFFSET ?)
       ORDER BY seq DESC`,
      ...places.flatMap(({ store_type, status }) => [store_type, status]),
      limit,
      offset,
    )
    const total = places.reduce((sum, { n }) => sum + n, 0)
    return { files: rows.toArray().map((row): FileListing => JSON.parse(row.listing)), total }
  }

  /** Where the files are that a filter lets through, and how many in each place. */
  #places({ storeType, status }: FileFilter): (Place & { n: number })[] {
    const places = this.#sql.exec<Place & { n: number }>('SELECT store_type, status, n FROM file_counts WHERE n > 0').toArray()
    return places.filter((place) => (storeType ?? place.store_type) === place.store_type && (status ?? place.status) === place.status)
  }

  #placeOf(id: string): Place | null {
    return this.#sql.exec<Place>('SELECT store_type, status FROM files WHERE id = ?', id).toArray()[0] ?? null
  }

  #recount(before: Place | null, after: Place | null): void {
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
