/** The webhook of one ended command as a value: what has been tried, and what is due when. Pure. */
import { nextAttempt, outcome } from './schedule.ts'

/** What came of one attempt. */
export interface DeliveryAttempt {
  /** Milliseconds since the epoch. */
  at: number
  url: string
  /** The receiver's HTTP status; null when it did not answer. */
  status: number | null
  /** Why there is no status, in words; null when there is one. */
  error: string | null
  durationMs: number
  /** The first characters of the answer's body. */
  response: string
  /** Sent because somebody asked for it, outside of the schedule. */
  manual: boolean
}

/** Whose address the event went to: only the account's own endpoint is disabled after failures. */
export type DeliveryTarget = 'command' | 'account'

export type DeliveryState =
  /** To be sent at `dueAt` (ms since the epoch), or as soon after it as somebody notices. */
  | { kind: 'pending'; dueAt: number }
  | { kind: 'delivered' }
  /** Given up: the schedule is through, the receiver answered 410, or its address may not be asked. */
  | { kind: 'failed' }
  /** Nobody wants to know. */
  | { kind: 'unwanted' }

export interface Outbox {
  /** `webhook-id`: the same on every attempt, so that a receiver recognises what it has seen. */
  eventId: string
  state: DeliveryState
  /** Scheduled attempts so far. */
  scheduled: number
  attempts: DeliveryAttempt[]
}

/** Beyond so many the oldest are forgotten; the schedule makes eight. */
const MAX_ATTEMPTS_KEPT = 50

export function newOutbox(eventId: string, now: number): Outbox {
  return { eventId, state: { kind: 'pending', dueAt: now }, scheduled: 0, attempts: [] }
}

/** The answer to an attempt, with what decides about the next one. */
export interface AttemptResult {
  attempt: DeliveryAttempt
  retryAfter: string | null
  /** The address itself is refused, so that trying again is of no use. */
  hopeless: boolean
}

/** The outbox after an attempt. One by hand never schedules anything, but its success ends the schedule. */
export function afterAttempt(outbox: Outbox, result: AttemptResult, delays: readonly number[], now: number, random: number): Outbox {
  const { attempt, retryAfter, hopeless } = result
  const attempts = [...outbox.attempts, attempt].slice(-MAX_ATTEMPTS_KEPT)
  const verdict = attempt.status === null ? 'retry' : outcome(attempt.status)
  if (verdict === 'delivered') return { ...outbox, attempts, state: { kind: 'delivered' } }
  if (attempt.manual) return { ...outbox, attempts }
  const scheduled = outbox.scheduled + 1
  const next = nextAttempt({ attempt: scheduled, delays, retryAfter, now: new Date(now), random })
  if (hopeless || verdict === 'stop' || next.kind === 'give_up') return { ...outbox, attempts, scheduled, state: { kind: 'failed' } }
  return { ...outbox, attempts, scheduled, state: { kind: 'pending', dueAt: now + next.delaySeconds * 1000 } }
}
