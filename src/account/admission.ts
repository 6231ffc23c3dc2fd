/**
 * Who may use an executor now: an account has so many slots, the rest waits first come, first served.
 * A slot is a lease. Who holds it renews it by asking again; who is silent is reminded once, and then loses it.
 */

/** How long a slot is held without being renewed, and how long after a reminder, in milliseconds. */
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

/** Holders and waiters alike: what holds has a slot. Waiters are found by the index of slots, in which they stand in order. */
type Row = { id: string; kind: Candidate['kind']; slot: number | null }
type HolderRow = Row & { slot: number }

export class AdmissionQueue {
  readonly #sql: SqlStorage
  readonly #warmMs: number
  /** How many commands wait; null until somebody wants to know. Every submit does, and counting takes the longer the more there are. */
  #waitingCommands: number | null = null

  /** @param warmMs how long the executor of a slot that nobody uses stays warm, in milliseconds */
  constructor(sql: SqlStorage, warmMs: number) {
    this.#sql = sql
    this.#warmMs = warmMs
    sql.exec(`CREATE TABLE IF NOT EXISTS slot_queue (
      seq INTEGER PRIMARY KEY,
      id TEXT NOT NULL UNIQUE,
      kind TEXT NOT NULL,
      slot INTEGER UNIQUE,
      lease_expires INTEGER
    )`)
    if (sql.exec("SELECT 1 FROM pragma_table_info('slot_queue') WHERE name = 'reminded'").toArray().length === 0) {
      sql.exec('ALTER TABLE slot_queue ADD COLUMN reminded INTEGER NOT NULL DEFAULT 0')
    }
    sql.exec('CREATE TABLE IF NOT EXISTS slots (slot INTEGER PRIMARY KEY, idle_since INTEGER NOT NULL)')
  }

  /** Takes the next place in the queue. Who has one keeps it. */
  enqueue({ kind, id }: Candidate): void {
    const added = this.#sql.exec('INSERT INTO slot_queue (id, kind) VALUES (?, ?) ON CONFLICT DO NOTHING RETURNING id', id, kind).toArray()
    if (added.length > 0) this.#countWaiting(kind, 1)
  }

  /** Takes a slot where one is free and nobody waits, else the next place in the queue: one row, where a place that becomes a slot is written twice. */
  enter({ kind, id }: Candidate, slots: number, now: number): Admission {
    const known = this.admission(id)
    if (known.kind !== 'unknown') return known
    const slot = this.#first() === null ? this.#freeSlot(slots, now) : null
    if (slot === null) {
      this.enqueue({ kind, id })
      return { kind: 'waiting' }
    }
    this.#sql.exec('INSERT INTO slot_queue (id, kind, slot, lease_expires) VALUES (?, ?, ?, ?)', id, kind, slot, now + LEASE_MS)
    return { kind: 'slot', slot }
  }

  /** How `id` stands. */
  admission(id: string): Admission {
    const row = this.#sql.exec<{ slot: number | null }>('SELECT slot FROM slot_queue WHERE id = ?', id).toArray()[0]
    if (!row) return { kind: 'unknown' }
    return row.slot === null ? { kind: 'waiting' } : { kind: 'slot', slot: row.slot }
  }

  /** As `admission`; one that has a slot has its lease renewed. */
  renew(id: string, now: number): Admission {
    const admission = this.admission(id)
    if (admission.kind === 'slot') this.#lease(id, admission.slot, now)
    return admission
  }

  /** How many wait ahead of one that waits; null for any other. They are counted one by one, in an index. */
  position(id: string): number | null {
    const row = this.#sql.exec<{ seq: number; slot: number | null }>('SELECT seq, slot FROM slot_queue WHERE id = ?', id).toArray()[0]
    if (!row || row.slot !== null) return null
    return this.#sql.exec<{ n: number }>('SELECT COUNT(*) AS n FROM slot_queue WHERE slot IS NULL AND seq < ?', row.seq).one().n
  }

  /** Gives up the slot or place of `id`. Idempotent. */
  release(id: string, now: number): void {
    const row = this.#sql.exec<Row>('DELETE FROM slot_queue WHERE id = ? RETURNING id, kind, slot', id).toArray()[0]
    if (!row) return
    if (row.slot === null) this.#countWaiting(row.kind, -1)
    else {
      this.#sql.exec(
        'INSERT INTO slots (slot, idle_since) VALUES (?, ?) ON CONFLICT (slot) DO UPDATE SET idle_since = excluded.idle_since',
        row.slot,
        now,
      )
    }
  }

  /** Gives free slots to those who wait longest and returns them. */
  admitWaiting(slots: number, now: number): Admitted[] {
    const admitted: Admitted[] = []
    for (let next = this.#first(); next !== null; next = this.#first()) {
      const slot = this.#freeSlot(slots, now)
      if (slot === null) break
      this.#lease(next.id, slot, now)
      this.#countWaiting(next.kind, -1)
      admitted.push({ ...next, slot })
    }
    return admitted
  }

  /** Those whose lease has run out: they have one more to answer in, and are to be reminded. Each is returned once. */
  remind(now: number): Admitted[] {
    const silent = this.#overdue(now).filter(({ reminded }) => reminded === 0)
    for (const { id } of silent) {
      this.#sql.exec('UPDATE slot_queue SET reminded = 1, lease_expires = ? WHERE id = ?', now + LEASE_MS, id)
    }
    return silent.map(({ id, kind, slot }) => ({ id, kind, slot }))
  }

  /** Takes back the slots of those who have been reminded in vain, and returns them; they queue up again, at the end. */
  reclaim(now: number): Candidate[] {
    const silent = this.#overdue(now).filter(({ reminded }) => reminded === 1)
    for (const { id, kind } of silent) {
      this.#sql.exec(
        `UPDATE slot_queue SET slot = NULL, lease_expires = NULL, reminded = 0, seq = (SELECT MAX(seq) + 1 FROM slot_queue) WHERE id = ?`,
        id,
      )
      this.#countWaiting(kind, 1)
    }
    return silent.map(({ id, kind }) => ({ id, kind }))
  }

  /** Ends the lease of `id` now, so that it is reminded at once. */
  expire(id: string, now: number): void {
    this.#sql.exec('UPDATE slot_queue SET lease_expires = ? WHERE id = ? AND slot >= 0', now, id)
  }

  /** When the next lease runs out, in ms since the epoch; null while no slot is taken. */
  nextExpiry(): number | null {
    return this.#sql.exec<{ at: number | null }>('SELECT MIN(lease_expires) AS at FROM slot_queue WHERE slot >= 0').one().at
  }

  /** How many commands wait. */
  get waitingCommands(): number {
    this.#waitingCommands ??= this.#sql
      .exec<{ n: number }>("SELECT COUNT(*) AS n FROM slot_queue WHERE slot IS NULL AND kind = 'command'")
      .one().n
    return this.#waitingCommands
  }

  /** To be called when a transaction has been undone: what was counted in it is not true any more. */
  countAnew(): void {
    this.#waitingCommands = null
  }

  #countWaiting(kind: Candidate['kind'], change: 1 | -1): void {
    if (kind === 'command' && this.#waitingCommands !== null) this.#waitingCommands += change
  }

  /** Who waits longest. */
  #first(): Candidate | null {
    return (
      this.#sql
        .exec<{ id: string; kind: Candidate['kind'] }>('SELECT id, kind FROM slot_queue WHERE slot IS NULL ORDER BY seq LIMIT 1')
        .toArray()[0] ?? null
    )
  }

  #overdue(now: number): (HolderRow & { reminded: number })[] {
    return this.#sql
      .exec<HolderRow & { reminded: number }>('SELECT id, kind, slot, reminded FROM slot_queue WHERE slot >= 0 AND lease_expires <= ?', now)
      .toArray()
  }

  #lease(id: string, slot: number, now: number): void {
    this.#sql.exec('UPDATE slot_queue SET slot = ?, lease_expires = ?, reminded = 0 WHERE id = ?', slot, now + LEASE_MS, id)
  }

  /** The first that is free and warm, else the first that is free. */
  #freeSlot(slots: number, now: number): number | null {
    const taken = new Set(
      this.#sql
        .exec<{ slot: number }>('SELECT slot FROM slot_queue WHERE slot >= 0')
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
