/** What is new about a command to somebody who watches it. */
import type { Progress } from '../executor/protocol.ts'
import { type CommandState, isTerminal } from './state.ts'

export interface News {
  /** `end`: it has ended. `status`: its status or stage is another. `progress`: FFmpeg has come further. */
  kind: 'status' | 'progress' | 'end'
  /** A name for how things stand: whoever gives it back later has seen this much. */
  mark: string
}

/**
 * The news since the mark `seen`; null when there are none, and for the mark of the end.
 * A mark is made of what it stands for, so that it means the same after the command's object has been started anew.
 */
export function newsSince(seen: string | null, state: CommandState, progress: Progress | null): News | null {
  const stage = stageMark(state)
  const [seenStage] = seen?.split('/') ?? []
  if (seenStage !== stage) return { kind: isTerminal(state) ? 'end' : 'status', mark: stage }
  // An object that was started anew has yet to hear from FFmpeg.
  if (state.status !== 'PROCESSING' || state.stage !== 'FFMPEG' || progress === null) return null
  const mark = `${stage}/${progress.step}.${progress.frame ?? ''}.${progress.out_time_seconds ?? ''}`
  return mark === seen ? null : { kind: 'progress', mark }
}

function stageMark(state: CommandState): string {
  return state.status === 'PROCESSING' ? `${state.status}.${state.stage}.${state.attempt}` : state.status
}
