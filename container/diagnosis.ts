/** What is behind the end of a command, beyond FFmpeg's own words. Pure. */
import type { JobError, JobLimits } from '../src/executor/protocol.ts'
import { endlessness } from '../src/ffmpeg/endless.ts'
import { hintFor } from '../src/ffmpeg/hints.ts'
import { unjoinedFiles } from '../src/ffmpeg/joined-inputs.ts'
import { pastEnd, wroteNothing } from '../src/ffmpeg/past-end.ts'
import { inputDurations } from '../src/ffmpeg/progress.ts'
import { mostRepeatedLine, problemLines } from '../src/ffmpeg/stderr.ts'
import { undrawnText } from '../src/ffmpeg/undrawn-text.ts'
import type { FfmpegResult } from './ffmpeg.ts'

/** A command that has run. */
export interface EndedRun {
  argv: readonly string[]
  result: FfmpegResult
  /** Aliases of the job's inputs by file name. */
  aliases: ReadonlyMap<string, string>
  /** What is known of the files that it was to read, a sentence each. */
  notes: readonly string[]
}

/** What to do about a command that FFmpeg has given up: lines that follow its own. */
export function advice({ argv, result, notes }: EndedRun): string[] {
  // Where the files are the reason, what FFmpeg makes of them only leads astray.
  if (notes.length > 0) return [...notes]
  const hint = hintFor(problemLines(result.stderr).join('\n'), argv)
  return hint === null ? [] : [hint]
}

/** What went wrong in a command that FFmpeg thinks has gone well; null if nothing did. */
export function silentFailureReason({ argv, result, aliases }: EndedRun): Pick<JobError, 'code' | 'message'> | null {
  const said = problemLines(result.stderr)
  const undrawn = undrawnText(said.join('\n'))
  if (undrawn !== null) return { code: 'FFMPEG_ERROR', message: undrawn }
  const unjoined = unjoinedFiles(said, argv)
  if (unjoined !== null) return { code: 'FFMPEG_ERROR', message: unjoined }
  if (!wroteNothing(said, argv, result.progress?.report ?? null)) return null
  const found = pastEnd(argv, inputDurations(result.head))
  const reason =
    found === null
      ? 'no frame was left to encode; check -ss, -t, -frames and the filters'
      : `-ss ${found.start} is past the end of ${named(found.input, aliases)}, which lasts ${rounded(found.inputSeconds)} seconds; write a smaller -ss`
  return { code: 'OUTPUT_MISSING', message: `the command ended well but wrote nothing: ${reason}` }
}

/** Why a command has taken so long, and what to do: the rest of a sentence that says that it was stopped, and further lines. */
export function timeoutReason(run: EndedRun, limits: JobLimits): string {
  const { argv, result, notes } = run
  const repeated = mostRepeatedLine(result.stderr)
  const endless = endlessReason(run)
  const written = result.progress?.report.outTimeSeconds ?? 0
  const quoted = repeated === null ? (written === 0 ? lastError(result.stderr) : null) : `FFmpeg repeated this: ${repeated}`
  // A fault that is repeated without any output is the reason, however much time there is.
  const isStuck = notes.length > 0 || (repeated !== null && written === 0)
  const why = endless ?? (isStuck ? null : tooSlow(run, limits))
  return [why === null ? '' : `: ${why}`, ...notes, ...duplicates(argv, result.stderr), ...(quoted === null ? [] : [quoted])].join('\n')
}

/** Why a command's files have become so large: the rest of a sentence that says that they have, and further lines. */
export function growthReason(run: EndedRun): string {
  const endless = endlessReason(run)
  return [endless === null ? '' : `: ${endless}`, ...duplicates(run.argv, run.result.stderr)].join('\n')
}

function endlessReason({ argv, aliases }: EndedRun): string | null {
  const found = endlessness(argv)
  if (found === null) return null
  const what = found.input === null ? `${found.what} has no end` : `${found.what} makes ${named(found.input, aliases)} endless`
  return `${what}, and nothing ends the output; write -t and its length in seconds before the output’s name, or -shortest to end it with another input`
}

/** Options that hold FFmpeg back. */
const PACED = ['-re', '-readrate']

function tooSlow({ argv, result }: EndedRun, { most_run_seconds: most, run_seconds: seconds }: JobLimits): string {
  const { report, percent } = result.progress ?? { report: null, percent: null }
  const written = report?.outTimeSeconds ?? 0
  const share = percent === null || percent >= 100 ? '' : ` (${Math.round(percent * 10) / 10}% of it)`
  const speed = report?.speed === null || report?.speed === undefined ? '' : `, at ${rounded(report.speed)} times real time`
  const progress = written > 0 ? `it had written ${rounded(written)} seconds of output${share}${speed}` : 'it had written no output'
  const raise = most === undefined ? 'raise max_command_run_seconds' : `raise max_command_run_seconds (at most ${most} here)`
  const faster = PACED.some((option) => argv.includes(option))
    ? 'leave out -re, with which FFmpeg reads no faster than the input plays'
    : 'use a faster -preset or a smaller size'
  const ways = most !== undefined && seconds >= most ? `${faster}, or split the work` : `${faster}, or ${raise}`
  return `${progress}; ${ways}`
}

/** Timestamps that leap make FFmpeg fill a constant frame rate with copies. */
function duplicates(argv: readonly string[], stderr: string): string[] {
  if (!/More than \d{1,9} frames duplicated/.test(stderr)) return []
  const asked = argv.includes('-r') ? ', and leave out -r' : ''
  return [
    `FFmpeg filled gaps between the timestamps of the input with copies of frames: write -fps_mode vfr before the output’s name${asked}`,
  ]
}

const ERROR = /error|invalid|fail|could not|cannot|unable|no such|not found|missing|corrupt/i

function lastError(stderr: string): string | null {
  const line = problemLines(stderr).findLast((text) => ERROR.test(text))
  return line === undefined ? null : `FFmpeg’s last error: ${line.slice(0, 500)}`
}

function named(filename: string, aliases: ReadonlyMap<string, string>): string {
  const alias = aliases.get(filename)
  return alias === undefined ? filename : `the input "${alias}"`
}

function rounded(value: number): number {
  return value < 1 ? Math.round(value * 1000) / 1000 : Math.round(value * 10) / 10
}
