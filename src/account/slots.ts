/**
 * Hands out the account's slots. Every change of the account's tables goes through `change`, so that a slot which becomes free by it is
 * given to the next in the same transaction. Whoever is given one is told; should that be lost, by a crash or on the way, the lease runs out
 * and the alarm, which is set together with the transaction, tells it again. Nobody has to ask for its turn.
 */
import { log } from '../logging/log.ts'
import { type Admission, AdmissionQueue, type Admitted, type Candidate, LEASE_MS } from './admission.ts'
import type { CommandIndex } from './command-index.ts'
import type { FileIndex } from './file-index.ts'

/** Whom an alarm tells at most: each is a request, of which an invocation has a limited number. */
const TOLD_AT_ONCE = 200

export interface SlotsOptions {
  storage: DurableObjectStorage
  /** Tells somebody which slot it has now. Answers false where nobody is stored by that id. */
  tell: (message: Message) => Promise<boolean>
  commands: CommandIndex
  files: FileIndex
  /** How many slots the account has to give. */
  slots: () => number
  /** How long the executor of a slot that nobody uses stays warm, in milliseconds. */
  warmMs: number
  /** Keeps the object alive for work that nobody waits for. */
  waitUntil: (work: Promise<unknown>) => void
}

/** What somebody is told: which slot it has now, or null where it has none. */
export type Message = Candidate & { slot: number | null }

export class Slots {
  readonly queue: AdmissionQueue
  readonly #options: SlotsOptions
  /** When the alarm is set for, in ms since the epoch; null while it is not known to be set. */
  #alarmAt: number | null = null

  constructor(options: SlotsOptions) {
    this.#options = options
    this.queue = new AdmissionQueue(options.storage.sql, options.warmMs)
  }

  /**
   * Makes a change, and gives the slots that are free after it to those who wait longest.
   * @param asking who asks for its slot afterwards, and need not be told
   */
  async change(work: () => void, asking: readonly string[] = []): Promise<void> {
    const admitted = await this.#transaction(work)
    this.#options.waitUntil(this.#tell(admitted.filter(({ id }) => !asking.includes(id))))
  }

  /** Lets somebody in, with a slot at once where one is free. Belongs into the work of a change. */
  enter(candidate: Candidate): Admission {
    return this.queue.enter(candidate, this.#options.slots(), Date.now())
  }

  /** How `id` stands; its lease is renewed where it has a slot. */
  async admit(id: string): Promise<Admission> {
    await this.change(() => this.queue.renew(id, Date.now()), [id])
    return this.queue.admission(id)
  }

  /** Leases that ran out: their holders are reminded to renew them; who has been reminded in vain loses the slot to the next. */
  async alarm(): Promise<void> {
    this.#alarmAt = null
    const now = Date.now()
    let takenFrom: Candidate[] = []
    let reminded: Admitted[] = []
    const admitted = await this.#transaction(() => {
      takenFrom = this.queue.reclaim(now)
      reminded = this.queue.remind(now)
    })
    const without = takenFrom
      .filter(({ id }) => !admitted.some((other) => other.id === id))
      .map((candidate) => ({ ...candidate, slot: null }))
    // Nobody who has had a whole lease is yet to be stored.
    const gone = await this.#send([...reminded, ...without])
    await this.#tell([...admitted, ...(await this.#forget(gone))])
  }

  /** The alarm comes at `at` at the latest, in ms since the epoch. To be called before anything is awaited after what the alarm is for. */
  async setAlarm(at: number): Promise<void> {
    if (this.#alarmAt !== null && this.#alarmAt <= at) return
    this.#alarmAt = at
    await this.#options.storage.setAlarm(at)
  }

  /** The alarm comes at `at`, or for a lease before that, and not for what it was set for until now. */
  async resetAlarm(at: number): Promise<void> {
    this.#alarmAt = null
    await this.setAlarm(Math.min(at, this.queue.nextExpiry() ?? at))
  }

  async #setAlarm(): Promise<void> {
    const at = this.queue.nextExpiry()
    if (at !== null) await this.setAlarm(at)
  }

  /** Answers who has been given a slot. Nothing is awaited in between: the alarm is stored with the change, or neither is. */
  async #transaction(work: () => void): Promise<Admitted[]> {
    const { storage, slots, commands } = this.#options
    try {
      const admitted = storage.transactionSync(() => {
        work()
        const given = this.queue.admitWaiting(slots(), Date.now())
        for (const { id } of given) commands.markProcessing(id)
        return given
      })
      await this.#setAlarm()
      return admitted
    } catch (error) {
      this.queue.forgetLine()
      throw error
    }
  }

  /** Tells those who were given a slot. One that is no more loses it to the next, who is told in turn. */
  async #tell(admitted: Admitted[]): Promise<void> {
    let given = admitted
    for (let told = 0; given.length > 0 && told < TOLD_AT_ONCE; told += given.length) {
      const absent = await this.#send(given)
      given = await this.#forget(absent.filter((candidate) => this.#isOverdue(candidate)))
    }
    if (given.length === 0) return
    await this.#transaction(() => {
      for (const { id } of given) this.queue.expire(id, Date.now())
    })
  }

  /** Answers which of them are not stored: not yet, or their submit died half way, or they have been deleted. */
  async #send(messages: Message[]): Promise<Candidate[]> {
    const there = await Promise.all(
      messages.map(async (message) => {
        try {
          return await this.#options.tell(message)
        } catch (error) {
          log('warn', 'account.poke_failed', { ...message, error })
          return true
        }
      }),
    )
    return messages.filter((_, index) => !there[index])
  }

  /** Whether one that is not stored never will be: a file exists before it waits, and a command soon after it was listed. */
  #isOverdue({ kind, id }: Candidate): boolean {
    return kind === 'file' || this.#options.commands.wasListedBefore(id, Date.now() - LEASE_MS)
  }

  /** Takes those off the lists who are no more. Answers who has their slots now. */
  async #forget(candidates: Candidate[]): Promise<Admitted[]> {
    if (candidates.length === 0) return []
    const { commands, files } = this.#options
    return this.#transaction(() => {
      for (const { kind, id } of candidates) {
        this.queue.release(id, Date.now())
        if (kind === 'command') commands.remove(id)
        else files.remove(id)
      }
    })
  }
}
