/** Bounds how long something outside may take. */

/**
 * Answers what `action` does. Its signal aborts with a `TimeoutError` when that takes longer than `milliseconds`.
 * `AbortSignal.timeout` would leave its timer behind, and an object with a timer pending is kept in memory, and paid for.
 */
export async function within<T>(milliseconds: number, action: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const tooLate = new AbortController()
  const timer = setTimeout(() => tooLate.abort(new DOMException('The time is over', 'TimeoutError')), milliseconds)
  try {
    return await action(tooLate.signal)
  } finally {
    clearTimeout(timer)
  }
}
