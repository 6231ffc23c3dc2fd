/** One line for every step in a command's life, and a span for every stage that it works in. */
import { log } from '../logging/log.ts'
import type { SpanDescription } from '../logging/span.ts'
import type { CommandRecord, CommandSpec } from './record.ts'
import type { CommandEvent, CommandState } from './state.ts'

export function logTransition(spec: CommandSpec, state: CommandState, event: CommandEvent): void {
  log('info', 'command.state', {
    command_id: spec.id,
    account: spec.account,
    status: state.status,
    ...(state.status === 'PROCESSING' && { stage: state.stage, attempt: state.attempt }),
    ...(state.status === 'FAILED' && { error_status: state.error.status }),
    ...('reason' in event && { reason: event.reason }),
  })
}

/** The span of what a command does next: `command.downloading`, `command.ffmpeg`, and so on; `command.ended` for what follows its end. */
export function spanOf({ spec, state }: CommandRecord): SpanDescription {
  const ids = { command_id: spec.id, account: spec.account }
  switch (state.status) {
    case 'QUEUED':
      return { name: 'command.queued', attributes: ids }
    case 'PROCESSING':
      return { name: `command.${state.stage.toLowerCase()}`, attributes: { ...ids, attempt: state.attempt } }
    case 'SUCCESS':
    case 'FAILED':
      return { name: 'command.ended', attributes: ids }
    default:
      return state satisfies never
  }
}
