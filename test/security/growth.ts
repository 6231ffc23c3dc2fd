/** How the time of a pure function grows with its text. */

const BEST_OF = 5
/** Quadratic work on sixteen thousand characters takes longer than this. */
const NOTHING_MS = 2

/** The best of several runs, in milliseconds, since only other work of the machine makes a run longer. */
export function bestTime(run: () => unknown, runs = BEST_OF): number {
  return Math.min(
    ...Array.from({ length: runs }, () => {
      const start = performance.now()
      run()
      return performance.now() - start
    }),
  )
}

/**
 * By how much longer four times the text take, `n` being some thousands: near 4 where the time is linear, 16 where it is quadratic; 0 where
 * even the longer text takes next to no time. The shorter is read four times in a row, so that a machine that gives its time in slices treats
 * both alike.
 */
export function growth(run: (text: string) => unknown, textOf: (n: number) => string, n: number): number {
  const [short, long] = [textOf(n), textOf(4 * n)]
  const longTime = bestTime(() => run(long))
  if (longTime < NOTHING_MS) return 0
  const shortTimes = bestTime(() => {
    for (let i = 0; i < 4; i += 1) run(short)
  })
  return (4 * longTime) / shortTimes
}
