/** Why an FFmpeg that ended well wrote nothing: mostly it was told to begin after the end of its input. */
import { type ArgvFile, parseArgv } from './argv.ts'
import { isNamedAsMedia } from './content-sniffing.ts'
import { type ProgressReport, seconds } from './progress.ts'

/** FFmpeg says so of some formats: release 5 and older ones once, of all outputs together; newer ones of each output. */
const NOTHING_ENCODED = /^(?:\[out#\d{1,4}\/[^\]\n]{1,40}\] )?Output file is empty, nothing was encoded/
const OF_ONE_OUTPUT = /^\[out#/

/** A start after the end of an input. */
export interface PastEnd {
  /** As the command names it. */
  input: string
  /** The value of `-ss`. */
  start: string
  inputSeconds: number
}

/**
 * Whether FFmpeg, which has ended well, has written no frame of any output, all of them being files of media.
 * @param said its lines, as `problemLines` answers them
 * @param progress its last report; where there is video, it counts frames
 */
export function wroteNothing(said: readonly string[], argv: readonly string[], progress: ProgressReport | null): boolean {
  const outputs = parseArgv(argv).files.filter(({ kind }) => kind === 'output')
  if (outputs.length === 0 || !outputs.every(({ url }) => isNamedAsMedia(url))) return false
  if (progress?.frame === 0 && !((progress.outTimeSeconds ?? 0) > 0)) return true
  const lines = said.filter((line) => NOTHING_ENCODED.test(line))
  return lines.some((line) => !OF_ONE_OUTPUT.test(line)) || lines.length >= outputs.length
}

/** @param durations of the inputs in seconds, in their order, null where unknown */
export function pastEnd(argv: readonly string[], durations: readonly (number | null)[]): PastEnd | null {
  const { files } = parseArgv(argv)
  const inputs = files.filter(({ kind }) => kind === 'input')
  for (const [index, file] of inputs.entries()) {
    const found = startAfter(file, file.url, durations[index] ?? null)
    if (found !== null) return found
  }
  const longest = durations.reduce<number | null>((most, length) => (length !== null && length > (most ?? 0) ? length : most), null)
  const [first] = inputs
  if (first === undefined) return null
  for (const file of files) {
    const found = file.kind === 'output' ? startAfter(file, first.url, longest) : null
    if (found !== null) return found
  }
  return null
}

function startAfter({ options }: ArgvFile, input: string, inputSeconds: number | null): PastEnd | null {
  const start = options.findLast(({ name }) => name === 'ss')?.value ?? null
  const at = seconds(start)
  return start !== null && at !== null && inputSeconds !== null && at >= inputSeconds ? { input, start, inputSeconds } : null
}
