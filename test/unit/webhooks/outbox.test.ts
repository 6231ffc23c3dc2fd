import { describe, expect, test } from 'vitest'
import {
  type AttemptResult,
  afterAttempt,
  afterTelling,
  type DeliveryState,
  eventIdOf,
  isDue,
  newOutbox,
  type Outbox,
  withoutAddress,
} from '../../../src/webhooks/outbox.ts'

const NOW = 1_000_000
const ENDPOINT = 'https://hooks.example.com/'
/** Two attempts, the second after ten seconds. */
const CLOCK = { delays: [0, 10], now: NOW, random: 0.5 }

const PENDING: DeliveryState = { kind: 'pending', dueAt: NOW }
const AGAIN: DeliveryState = { kind: 'pending', dueAt: NOW + 10_000 }
const DELIVERED: DeliveryState = { kind: 'delivered' }
const FAILED: DeliveryState = { kind: 'failed' }
const UNWANTED: DeliveryState = { kind: 'unwanted' }

const first = newOutbox('msg_1', NOW)
const last: Outbox = { ...first, scheduled: 1 }

function result(status: number | null, more: Partial<Omit<AttemptResult, 'attempt'>> & { manual?: boolean } = {}): AttemptResult {
  const { manual = false, retryAfter = null, refused = false } = more
  const error = status === null ? 'no answer' : null
  return { attempt: { at: NOW, url: ENDPOINT, status, error, durationMs: 5, response: '', manual }, retryAfter, refused }
}

describe('after an attempt', () => {
  const QUEUE = { to: 'queue' }
  const DEAD = { to: 'dead_letter_queue' }
  const report = (delivered: boolean) => ({ to: 'account', url: ENDPOINT, delivered })

  test.each<[string, Outbox, AttemptResult, DeliveryState, unknown[]]>([
    ['200 at the first attempt', first, result(200), DELIVERED, [report(true)]],
    ['204 at the last attempt', last, result(204), DELIVERED, [report(true)]],
    ['500 at the first attempt', first, result(500), AGAIN, [QUEUE]],
    ['500 at the last attempt', last, result(500), FAILED, [DEAD, report(false)]],
    ['302, which is not followed', first, result(302), AGAIN, [QUEUE]],
    ['no answer at the first attempt', first, result(null), AGAIN, [QUEUE]],
    ['no answer at the last attempt', last, result(null), FAILED, [DEAD, report(false)]],
    ['410, which wants no more', first, result(410), FAILED, [DEAD, report(false)]],
    ['an address that is refused', first, result(null, { refused: true }), FAILED, [DEAD, report(false)]],
  ])('%s', (_, outbox, attempt, state, untold) => {
    const after = afterAttempt(outbox, attempt, ENDPOINT, CLOCK)
    expect(after.state).toEqual(state)
    expect(after.untold).toEqual(untold)
    expect(after.attempts).toEqual([attempt.attempt])
    expect(after.eventId).toBe(outbox.eventId)
  })

  test('Retry-After moves the next attempt', () => {
    expect(afterAttempt(first, result(503, { retryAfter: '15' }), null, CLOCK).state).toEqual({ kind: 'pending', dueAt: NOW + 15_000 })
  })

  test('each scheduled attempt that fails is counted', () => {
    expect(afterAttempt(first, result(500), null, CLOCK).scheduled).toBe(1)
    expect(afterAttempt(last, result(500), null, CLOCK).scheduled).toBe(2)
  })

  test.each([200, 410])('the account hears nothing of %i from a command’s own address', (status) => {
    expect(afterAttempt(first, result(status), null, CLOCK).untold.filter(({ to }) => to === 'account')).toEqual([])
  })

  test('the schedule goes on from what is untold', () => {
    const outbox = { ...first, untold: [{ to: 'dead_letter_queue' } as const] }
    expect(afterAttempt(outbox, result(500), ENDPOINT, CLOCK).untold).toEqual([DEAD, QUEUE])
    expect(afterAttempt(outbox, result(200), ENDPOINT, CLOCK).untold).toEqual([DEAD, report(true)])
  })

  test('the oldest attempts are forgotten beyond fifty', () => {
    let outbox = first
    for (let n = 1; n <= 60; n++) outbox = afterAttempt(outbox, result(400 + n, { manual: true }), null, CLOCK)
    expect(outbox.attempts).toHaveLength(50)
    expect(outbox.attempts[0]?.status).toBe(411)
  })
})

describe('after an attempt by hand', () => {
  const states: DeliveryState[] = [PENDING, DELIVERED, FAILED, UNWANTED]

  test.each(states)('success while it is $kind: delivered', (state) => {
    const after = afterAttempt({ ...last, state }, result(200, { manual: true }), ENDPOINT, CLOCK)
    expect(after).toMatchObject({ state: DELIVERED, scheduled: 1, untold: [{ to: 'account', url: ENDPOINT, delivered: true }] })
  })

  test.each(states.flatMap((state) => [500, 410, null].map((status) => ({ state, status, kind: state.kind }))))(
    '$status while it is $kind: recorded, and nothing else',
    ({ state, status }) => {
      const outbox = { ...last, state }
      const attempt = result(status, { manual: true })
      expect(afterAttempt(outbox, attempt, ENDPOINT, CLOCK)).toEqual({ ...outbox, attempts: [attempt.attempt] })
    },
  )

  test('a scheduled attempt that was under way meanwhile, and failed, does not undo its success', () => {
    const delivered = { ...first, state: DELIVERED }
    expect(afterAttempt(delivered, result(500), ENDPOINT, CLOCK)).toEqual({ ...delivered, attempts: [result(500).attempt] })
  })
})

describe('where there is no address', () => {
  test('an event that was never sent is unwanted, and nobody is told', () => {
    expect(withoutAddress(first)).toEqual({ ...first, state: UNWANTED })
  })

  test('an event that was sent before is given up', () => {
    expect(withoutAddress(last)).toEqual({ ...last, state: FAILED, untold: [{ to: 'dead_letter_queue' }] })
  })
})

describe('an event is due', () => {
  test.each([
    [PENDING, NOW, true],
    [PENDING, NOW + 60_000, true],
    [AGAIN, NOW, false],
    [AGAIN, NOW + 9_000, false],
    // Another machine's clock is never quite ours.
    [AGAIN, NOW + 9_800, true],
    [DELIVERED, NOW, false],
    [FAILED, NOW, false],
    [UNWANTED, NOW, false],
  ])('%j at %i: %s', (state, now, due) => {
    expect(isDue({ ...first, state }, now)).toBe(due)
  })
})

test('notices are told in the order they came', () => {
  const outbox = afterAttempt(last, result(500), ENDPOINT, CLOCK)
  expect(afterTelling(outbox).untold).toEqual([{ to: 'account', url: ENDPOINT, delivered: false }])
  expect(afterTelling(afterTelling(outbox)).untold).toEqual([])
})

test('a command’s event has an id that is the same whenever it is made, and another than that of other commands', () => {
  const [one, other] = [crypto.randomUUID(), crypto.randomUUID()]
  expect(eventIdOf(one)).toMatch(/^msg_[0-9a-f]{21}$/)
  expect(eventIdOf(one)).toBe(eventIdOf(one))
  expect(eventIdOf(one)).not.toBe(eventIdOf(other))
})
