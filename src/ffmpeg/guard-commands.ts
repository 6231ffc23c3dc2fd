/** A job's commands as they are run: each with the guards of its program, and loud enough to say why it fails. */
import type { CompiledCommand } from './command.ts'
import { guardProbe } from './ffprobe.ts'
import { guardInputs } from './guards.ts'
import { showErrors } from './log-level.ts'

/** The argv of each command, finished once however often this is done. */
export function guardCommands({ argvs, programs }: Pick<CompiledCommand, 'argvs' | 'programs'>): string[][] {
  return argvs.map((argv, step) => (programs?.[step] === 'ffprobe' ? guardProbe(argv) : showErrors(guardInputs(argv))))
}
