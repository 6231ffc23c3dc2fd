/** What a page shows of the API: loaded at first, and again for as long as somebody looks at it. */
import { useEffect, useRef, useState } from 'preact/hooks'

const never = () => 0

export interface Resource<T> {
  /** What came last; undefined until something has. */
  data: T | undefined
  error: unknown
  reload(): void
}

/**
 * @param key what is loaded: another key forgets what was there
 * @param every how many ms after an answer it is loaded again, while the page is visible; 0 is never
 */
export function useResource<T>(
  key: string,
  load: (signal: AbortSignal) => Promise<T>,
  every: (data: T | undefined) => number = never,
): Resource<T> {
  const [state, setState] = useState<{ key: string; data?: T; error?: unknown }>({ key })
  const [round, setRound] = useState(0)
  const latest = useRef({ load, every })
  latest.current = { load, every }

  useEffect(() => {
    const stop = new AbortController()
    let timer: ReturnType<typeof setTimeout> | undefined
    // Nobody sees what would be loaded again.
    let isDue = false
    const run = async () => {
      isDue = false
      let data: T | undefined
      try {
        data = await latest.current.load(stop.signal)
        if (!stop.signal.aborted) setState({ key, data })
      } catch (error) {
        if (!stop.signal.aborted) setState((before) => ({ ...(before.key === key && before), key, error }))
      }
      const pause = latest.current.every(data)
      if (pause > 0 && !stop.signal.aborted) timer = setTimeout(again, pause)
    }
    const again = () => {
      if (document.hidden) isDue = true
      else void run()
    }
    const seenAgain = () => {
      if (!document.hidden && isDue) void run()
    }
    document.addEventListener('visibilitychange', seenAgain)
    void run()
    return () => {
      stop.abort()
      clearTimeout(timer)
      document.removeEventListener('visibilitychange', seenAgain)
    }
  }, [key, round])

  const current = state.key === key
  return {
    data: current ? state.data : undefined,
    error: current ? state.error : undefined,
    reload: () => setRound((before) => before + 1),
  }
}
