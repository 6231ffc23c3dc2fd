/** Work that goes on side by side, and how much of it: six connections of one invocation may await their headers, and a seventh waits unseen. */
import { OutOfBudget } from './budget.ts'

export class Turns {
  readonly #atOnce: number
  #taken = 0
  readonly #waiting: (() => void)[] = []

  constructor(atOnce: number) {
    this.#atOnce = atOnce
  }

  /** Does `action` when its turn comes, in the order in which turns were asked for. Inside of it none may be asked for. */
  async take<T>(action: () => Promise<T>): Promise<T> {
    if (this.#taken >= this.#atOnce) await new Promise<void>((resolve) => this.#waiting.push(resolve))
    else this.#taken += 1
    try {
      return await action()
    } finally {
      // The turn passes to the next one, or is free.
      const next = this.#waiting.shift()
      if (next) next()
      else this.#taken -= 1
    }
  }
}

/**
 * Does `action` for all items side by side, each in its turn where there are turns, and resolves when all have ended: nothing of them comes later.
 * The first failure aborts the signal that the others are given, and is thrown. One that is merely out of its budget leaves the others to end.
 */
export async function sideBySide<Item>(
  items: readonly Item[],
  { signal, turns }: { signal: AbortSignal; turns?: Turns },
  action: (item: Item, signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const failed = new AbortController()
  const either = AbortSignal.any([signal, failed.signal])
  const failures: unknown[] = []
  const attempt = async (item: Item) => {
    try {
      either.throwIfAborted()
      await action(item, either)
    } catch (error) {
      failures.push(error)
      if (!(error instanceof OutOfBudget)) failed.abort()
    }
  }
  await Promise.all(items.map((item) => (turns ? turns.take(() => attempt(item)) : attempt(item))))
  if (failures.length > 0) throw failures.find((error) => !(error instanceof OutOfBudget)) ?? failures[0]
}
