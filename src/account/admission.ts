/**
 * Who may use an executor now: an account has so many slots, the rest waits first come, first served.
 * A slot is a lease. Who holds it renews it by asking again; one that is not renewed is taken back.
 */

/** How long a slot is held without being renewed, in milliseconds. */
export const LEASE_MS = 60_000

/** Who needs a slot: a command to run, or a stored file to be looked into. Ids are unique over both. */
export interface Candidate {
  kind: 'command' | 'file'
  id: string
}

/** Who was given a slot. */
export type Admitted = Candidate & { slot: number }

export type Admission =
  | { kind: 'slot'; slot: number }
  | { kind: 'waiting' }
  /** The account does not know who asks, or has seen it end. */
  | { kind: 'unknown' }

type CandidateRow = { id: string; kind: Candidate['kind'] }

export class AdmissionQueue {
  readonly #sql: SqlStorage
  readonly #warmMs: number

  /** @param warmMs how long the executor of a slot that nobody uses stays warm, in milliseconds */
  constructor(sql: SqlStorage, warmMs: number) {
    this.#sql = sql
    this.#warmMs = warmMs
    sql.exec(`CREATE TABLE IF NOT EXISTS slot_queue (
      seq INTEGER PRIMARY KEY AUTOINCREMENT,
      id TEXT NOT NULL UNIQUE,
      kind TEXT NOT NULL,
      slot INTEGER UNIQUE,
      lease_expires INTEGER
    )`)
    sql.exec('CREATE TABLE IF NOT EXISTS slots (slot INTEGER PRIMARY KEY, idle_since INTEGER NOT NULL)')
  }

  /** Takes the next place in the queue. Who has one keeps it. */
  enqueue({ kind, id }: Candidate): void {
    this.#sql.exec('INSERT INTO slot_queue (id, kind) VALUES (?, ?) ON CONFLICT DO NOTHING', id, kind)
  }

  /** Gives a slot if it is the turn of `id`, or renews the one it has. Idempotent. Thousands ask again and again: their places are not counted. */
  ask(id: string, slots: number, now: number): Admission {
    const row = this.#sql.exec<{ seq: number; slot: number | null }>('SELECT seq, slot FROM slot_queue WHERE id = ?', id).toArray()[0]
    if (!row) return { kind: 'unknown' }
    if (row.slot !== null) return this.#lease(id, row.slot, now)
    const free = this.#freeSlot(slots, now)
    if (free === null || this.#isBehind(row.seq)) return { kind: 'waiting' }
    return this.#lease(id, free, now)
  }

  /** The place of one that waits, without asking for a slot. */
  position(id: string): number | null {
    const row = this.#sql.exec<{ seq: number; slot: number | null }>('SELECT seq, slot FROM slot_queue WHERE id = ?', id).toArray()[0]
    return row && row.slot === null ? this.#ahead(row.seq) : null
  }

  /** Gives up the slot or place of `id`. Idempotent. */
  release(id: string, now: number): void {
    this.#sql.exec(
      `INSERT INTO slots (slot, idle_since) SELECT slot, ? FROM slot_queue WHERE id = ? AND slot IS NOT NULL
       ON CONFLICT (slot) DO UPDATE SET idle_since = excluded.idle_since`,
      now,
      id,
    )
    this.#sql.exec('DELETE FROM slot_queue WHERE id = ?', id)
  }

  /** Gives free slots to those who wait longest and returns them. */
  admitWaiting(slots: number, now: number): Admitted[] {
    const admitted: Admitted[] = []
    for (let free = this.#freeSlot(slots, now); free !== null; free = this.#freeSlot(slots, now)) {
      const next = this.#sql.exec<CandidateRow>('SELECT id, kind FROM slot_queue WHERE slot IS NULL ORDER BY seq LIMIT 1').toArray()[0]
      if (!next) break
      this.#lease(next.id, free, now)
      admitted.push({ ...next, slot: free })
    }
    return admitted
  }

  /** Those whose lease ran out. */
  expired(now: number): Candidate[] {
    return this.#sql.exec<CandidateRow>('SELECT id, kind FROM slot_queue WHERE lease_expires <= ?', now).toArray()
  }

  /** Takes back the slots of those who have not answered for another whole lease; they queue up again, at the end. */
  reclaim(now: number): void {
    const silent = this.#sql.exec<{ seq: number }>('SELECT seq FROM slot_queue WHERE lease_expires <= ?', now - LEASE_MS).toArray()
    for (const { seq } of silent) {
      this.#sql.exec(
        'UPDATE slot_queue SET slot = NULL, lease_expires = NULL, seq = (SELECT MAX(seq) + 1 FROM slot_queue) WHERE seq = ?',
        seq,
      )
    }
  }

  /** When the next lease runs out, in ms since the epoch; null while no slot is taken. */
  nextExpiry(): number | null {
    return this.#sql.exec<{ at: number | null }>('SELECT MIN(lease_expires) AS at FROM slot_queue').one().at
  }

  /** How many commands wait. */
  waitingCommands(): number {
    return this.#sql.exec<{ n: number }>("SELECT COUNT(*) AS n FROM slot_queue WHERE slot IS NULL AND kind = 'command'").one().n
  }

  #isBehind(seq: number): boolean {
    return this.#sql.exec('SELECT 1 FROM slot_queue WHERE slot IS NULL AND seq < ? LIMIT 1', seq).toArray().length > 0
  }

  #ahead(seq: number): number {
    return this.#sql.exec<{ n: number }>('SELECT COUNT(*) AS n FROM slot_queue WHERE slot IS NULL AND seq < ?', seq).one().n
  }

  #lease(id: string, slot: number, now: number): Admission {
    this.#sql.exec('UPDATE slot_queue SET slot = ?, lease_expires = ? WHERE id = ?', slot, now + LEASE_MS, id)
    return { kind: 'slot', slot }
  }

  /** The first that is free and warm, else the first that is free. */
  #freeSlot(slots: number, now: number): number | null {
    const taken = new Set(
      this.#sql
        .exec<{ slot: number }>('SELECT slot FROM slot_queue WHERE slot IS NOT NULL')
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
