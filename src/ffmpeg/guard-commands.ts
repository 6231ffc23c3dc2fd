/** A job's commands as they are run: each with the guards of its program. */
import type { CompiledCommand } from './command.ts'
import { guardProbe } from './ffprobe.ts'
import { guardInputs } from './guards.ts'

/** The argv of each command with its guards, once however often they are put in. */
export function guardCommands({ argvs, programs }: Pick<CompiledCommand, 'argvs' | 'programs'>): string[][] {
  return argvs.map((argv, step) => (programs?.[step] === 'ffprobe' ? guardProbe(argv) : guardInputs(argv)))
}
