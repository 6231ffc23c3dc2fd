/** The webhook of one ended command as a value: what has been tried, what is due when, who is to hear of it. Pure. */
import { nextAttempt, outcome } from './schedule.ts'

/** One attempt, as it is shown to whoever owns the command. */
export interface DeliveryAttempt {
  /** Milliseconds since the epoch. */
  at: number
  /** Without credentials and query. */
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

/** An attempt, with what decides about the next one. */
export interface AttemptResult {
  attempt: DeliveryAttempt
  /** The answer's header of this name. */
  retryAfter: string | null
  /** The address itself may not be asked, so that trying again is of no use. */
  refused: boolean
}

export type DeliveryState =
  /** To be sent at `dueAt` (ms since the epoch), or as soon after it as somebody notices. */
  | { kind: 'pending'; dueAt: number }
  | { kind: 'delivered' }
  /** Given up: the schedule is through, the receiver answered 410, its address is refused, or the account's endpoint is gone. */
  | { kind: 'failed' }
  /** When the command ended there was nowhere to send it to. */
  | { kind: 'unwanted' }

/** Something that others are yet to be told. It may be told twice, and do no harm. */
export type Notice =
  /** To the queue: ring when the next attempt is due. */
  | { to: 'queue' }
  | { to: 'dead_letter_queue' }
  /** To the account: how the event's deliveries to the endpoint at `url` ended. */
  | { to: 'account'; url: string; delivered: boolean }

export interface Outbox {
  /** `webhook-id`: the same on every attempt, so that a receiver recognises what it has seen. */
  eventId: string
  state: DeliveryState
  /** Scheduled attempts so far. */
  scheduled: number
  attempts: DeliveryAttempt[]
  /** Kept in the same record as what they are about, so that no crash falls between the two. */
  untold: Notice[]
}

/** Beyond so many the oldest are forgotten; the schedule makes eight. */
const MAX_ATTEMPTS_KEPT = 50
/** A reminder may come so much early, in milliseconds: it is measured by another machine's clock. */
const EARLY_MS = 250

/** The id of the event of a command's end. It follows from the command's own, a UUID, so that it is the same whenever it is asked for. */
export function eventIdOf(commandId: string): string {
  return `msg_${commandId.replaceAll('-', '').slice(0, 21)}`
}

/** The outbox of a command that ends now: its event is due at once. */
export function newOutbox(eventId: string, now: number): Outbox {
  return { eventId, state: { kind: 'pending', dueAt: now }, scheduled: 0, attempts: [], untold: [] }
}

/** Whether the next attempt is to be made now. */
export function isDue({ state }: Outbox, now: number): boolean {
  return state.kind === 'pending' && state.dueAt <= now + EARLY_MS
}

/**
 * The outbox after an attempt. One by hand schedules nothing, but its success ends the schedule.
 * @param endpoint the account's endpoint, where the attempt went to it; null where it went to the command's own address.
 */
export function afterAttempt(
  outbox: Outbox,
  result: AttemptResult,
  endpoint: string | null,
  clock: { delays: readonly number[]; now: number; random: number },
): Outbox {
  const { attempt, retryAfter, refused } = result
  const recorded = { ...outbox, attempts: [...outbox.attempts, attempt].slice(-MAX_ATTEMPTS_KEPT) }
  const report = (delivered: boolean): Notice[] => (endpoint === null ? [] : [{ to: 'account', url: endpoint, delivered }])

  const verdict = attempt.status === null ? 'retry' : outcome(attempt.status)
  if (verdict === 'delivered') return { ...recorded, state: { kind: 'delivered' }, untold: [...outbox.untold, ...report(true)] }
  // An attempt by hand may have delivered the event while a scheduled one was under way.
  if (attempt.manual || outbox.state.kind !== 'pending') return recorded

  const scheduled = outbox.scheduled + 1
  const next = nextAttempt({ attempt: scheduled, delays: clock.delays, retryAfter, now: new Date(clock.now), random: clock.random })
  if (refused || verdict === 'stop' || next.kind === 'give_up') return givenUp({ ...recorded, scheduled }, report(false))
  const dueAt = clock.now + next.delaySeconds * 1000
  return { ...recorded, scheduled, state: { kind: 'pending', dueAt }, untold: [...outbox.untold, { to: 'queue' }] }
}

/** The outbox of an event that is due while there is nowhere to send it to. */
export function withoutAddress(outbox: Outbox): Outbox {
  return outbox.scheduled === 0 ? { ...outbox, state: { kind: 'unwanted' } } : givenUp(outbox, [])
}

/** The outbox without its oldest notice, which has been told. */
export function afterTelling(outbox: Outbox): Outbox {
  return { ...outbox, untold: outbox.untold.slice(1) }
}

function givenUp(outbox: Outbox, reports: Notice[]): Outbox {
  return { ...outbox, state: { kind: 'failed' }, untold: [...outbox.untold, { to: 'dead_letter_queue' }, ...reports] }
}
