/** What the API says to the draft, as it is written. */
import { useEffect, useState } from 'preact/hooks'
import { RequestFailed, request } from '../api/client.ts'
import type { Fault, Validated } from '../api/types.ts'
import { type Draft, submitBody } from './draft.ts'

const QUIET_MS = 300

export type Validation =
  | { kind: 'empty' | 'checking' }
  | { kind: 'valid'; commands: string[][] }
  | { kind: 'faulty'; faults: Fault[] }
  /** It could not be asked. */
  | { kind: 'unknown'; reason: string }

export function useValidation(draft: Draft): Validation {
  const [validation, setValidation] = useState<Validation>({ kind: 'empty' })
  const isEmpty = draft.commands.every((command) => command.trim() === '')
  const body = JSON.stringify(submitBody(draft, true))
  useEffect(() => {
    if (isEmpty) return setValidation({ kind: 'empty' })
    const stop = new AbortController()
    const timer = setTimeout(async () => {
      try {
        const { commands } = await request<Validated>('/validate', { method: 'POST', json: JSON.parse(body), signal: stop.signal })
        setValidation({ kind: 'valid', commands })
      } catch (error) {
        if (stop.signal.aborted) return
        if (error instanceof RequestFailed && error.faults.length > 0) setValidation({ kind: 'faulty', faults: error.faults })
        else setValidation({ kind: 'unknown', reason: error instanceof Error ? error.message : String(error) })
      }
    }, QUIET_MS)
    return () => {
      clearTimeout(timer)
      stop.abort()
    }
  }, [body, isEmpty])
  return validation
}
