/** Something that a button sets going: whether it is under way, and what went wrong. */
import { useState } from 'preact/hooks'

export interface Action<A extends unknown[]> {
  run(...args: A): Promise<void>
  busy: boolean
  error: unknown
}

export function useAction<A extends unknown[]>(act: (...args: A) => Promise<unknown>): Action<A> {
  const [state, setState] = useState<{ busy: boolean; error: unknown }>({ busy: false, error: null })
  return {
    ...state,
    async run(...args) {
      setState({ busy: true, error: null })
      try {
        await act(...args)
        setState({ busy: false, error: null })
      } catch (error) {
        setState({ busy: false, error })
      }
    },
  }
}
