/** One line for every step in a stored file's life. */
import { log } from '../logging/log.ts'
import type { FileRecord } from './record.ts'

export function logState({ spec, state }: FileRecord): void {
  log('info', 'file.state', {
    file_id: spec.id,
    account: spec.account,
    status: state.status,
    ...(state.status === 'STORED' && { probe: state.probe.stage }),
    ...(state.status === 'FAILED' && { error_status: state.error.status }),
  })
}
