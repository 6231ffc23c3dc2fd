/** The account's own presets, newest first. */
import type { Preset } from '../presets/preset.ts'

/** Enough for any list that people read. */
export const MAX_PRESETS = 1000

export interface PresetPage {
  presets: Preset[]
  total: number
}

export class Presets {
  readonly #sql: SqlStorage

  constructor(sql: SqlStorage) {
    this.#sql = sql
    sql.exec('CREATE TABLE IF NOT EXISTS presets (seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, preset TEXT NOT NULL)')
  }

  /** Answers false, and adds nothing, when there are `MAX_PRESETS` already. */
  add(preset: Preset): boolean {
    if (this.#count() >= MAX_PRESETS) return false
    this.#sql.exec('INSERT INTO presets (id, preset) VALUES (?, ?)', preset.id, JSON.stringify(preset))
    return true
  }

  /** Null where there is none. */
  read(id: string): Preset | null {
    const row = this.#sql.exec<{ preset: string }>('SELECT preset FROM presets WHERE id = ?', id).toArray()[0]
    return row ? JSON.parse(row.preset) : null
  }

  /** Puts `after` in the place of `before`. Answers false, and changes nothing, where the preset is another by now, or none. */
  replace(before: Preset, after: Preset): boolean {
    const values = [JSON.stringify(after), before.id, JSON.stringify(before)]
    return this.#sql.exec('UPDATE presets SET preset = ? WHERE id = ? AND preset = ?', ...values).rowsWritten > 0
  }

  /** Answers false where there is none. */
  delete(id: string): boolean {
    return this.#sql.exec('DELETE FROM presets WHERE id = ?', id).rowsWritten > 0
  }

  page(limit: number, offset: number): PresetPage {
    const rows = this.#sql.exec<{ preset: string }>('SELECT preset FROM presets ORDER BY seq DESC LIMIT ? OFFSET ?', limit, offset)
    return { presets: rows.toArray().map((row): Preset => JSON.parse(row.preset)), total: this.#count() }
  }

  #count(): number {
    return this.#sql.exec<{ n: number }>('SELECT COUNT(*) AS n FROM presets').one().n
  }
}
