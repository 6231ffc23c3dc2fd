/** Keeps FFmpeg's errors audible: a command that asks for silence would fail without a reason. */
import { parseArgv } from './argv.ts'

/** In FFmpeg's numbers (`AV_LOG_ERROR` in libavutil), where less is quieter. */
const ERROR_LEVEL = 16

/** Levels below `error`, by name (`log_levels` in fftools). */
const QUIETER: ReadonlySet<string> = new Set(['quiet', 'panic', 'fatal'])

/** Flags come before the level, each with or without a sign (`opt_loglevel` in fftools; `time` and `datetime` since release 7). */
const FLAGS = /^(?:[+-]?(?:repeat|level|datetime|time))*/

/** Raises every `-v` and `-loglevel` that would hide errors to `error`, and keeps their flags. Louder levels stay. */
export function showErrors(argv: readonly string[]): string[] {
  const { files, trailing } = parseArgv(argv)
  const shown = [...argv]
  for (const { name, value, index } of [...files.flatMap(({ options }) => options), ...trailing]) {
    if ((name === 'v' || name === 'loglevel') && value !== null) shown[index + 1] = audible(value)
  }
  return shown
}

/** The value of `-loglevel` that shows errors, with the flags of `value`; itself where it shows them already. */
export function audible(value: string): string {
  const flags = FLAGS.exec(value)?.[0] ?? ''
  const rest = value.slice(flags.length)
  const plus = rest.startsWith('+') ? '+' : ''
  const level = rest.slice(plus.length)
  // FFmpeg reads a level that is missing after its plus as the number 0.
  const quieter = QUIETER.has(level) || (/^\s*[+-]?\d+$/.test(level) && Number(level) < ERROR_LEVEL) || (level === '' && plus !== '')
  return quieter ? `${flags}${plus}error` : value
}
