/** An object's place among those that need one of its account's slots, and its lease of the slot that it works in. */
import type { Admission } from '../account/admission.ts'
import { log } from '../logging/log.ts'
import type { EngineLimits } from './limits.ts'

export interface SlotLeaseOptions {
  /** Who asks: the id of a command, or of a stored file. */
  holder: string
  /** Asks the account for the holder's slot, or renews its lease. */
  admit: (holder: string) => Promise<Admission>
  /** Has the account put the holder at the end of its queue, where it does not know of it. */
  enqueue: () => Promise<void>
  limits: Pick<EngineLimits, 'leaseRenewalMs' | 'askAgainMs'>
}

/** `askAgainAt` is in ms since the epoch. The account wakes the holder when its turn comes, which is much sooner as a rule. */
export type Turn = { kind: 'slot'; slot: number } | { kind: 'waiting'; askAgainAt: number }

export class SlotLease {
  readonly #options: SlotLeaseOptions

  constructor(options: SlotLeaseOptions) {
    this.#options = options
  }

  async ask(): Promise<Turn> {
    const { holder, admit, enqueue, limits } = this.#options
    const admission = await admit(holder)
    switch (admission.kind) {
      case 'slot':
        return admission
      case 'waiting':
        return { kind: 'waiting', askAgainAt: askAgainAt(limits) }
      case 'unknown':
        await enqueue()
        return { kind: 'waiting', askAgainAt: Date.now() }
      default:
        return admission satisfies never
    }
  }

  /** Does `work` while the lease is renewed. `onLost` is called when the slot turns out to be somebody else's. */
  async hold<T>(slot: number, work: () => Promise<T>, onLost: () => void): Promise<T> {
    const renewal = setInterval(async () => {
      if (!(await this.renew(slot))) onLost()
    }, this.#options.limits.leaseRenewalMs)
    try {
      return await work()
    } finally {
      clearInterval(renewal)
    }
  }

  /**
   * Renews the lease. Answers false when the slot is somebody else's.
   * An account that does not answer has not taken it back: the lease outlasts a renewal or two.
   */
  async renew(slot: number): Promise<boolean> {
    const { holder, admit } = this.#options
    try {
      const admission = await admit(holder)
      return admission.kind === 'slot' && admission.slot === slot
    } catch (error) {
      log('warn', 'slot.lease_not_renewed', { holder, slot, error })
      return true
    }
  }
}

/** When one that waits asks by itself, in ms since the epoch, in case its account's wake-up was lost for good. */
export function askAgainAt({ askAgainMs }: Pick<EngineLimits, 'askAgainMs'>): number {
  return Date.now() + askAgainMs.min + Math.random() * (askAgainMs.max - askAgainMs.min)
}
