import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { Watchers } from '../../../src/command/watchers.ts'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

describe('a wait', () => {
  test('is over at once where what it waits for holds already', async () => {
    const watchers = new Watchers()
    await watchers.until(() => true, 1000)
    expect([watchers.count, vi.getTimerCount()]).toEqual([0, 0])
  })

  test('goes on through changes that do not matter to it, and ends with the one that does', async () => {
    const watchers = new Watchers()
    let holds = false
    let over = false
    const wait = watchers
      .until(() => holds, 1000)
      .then(() => {
        over = true
      })
    watchers.changed()
    await Promise.resolve()
    expect([over, watchers.count]).toEqual([false, 1])
    holds = true
    watchers.changed()
    await wait
  })

  test.each([
    ['what it waits for', (watchers: Watchers) => watchers.changed()],
    ['its time', () => vi.advanceTimersByTime(1000)],
  ])('leaves neither itself nor a timer behind when it ends with %s', async (_, end) => {
    const watchers = new Watchers()
    let looks = 0
    const wait = watchers.until(() => looks++ > 0, 1000)
    expect([watchers.count, vi.getTimerCount()]).toEqual([1, 1])
    end(watchers)
    await wait
    expect([watchers.count, vi.getTimerCount()]).toEqual([0, 0])
  })

  test('of one does not end that of another', async () => {
    const watchers = new Watchers()
    const long = watchers.until(() => false, 2000)
    const short = watchers.until(() => false, 1000)
    vi.advanceTimersByTime(1000)
    await short
    expect(watchers.count).toBe(1)
    vi.advanceTimersByTime(1000)
    await long
  })
})
