/** One line for every step in a command's life. */
import { log } from '../logging/log.ts'
import type { CommandSpec } from './record.ts'
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
