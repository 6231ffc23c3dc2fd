import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { nextAttempt, outcome, parseSchedule, RETRY_DELAYS_SECONDS } from '../../../src/webhooks/schedule.ts'

const now = new Date('2026-11-20T10:00:00Z')
const nextAfter = (attempt: number, retryAfter: string | null = null, random = 0.5) =>
  nextAttempt({ attempt, delays: RETRY_DELAYS_SECONDS, retryAfter, now, random })
const retry = (delaySeconds: number) => ({ kind: 'retry', delaySeconds })

describe('nextAttempt', () => {
  it.each([
    [1, retry(5)],
    [2, retry(300)],
    [3, retry(1800)],
    [4, retry(7200)],
    [5, retry(18_000)],
    [6, retry(36_000)],
    [7, retry(36_000)],
    [8, { kind: 'give_up' }],
    [9, { kind: 'give_up' }],
  ])('after attempt %i of the default schedule', (attempt, next) => {
    expect(nextAfter(attempt)).toEqual(next)
  })

  it.each([
    [0, 270],
    [0.25, 285],
    [0.999, 330],
  ])('varies 300 s by a tenth: random %d gives %i s', (random, delay) => {
    expect(nextAfter(2, null, random)).toEqual(retry(delay))
  })

  it.each([
    ['400', 400],
    [' 400 ', 400],
    ['600', 600],
    ['601', 600],
    ['99999999999999999999', 600],
    ['0', 300],
    ['10', 300],
    ['Fri, 20 Nov 2026 10:06:40 GMT', 400],
    ['Fri, 20 Nov 2026 23:00:00 GMT', 600],
    ['Fri, 20 Nov 2026 09:00:00 GMT', 300],
    ['Fri, 99 Nov 2026 09:00:00 GMT', 300],
    ['2026-11-20T10:06:40Z', 300],
    ['-400', 300],
    ['400.5', 300],
    ['soon', 300],
    ['', 300],
  ])('honours Retry-After %j within 300 s and 600 s', (retryAfter, delay) => {
    expect(nextAfter(2, retryAfter)).toEqual(retry(delay))
  })

  it('never shortens what Retry-After asks for by jitter', () => {
    expect(nextAfter(2, '300', 0)).toEqual(retry(300))
  })

  it('keeps a delay of 0 at 0, whatever is asked', () => {
    expect(nextAttempt({ attempt: 1, delays: [0, 0], retryAfter: '60', now, random: 0.9 })).toEqual(retry(0))
  })

  it('stays within what a queue can hold', () => {
    expect(nextAfter(7, '99999')).toEqual(retry(43_200))
  })

  it('gives whole seconds between 0.9 and 2 times the delay, for any answer', () => {
    const random = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true })
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 7 }),
        fc.option(fc.oneof(fc.string(), fc.nat().map(String))),
        random,
        (attempt, retryAfter, r) => {
          const next = nextAfter(attempt, retryAfter, r)
          const delay = RETRY_DELAYS_SECONDS[attempt] ?? Number.NaN
          return (
            next.kind === 'retry' &&
            Number.isInteger(next.delaySeconds) &&
            next.delaySeconds >= 0.9 * delay &&
            next.delaySeconds <= 2 * delay
          )
        },
      ),
    )
  })
})

describe('parseSchedule', () => {
  it.each([undefined, '', '  '])('is the default for %j', (setting) => {
    expect(parseSchedule(setting)).toEqual([0, 5, 300, 1800, 7200, 18_000, 36_000, 36_000])
  })

  it('reads whole seconds', () => {
    expect(parseSchedule(' 0, 1 ,43200')).toEqual([0, 1, 43_200])
  })

  it.each(['-1', '1.5', '1e3', '43201', 'x', '', '0x10', 'Infinity'])('refuses the entry %j and names it', (entry) => {
    expect(() => parseSchedule(`0,${entry}`)).toThrow(`"${entry}" is not a whole number of seconds`)
  })

  it('refuses more than 100 attempts', () => {
    expect(() => parseSchedule(Array(101).fill('1').join(','))).toThrow('101 attempts')
  })
})

describe('outcome', () => {
  it.each([
    [200, 'delivered'],
    [204, 'delivered'],
    [299, 'delivered'],
    [199, 'retry'],
    [300, 'retry'],
    [301, 'retry'],
    [307, 'retry'],
    [400, 'retry'],
    [404, 'retry'],
    [410, 'stop'],
    [429, 'retry'],
    [500, 'retry'],
    [503, 'retry'],
  ])('%i is %s', (status, meaning) => {
    expect(outcome(status)).toBe(meaning)
  })
})
