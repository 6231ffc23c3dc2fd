/** Notices a transfer that goes too slowly to ever end. */

export interface Pace {
  /** Bytes a second below which an interval counts as slow. */
  minRate: number
  intervalMs: number
  /** So many slow intervals in a row end the transfer. */
  patience: number
}

/** A source that stays below the lowest rate for three looks is cut off, and asked again. */
const INTERVAL_MS = 10_000
const PATIENCE = 3

/** The pace to hold a source to. @param minRate in bytes a second */
export function paceOf(minRate: number): Pace {
  return { minRate, intervalMs: INTERVAL_MS, patience: PATIENCE }
}

/**
 * Asks `size` for the bytes there are, interval after interval, and calls `onStall` once when too few came in too many of them.
 * An interval in which `size` fails says nothing. Returns the function that ends the watch.
 */
export function watchPace(pace: Pace, size: () => Promise<number | null>, onStall: () => void): () => void {
  let before = 0
  let slow = 0
  let asking = false
  const look = async () => {
    if (asking) return
    asking = true
    try {
      const now = (await size()) ?? 0
      slow = now - before < (pace.minRate * pace.intervalMs) / 1000 ? slow + 1 : 0
      before = now
      if (slow < pace.patience) return
      stop()
      onStall()
    } catch {
      // Whoever does the transfer will meet the same fault, and knows what to make of it.
    } finally {
      asking = false
    }
  }
  const timer = setInterval(() => void look(), pace.intervalMs)
  const stop = () => clearInterval(timer)
  return stop
}
