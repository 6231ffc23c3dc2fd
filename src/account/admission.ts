/**
 * Who may use an executor now: an account has so many slots, the rest waits first come, first served.
 * A slot is a lease. Who holds it renews it by asking again; who is silent is reminded once, and then loses it.
 */
import { WaitingLine, type WaitingPlace } from './waiting-line.ts'

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
type Row = { seq: number; id: string; kind: Candidate['kind']; slot: number | null }
type HolderRow = Row & { slot: number; reminded: number }
type WaiterRow = Row & { slot: null }

export class AdmissionQueue {
  readonly #sql: SqlStorage
  readonly #warmMs: number
  /** Null until somebody wants to know of it. */
  #line: WaitingLine | null = null

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
    const added = this.#sql.exec<WaitingPlace>(
      'INSERT INTO slot_queue (id, kind) VALUES (?, ?) ON CONFLICT DO NOTHING RETURNING seq, kind',
      id,
      kind,
    )
    for (const place of added) this.#line?.add(place)
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
    // Its slot stays as it is, and with it the entry of the index.
    if (admission.kind === 'slot') this.#sql.exec('UPDATE slot_queue SET lease_expires = ?, reminded = 0 WHERE id = ?', now + LEASE_MS, id)
    return admission
  }

  /** How many wait ahead of one that waits; null for any other. */
  position(id: string): number | null {
    const row = this.#sql.exec<Pick<Row, 'seq' | 'slot'>>('SELECT seq, slot FROM slot_queue WHERE id = ?', id).toArray()[0]
    return row && row.slot === null ? this.#waiting.ahead(row.seq) : null
  }

  /** Gives up the slot or place of `id`. Idempotent. */
  release(id: string, now: number): void {
    const row = this.#sql.exec<Row>('DELETE FROM slot_queue WHERE id = ? RETURNING seq, id, kind, slot', id).toArray()[0]
    if (!row) return
    if (row.slot === null) this.#line?.remove(row)
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
      this.#line?.remove(next)
      admitted.push({ id: next.id, kind: next.kind, slot })
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
    for (const { id } of silent) {
      const places = this.#sql.exec<WaitingPlace>(
        `UPDATE slot_queue SET slot = NULL, lease_expires = NULL, reminded = 0, seq = (SELECT MAX(seq) + 1 FROM slot_queue)
         WHERE id = ? RETURNING seq, kind`,
        id,
      )
      for (const place of places) this.#line?.add(place)
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
    return this.#waiting.commands
  }

  /** To be called when a transaction has been undone: what is remembered of it is not true any more. */
  forgetLine(): void {
    this.#line = null
  }

  get #waiting(): WaitingLine {
    this.#line ??= new WaitingLine(
      this.#sql.exec<WaitingPlace>('SELECT seq, kind FROM slot_queue WHERE slot IS NULL ORDER BY seq').toArray(),
    )
    return this.#line
  }

  /** Who waits longest. */
  #first(): WaiterRow | null {
    return (
      this.#sql.exec<WaiterRow>('SELECT seq, id, kind, slot FROM slot_queue WHERE slot IS NULL ORDER BY seq LIMIT 1').toArray()[0] ?? null
    )
  }

  #overdue(now: number): HolderRow[] {
    return this.#sql
      .exec<HolderRow>('SELECT seq, id, kind, slot, reminded FROM slot_queue WHERE slot >= 0 AND lease_expires <= ?', now)
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
