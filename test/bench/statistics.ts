/** Medians and their spread. */

export interface Spread {
  min: number
  median: number
  p95: number
  max: number
}

/** Of at least one figure. */
export function spreadOf(figures: number[]): Spread {
  const sorted = [...figures].sort((a, b) => a - b)
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN
  const middle = sorted.length / 2
  const median = sorted.length % 2 === 1 ? at(0.5) : ((sorted[middle - 1] ?? Number.NaN) + (sorted[middle] ?? Number.NaN)) / 2
  return { min: at(0), median, p95: at(0.95), max: at(1) }
}

/** What `work` takes, in milliseconds. */
export async function timed(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now()
  await work()
  return performance.now() - start
}

/** What each of so many rounds gave, after one that does not count: it warms caches and connections. */
export async function inRounds<T>(count: number, round: () => Promise<T>): Promise<T[]> {
  await round()
  const results: T[] = []
  for (let n = 0; n < count; n++) results.push(await round())
  return results
}
