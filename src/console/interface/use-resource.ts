/** What a page shows of the API: loaded at first, and again for as long as somebody looks at it. */
import { useEffect, useRef, useState } from 'preact/hooks'

export interface Resource<T> {
  /** What came last; undefined until something has. */
  data: T | undefined
  error: unknown
  reload(): void
}

/**
 * @param key what is loaded: another key forgets what was there
 * @param everyMs how often it is loaded again while the page is visible; 0 is never
 */
export function useResource<T>(key: string, load: (signal: AbortSignal) => Promise<T>, everyMs = 0): Resource<T> {
  const [state, setState] = useState<{ key: string; data?: T; error?: unknown }>({ key })
  const [round, setRound] = useState(0)
  const latest = useRef(load)
  latest.current = load

  useEffect(() => {
    const stop = new AbortController()
    let timer: ReturnType<typeof setTimeout> | undefined
    const run = async () => {
      try {
        if (!document.hidden) {
          const data = await latest.current(stop.signal)
          if (!stop.signal.aborted) setState({ key, data })
        }
      } catch (error) {
        if (!stop.signal.aborted) setState((before) => ({ ...(before.key === key && before), key, error }))
      }
      if (everyMs > 0 && !stop.signal.aborted) timer = setTimeout(run, everyMs)
    }
    const seenAgain = () => {
      if (document.hidden || everyMs === 0) return
      clearTimeout(timer)
      void run()
    }
    document.addEventListener('visibilitychange', seenAgain)
    void run()
    return () => {
      stop.abort()
      clearTimeout(timer)
      document.removeEventListener('visibilitychange', seenAgain)
    }
  }, [key, everyMs, round])

  const current = state.key === key
  return {
    data: current ? state.data : undefined,
    error: current ? state.error : undefined,
    reload: () => setRound((before) => before + 1),
  }
}
