/** The end of an alarm that takes too long. */

const TICK_MS = 10

/**
 * Does `work`, and calls `cut` when it takes longer than `limitMs`. Time is counted in ticks: while the machine is too busy to run this program,
 * none pass, so that the count says what the work waits for rather than how fast the machine is.
 */
export async function timed<T>(limitMs: number, work: () => Promise<T>, cut: () => void): Promise<T> {
  let ticks = 0
  const clock = setInterval(() => {
    ticks += 1
    if (ticks * TICK_MS < limitMs) return
    clearInterval(clock)
    cut()
  }, TICK_MS)
  try {
    return await work()
  } finally {
    clearInterval(clock)
  }
}
