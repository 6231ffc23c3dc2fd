import { expect, test } from 'vitest'
import { OutOfBudget } from '../../../src/durable/budget.ts'
import { sideBySide, Turns } from '../../../src/durable/turns.ts'

/** Things to do that end when a test says so. */
class Work {
  readonly begun: number[] = []
  readonly #ends = new Map<number, PromiseWithResolvers<void>>()

  do(n: number): Promise<void> {
    this.begun.push(n)
    const end = Promise.withResolvers<void>()
    this.#ends.set(n, end)
    return end.promise
  }

  async end(n: number, error?: Error): Promise<void> {
    if (error) this.#ends.get(n)?.reject(error)
    else this.#ends.get(n)?.resolve()
    await settled()
  }
}

/** Resolves when everything has happened that nothing holds up. */
function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

const { signal } = new AbortController()

test('so much goes on at once, and the rest in the order in which it came', async () => {
  const [work, turns] = [new Work(), new Turns(2)]
  const all = Promise.all([1, 2, 3, 4].map((n) => turns.take(() => work.do(n))))
  await settled()
  expect(work.begun).toEqual([1, 2])
  await work.end(2)
  expect(work.begun).toEqual([1, 2, 3])
  await work.end(1)
  expect(work.begun).toEqual([1, 2, 3, 4])
  await Promise.all([work.end(3), work.end(4)])
  await all
  await turns.take(async () => work.begun.push(5))
  expect(work.begun).toHaveLength(5)
})

test('a turn that fails is the next one’s', async () => {
  const turns = new Turns(1)
  const failing = turns.take(() => Promise.reject(new Error('failed')))
  const next = turns.take(async () => 'done')
  await expect(failing).rejects.toThrow('failed')
  expect(await next).toBe('done')
})

test('a failure ends the others, and is told when all have ended', async () => {
  const work = new Work()
  const signals: AbortSignal[] = []
  let isTold = false
  const all = sideBySide([1, 2], { signal }, (n, ended) => {
    signals.push(ended)
    return work.do(n)
  })
  all.catch(() => {
    isTold = true
  })
  await work.end(1, new Error('failed'))
  expect([signals[1]?.aborted, isTold]).toEqual([true, false])
  await work.end(2, new Error('aborted'))
  await expect(all).rejects.toThrow('failed')
})

test('after a failure nothing more is begun that waits for its turn', async () => {
  const work = new Work()
  const all = sideBySide([1, 2, 3], { signal, turns: new Turns(1) }, (n) => work.do(n))
  all.catch(() => undefined)
  await work.end(1, new Error('failed'))
  await expect(all).rejects.toThrow('failed')
  expect(work.begun).toEqual([1])
})

test('one that is out of its budget leaves the others to end, and a real failure of theirs is what is told', async () => {
  const work = new Work()
  const signals: AbortSignal[] = []
  const all = sideBySide([1, 2], { signal }, (n, ended) => {
    signals.push(ended)
    return work.do(n)
  })
  all.catch(() => undefined)
  await work.end(1, new OutOfBudget())
  expect(signals[1]?.aborted).toBe(false)
  await work.end(2, new Error('failed'))
  await expect(all).rejects.toThrow('failed')
  await expect(sideBySide([1], { signal }, () => Promise.reject(new OutOfBudget()))).rejects.toBeInstanceOf(OutOfBudget)
})
