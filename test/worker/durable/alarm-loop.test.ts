import { runInDurableObject } from 'cloudflare:test'
import { expect, test } from 'vitest'
import { AlarmLoop, type AlarmWork } from '../../../src/durable/alarm-loop.ts'
import type { Budget } from '../../../src/durable/budget.ts'
import { commandStub } from '../client.ts'

const HOUR = 3_600_000
/** Later than any test. */
const LIMITS = { sliceMs: HOUR, watchdogMs: HOUR, requests: 100, faults: 3 }

/** With the storage of an object that has nothing else to do. */
async function withStorage<T>(act: (storage: DurableObjectStorage) => Promise<T>): Promise<T> {
  return runInDurableObject(commandStub(crypto.randomUUID()), (_, { storage }) => act(storage))
}

function workOf(advance: AlarmWork['advance'], more: Partial<AlarmWork> = {}): AlarmWork {
  return {
    exists: () => true,
    advance,
    onFault: (error) => {
      throw error
    },
    ...more,
  }
}

/** Resolves when the budget's time is over. */
function overOf({ signal }: Budget): Promise<void> {
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }))
}

test('one alarm does steps until none is due, and sleeps until the next one is', () =>
  withStorage(async (storage) => {
    const due = [Date.now(), Date.now(), Date.now() + HOUR]
    await new AlarmLoop(storage, LIMITS).run(workOf(async () => due.shift() ?? null))
    expect(due).toEqual([])
    expect(await storage.getAlarm()).toBeGreaterThan(Date.now() + HOUR / 2)
  }))

test('when nothing is left to do there is no alarm', () =>
  withStorage(async (storage) => {
    await new AlarmLoop(storage, LIMITS).run(workOf(async () => null))
    expect(await storage.getAlarm()).toBeNull()
  }))

test('the watchdog is set before the first step, so that one that dies is begun again', () =>
  withStorage(async (storage) => {
    let during: number | null = null
    await new AlarmLoop(storage, { ...LIMITS, watchdogMs: 2 * HOUR }).run(
      workOf(async () => {
        during = await storage.getAlarm()
        return null
      }),
    )
    expect(during).toBeGreaterThan(Date.now() + HOUR)
  }))

test('a step that outlasts its slice is told so, and goes on in the next alarm', () =>
  withStorage(async (storage) => {
    let steps = 0
    await new AlarmLoop(storage, { ...LIMITS, sliceMs: 20 }).run(
      workOf(async (budget) => {
        steps += 1
        await overOf(budget)
        expect(budget.take()).toBe(false)
        return Date.now()
      }),
    )
    expect(steps).toBe(1)
    expect(await storage.getAlarm()).toBeLessThan(Date.now() + HOUR)
  }))

test('requests are counted over all steps of an alarm, and what is left over is for nobody', () =>
  withStorage(async (storage) => {
    const loop = new AlarmLoop(storage, { ...LIMITS, requests: 10 })
    const taken: number[] = []
    const work = workOf(async (budget) => {
      let requests = 0
      while (requests < 3 && budget.take()) requests += 1
      taken.push(requests)
      return Date.now()
    })
    await loop.run(work)
    expect(taken).toEqual([3, 3, 3, 1])
    await loop.run(work)
    expect(taken).toHaveLength(8)
  }))

test('of a share that is too small nothing is taken', () =>
  withStorage(async (storage) => {
    await new AlarmLoop(storage, { ...LIMITS, requests: 3 }).run(
      workOf(async (budget) => {
        expect([budget.take(2), budget.take(2), budget.isSpent]).toEqual([true, false, true])
        return Date.now() + HOUR
      }),
    )
  }))

test('attention that comes while an alarm goes to sleep is not lost', () =>
  withStorage(async (storage) => {
    const loop = new AlarmLoop(storage, LIMITS)
    await loop.run(
      workOf(async () => {
        await loop.wake()
        return null
      }),
    )
    expect(await storage.getAlarm()).toBeLessThanOrEqual(Date.now())
  }))

test('a step that is interrupted ends, and the next alarm looks at how things stand', () =>
  withStorage(async (storage) => {
    const loop = new AlarmLoop(storage, LIMITS)
    await loop.run(
      workOf(async (budget) => {
        const over = overOf(budget)
        loop.interrupt()
        await over
        return Date.now()
      }),
    )
    expect(await storage.getAlarm()).toBeLessThan(Date.now() + HOUR)
  }))

test('faults in a row are counted, with growing pauses, and the last is told as such; one that goes well forgives them', () =>
  withStorage(async (storage) => {
    const loop = new AlarmLoop(storage, LIMITS)
    const told: [faults: number, isLast: boolean][] = []
    const broken = workOf(
      async () => {
        throw new Error('broken')
      },
      {
        onFault: (_, faults, isLast) => {
          told.push([faults, isLast])
          return false
        },
      },
    )
    const pauses: number[] = []
    for (let n = 0; n < 3; n++) {
      const before = Date.now()
      await loop.run(broken)
      pauses.push(((await storage.getAlarm()) ?? 0) - before)
    }
    expect(told).toEqual([
      [1, false],
      [2, false],
      [3, true],
    ])
    expect(pauses[0]).toBeGreaterThanOrEqual(1000)
    expect(pauses[2]).toBeGreaterThanOrEqual(4000)
    await loop.run(workOf(async () => null))
    await loop.run(broken)
    expect(told.at(-1)).toEqual([1, false])
  }))

test('work that is given up is followed at once by what comes after it', () =>
  withStorage(async (storage) => {
    const broken = async () => {
      throw new Error('broken')
    }
    const loop = new AlarmLoop(storage, { ...LIMITS, faults: 1 })
    await loop.run(workOf(broken, { onFault: (_error, _faults, isLast) => isLast }))
    expect(await storage.getAlarm()).toBeLessThanOrEqual(Date.now())
  }))

test('an object that was erased in a step sets no alarm', () =>
  withStorage(async (storage) => {
    let exists = true
    await new AlarmLoop(storage, LIMITS).run(
      workOf(
        async () => {
          exists = false
          await storage.deleteAlarm()
          return Date.now()
        },
        { exists: () => exists },
      ),
    )
    expect(await storage.getAlarm()).toBeNull()
  }))
