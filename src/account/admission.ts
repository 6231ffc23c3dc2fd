/**
 * Who may run now: an account has so many slots, the rest waits first come, first served.
 * A slot is a lease. Its command renews it by asking again; one that is not renewed is taken back.
 */

/** How long a slot is held without being renewed, in milliseconds. */
export const LEASE_MS = 60_000

export type Admission =
  | { kind: 'slot'; slot: number }
  /** Number of commands ahead of it in the queue, from 0. */
  | { kind: 'waiting'; position: number }
  /** The account does not know the command, or has seen it end. */
  | { kind: 'unknown' }

export class AdmissionQueue {
  readonly #sql: SqlStorage
  readonly #warmMs: number

  /** @param warmMs how long the executor of a slot that nobody uses stays warm, in milliseconds */
  constructor(sql: SqlStorage, warmMs: number) {
    this.#sql = sql
    this.#warmMs = warmMs
    sql.exec(`CREATE TABLE IF NOT EXISTS admission (
      seq INTEGER PRIMARY KEY AUTOINCREMENT,
      command_id TEXT NOT NULL UNIQUE,
      slot INTEGER UNIQUE,
      lease_expires INTEGER
    )`)
    sql.exec('CREATE TABLE IF NOT EXISTS slots (slot INTEGER PRIMARY KEY, idle_since INTEGER NOT NULL)')
  }

  /** Takes the next place in the queue. A command that has one keeps it. */
  enqueue(commandId: string): void {
    this.#sql.exec('INSERT INTO admission (command_id) VALUES (?) ON CONFLICT DO NOTHING', commandId)
  }

  /** Gives a slot if it is the command's turn, renews the one it has, or tells its place. Idempotent. */
  ask(commandId: string, slots: number, now: number): Admission {
    const row = this.#sql
      .exec<{ seq: number; slot: number | null }>('SELECT seq, slot FROM admission WHERE command_id = ?', commandId)
      .toArray()[0]
    if (!row) return { kind: 'unknown' }
    if (row.slot !== null) return this.#lease(commandId, row.slot, now)
    const ahead = this.#ahead(row.seq)
    const free = this.#freeSlot(slots, now)
    if (free === null || ahead > 0) return { kind: 'waiting', position: ahead }
    return this.#lease(commandId, free, now)
  }

  /** The place of a waiting command, without asking for a slot. */
  position(commandId: string): number | null {
    const row = this.#sql
      .exec<{ seq: number; slot: number | null }>('SELECT seq, slot FROM admission WHERE command_id = ?', commandId)
      .toArray()[0]
    return row && row.slot === null ? this.#ahead(row.seq) : null
  }

  /** Gives up the command's slot or place. Idempotent. */
  release(commandId: string, now: number): void {
    this.#sql.exec(
      `INSERT INTO slots (slot, idle_since) SELECT slot, ? FROM admission WHERE command_id = ? AND slot IS NOT NULL
       ON CONFLICT (slot) DO UPDATE SET idle_since = excluded.idle_since`,
      now,
      commandId,
    )
    this.#sql.exec('DELETE FROM admission WHERE command_id = ?', commandId)
  }

  /** Gives free slots to those who wait longest and returns their command ids. */
  admitWaiting(slots: number, now: number): string[] {
    const admitted: string[] = []
    for (let free = this.#freeSlot(slots, now); free !== null; free = this.#freeSlot(slots, now)) {
      const next = this.#sql
        .exec<{ command_id: string }>('SELECT command_id FROM admission WHERE slot IS NULL ORDER BY seq LIMIT 1')
        .toArray()[0]
      if (!next) break
      this.#lease(next.command_id, free, now)
      admitted.push(next.command_id)
    }
    return admitted
  }

  /** The commands whose lease ran out. */
  expired(now: number): string[] {
    return this.#sql
      .exec<{ command_id: string }>('SELECT command_id FROM admission WHERE lease_expires <= ?', now)
      .toArray()
      .map((row) => row.command_id)
  }

  /** Takes back the slots whose commands have not answered for another whole lease; they queue up again, at the end. */
  reclaim(now: number): void {
    const silent = this.#sql.exec<{ seq: number }>('SELECT seq FROM admission WHERE lease_expires <= ?', now - LEASE_MS).toArray()
    for (const { seq } of silent) {
      this.#sql.exec(
        'UPDATE admission SET slot = NULL, lease_expires = NULL, seq = (SELECT MAX(seq) + 1 FROM admission) WHERE seq = ?',
        seq,
      )
    }
  }

  /** When the next lease runs out, in ms since the epoch; null while no slot is taken. */
  nextExpiry(): number | null {
    return this.#sql.exec<{ at: number | null }>('SELECT MIN(lease_expires) AS at FROM admission').one().at
  }

  waiting(): number {
    return this.#sql.exec<{ n: number }>('SELECT COUNT(*) AS n FROM admission WHERE slot IS NULL').one().n
  }

  #ahead(seq: number): number {
    return this.#sql.exec<{ n: number }>('SELECT COUNT(*) AS n FROM admission WHERE slot IS NULL AND seq < ?', seq).one().n
  }

  #lease(commandId: string, slot: number, now: number): Admission {
    this.#sql.exec('UPDATE admission SET slot = ?, lease_expires = ? WHERE command_id = ?', slot, now + LEASE_MS, commandId)
    return { kind: 'slot', slot }
  }

  /** The first that is free and warm, else the first that is free. */
  #freeSlot(slots: number, now: number): number | null {
    const taken = new Set(
      this.#sql
        .exec<{ slot: number }>('SELECT slot FROM admission WHERE slot IS NOT NULL')
        .toArray()
        .map((row) => row.slot),
    )
    const warm = this.#sql
      .exec<{ slot: number }>('SELECT slot FROM slots WHERE slot < ? AND idle_since > ? ORDER BY slot', slots, now - this.#warmMs)
      .toArray()
      .find(({ slot }) => !taken.has(slot))
    if (warm) return warm.slot
    for (let slot = 0; slot < slots; slot++) if (!taken.has(slot)) return slot
    return null
  }
}
