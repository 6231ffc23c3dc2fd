import type { CommandSpec } from './record.ts'

/** `<command_id>.<attempt>`, the executor's name for this attempt. */
export function jobName(spec: CommandSpec, state: { attempt: number }): string {
  return `${spec.id}.${state.attempt}`
}
