import { expect, test } from 'vitest'
import type { Admission } from '../../../src/account/admission.ts'
import { askAgainAt, SlotLease } from '../../../src/durable/slot-lease.ts'

const MINUTE = 60_000
const LIMITS = { leaseRenewalMs: 5, askAgainMs: { min: 30 * MINUTE, max: 60 * MINUTE } }

/** A lease whose account gives these answers, the last of them again and again. */
function leaseOf(...answers: (Admission | Error)[]) {
  const log: string[] = []
  const lease = new SlotLease({
    holder: 'a',
    admit: async (holder) => {
      log.push(`admit ${holder}`)
      const answer = (answers.length > 1 ? answers.shift() : answers[0]) ?? { kind: 'unknown' }
      if (answer instanceof Error) throw answer
      return answer
    },
    enqueue: async () => void log.push('enqueue'),
    limits: LIMITS,
  })
  return { lease, log }
}

test('whoever waits sleeps for half an hour at least, since its account wakes it', async () => {
  const turn = await leaseOf({ kind: 'waiting' }).lease.ask()
  expect(turn.kind === 'waiting' && turn.askAgainAt).toBeGreaterThanOrEqual(Date.now() + 29 * MINUTE)
})

test('ten thousand that wait ask less than five times a second together, and never all at once', () => {
  const now = Date.now()
  const minutes = Array.from({ length: 10_000 }, () => Math.floor((askAgainAt(LIMITS) - now) / MINUTE))
  const mean = minutes.reduce((sum, minute) => sum + minute, 0) / minutes.length
  expect(minutes.length / (mean * 60)).toBeLessThan(5)
  const busiest = Math.max(...Array.from({ length: 61 }, (_, minute) => minutes.filter((each) => each === minute).length))
  expect(busiest, 'in the busiest minute').toBeLessThan(10 * 60)
})

test('one that its account does not know queues up and asks again', async () => {
  const { lease, log } = leaseOf({ kind: 'unknown' }, { kind: 'slot', slot: 3 })
  const turn = await lease.ask()
  expect(turn.kind === 'waiting' && turn.askAgainAt).toBeLessThanOrEqual(Date.now())
  expect(await lease.ask()).toEqual({ kind: 'slot', slot: 3 })
  expect(log).toEqual(['admit a', 'enqueue', 'admit a'])
})

test.for<Admission>([{ kind: 'slot', slot: 4 }, { kind: 'waiting' }, { kind: 'unknown' }])(
  'whoever holds slot 3 and is answered %j is told that it is lost',
  async (answer) => {
    const { lease } = leaseOf({ kind: 'slot', slot: 3 }, answer)
    const lost = Promise.withResolvers<string>()
    expect(
      await lease.hold(
        3,
        () => lost.promise,
        () => lost.resolve('lost'),
      ),
    ).toBe('lost')
  },
)

test('an account that does not answer has not taken the slot back', async () => {
  const { lease, log } = leaseOf(new Error('the object was reset'), { kind: 'slot', slot: 3 }, { kind: 'waiting' })
  const lost = Promise.withResolvers<string>()
  await lease.hold(
    3,
    () => lost.promise,
    () => lost.resolve('lost'),
  )
  expect(log.length).toBeGreaterThanOrEqual(3)
})
