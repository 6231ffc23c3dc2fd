/** A compiled command as its programs get it. */
import type { CompiledCommand } from './command.ts'
import { guardProbe } from './ffprobe.ts'
import { guardInputs } from './guards.ts'
import { showErrors } from './log-level.ts'

/**
 * The commands with guards before their inputs and with errors shown; those that have them already are as they were.
 * Names in an archive are composed (NFC) when it is unpacked, so the commands that name them are too.
 */
export function argvsAsRun({ argvs, programs, archive }: Pick<CompiledCommand, 'argvs' | 'programs' | 'archive'>): string[][] {
  const named = archive === undefined ? argvs : argvs.map((argv) => argv.map((word) => word.normalize('NFC')))
  return named.map((argv, step) => (programs?.[step] === 'ffprobe' ? guardProbe(argv) : showErrors(guardInputs(argv))))
}
