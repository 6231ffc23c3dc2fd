/** A compiled command as its programs get it. */
import type { CompiledCommand } from './command.ts'
import { guardProbe } from './ffprobe.ts'
import { guardInputs } from './guards.ts'
import { showErrors } from './log-level.ts'

/** The commands with guards before their inputs and with errors shown; those that have them already are as they were. */
export function argvsAsRun({ argvs, programs }: Pick<CompiledCommand, 'argvs' | 'programs'>): string[][] {
  return argvs.map((argv, step) => (programs?.[step] === 'ffprobe' ? guardProbe(argv) : showErrors(guardInputs(argv))))
}
