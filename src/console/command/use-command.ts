/** One command: how it stands, followed until it has ended. */
import { useEffect, useState } from 'preact/hooks'
import { request } from '../api/client.ts'
import { followCommand } from '../api/follow.ts'
import type { Command, Standing } from '../api/types.ts'

export interface Followed {
  command: Command | undefined
  /** What FFmpeg reports while it goes on. */
  standing: Standing | null
  error: unknown
  /** Takes an answer that says how the command stands now. */
  replace(command: Command): void
}

export function useCommand(id: string): Followed {
  const [command, setCommand] = useState<Command>()
  const [standing, setStanding] = useState<Standing | null>(null)
  const [error, setError] = useState<unknown>(null)
  useEffect(() => {
    const stop = new AbortController()
    const follow = async () => {
      const first = await request<Command>(`/commands/${id}`, { signal: stop.signal })
      setCommand(first)
      if (hasEnded(first)) return
      await followCommand(id, { onStanding: setStanding, onEnd: setCommand }, stop.signal)
    }
    follow().catch((reason: unknown) => {
      if (!stop.signal.aborted) setError(reason)
    })
    return () => stop.abort()
  }, [id])
  return {
    command: command && standing && !hasEnded(command) ? withStanding(command, standing) : command,
    standing,
    error,
    replace: setCommand,
  }
}

export function hasEnded({ status }: Pick<Command, 'status'>): boolean {
  return status === 'SUCCESS' || status === 'FAILED'
}

function withStanding(command: Command, { status, processing_stage, progress, queue_position }: Standing): Command {
  return { ...command, status, processing_stage, progress, queue_position }
}
