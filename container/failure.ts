/** Why a job failed, in words for the one who wrote the command. Pure. */
import type { JobError, JobLimits } from '../src/executor/protocol.ts'
import type { Bundle } from '../src/ffmpeg/bundle.ts'
import { errorLines } from '../src/ffmpeg/stderr.ts'
import { advice, type EndedRun, growthReason, silentFailureReason, timeoutReason } from './diagnosis.ts'
import type { FfmpegResult } from './ffmpeg.ts'
import { launcherComplaint } from './sandbox.ts'
import type { StopReason } from './stopper.ts'
import type { ArchiveFault } from './unpack.ts'

/** Files that the commands of a job may make, beside those that it began with. */
export const MAX_MADE_FILES = 50_000

/** What was being done when it failed: `step` counts from 0. */
export interface Step {
  step: number
  steps: number
}

export function cancelledError(step: number): JobError {
  return { code: 'CANCELLED', step, message: 'the command was cancelled' }
}

/** @param run the command that was stopped, if one had begun */
export function stopError(reason: StopReason, place: Step, limits: JobLimits, run: EndedRun | null = null): JobError {
  const { step } = place
  const stopped = `${placeText(place)}the command was stopped`
  switch (reason) {
    case 'TIMEOUT': {
      const why = run === null ? '' : timeoutReason(run, limits)
      return { code: reason, step, message: `${stopped} after ${limits.run_seconds} seconds (max_command_run_seconds)${why}` }
    }
    case 'OUTPUT_TOO_LARGE': {
      const why = run === null ? '' : growthReason(run)
      return {
        code: reason,
        step,
        message: `${stopped}: its files take more than ${megabytes(limits.disk_bytes)}, the limit for one job${why}`,
      }
    }
    case 'TOO_MANY_FILES':
      return {
        code: 'OUTPUT_TOO_LARGE',
        step,
        message: `${stopped}: it made more than ${MAX_MADE_FILES} files, the limit for one job`,
      }
    case 'CANCELLED':
      return cancelledError(step)
  }
}

/** The error of an FFmpeg that ended by itself; null if it ended well, and did what it was to do. */
export function exitError(run: EndedRun, place: Step): JobError | null {
  const { step } = place
  const { exit, stderr } = run.result
  if (exit.kind === 'exited' && exit.code === 0) return silentFailure(run, place)
  if (exit.kind === 'failed') return { code: 'INTERNAL_ERROR', step, message: 'FFmpeg could not be started' }
  if (launcherComplaint(stderr) !== null) return { code: 'INTERNAL_ERROR', step, message: 'the sandbox could not be set up' }
  const said = [errorLines(stderr), signalText(exit)].filter((text) => text !== '').join('\n')
  const reason = said || `FFmpeg ended with exit code ${exit.kind === 'exited' ? exit.code : ''}`
  return { code: 'FFMPEG_ERROR', step, message: [placeText(place) + reason, ...advice(run)].join('\n') }
}

/** FFmpeg ends well although it has written nothing, or not what it was to write. */
function silentFailure(run: EndedRun, place: Step): JobError | null {
  const failure = silentFailureReason(run)
  return failure && { code: failure.code, step: place.step, message: placeText(place) + failure.message }
}

/** @param present names of the files in the job's folder */
export function missingOutputError(alias: string, filename: string, present: readonly string[], { steps }: Step): JobError {
  return {
    code: 'OUTPUT_MISSING',
    step: steps - 1,
    message: `the command ended well but did not write the output "${alias}" (${filename}); the files there are: ${listed(present)}`,
  }
}

/** A file that is named as media and has no bytes. */
export function emptyOutputError(alias: string, filename: string, commands: readonly (readonly string[])[], { steps }: Step): JobError {
  const remedy = commands.some((argv) => argv.includes('tee')) ? '; write it as an output of its own, without -f tee' : ''
  const message = `the command ended well but wrote nothing into the output "${alias}" (${filename})${remedy}`
  return { code: 'OUTPUT_MISSING', step: steps - 1, message }
}

/** Which command of a chain it was, counted from 1; nothing where there is only one. */
function placeText({ step, steps }: Step): string {
  return steps > 1 ? `command ${step + 1} of ${steps}: ` : ''
}

/** @param present names of the files in the job's folder, those that were there before among them */
export function bundleMissingError(
  alias: string,
  bundle: Exclude<Bundle, { kind: 'playlist' }>,
  present: readonly string[],
  { steps }: Step,
): JobError {
  const wanted = bundle.kind === 'sequence' ? `any file of the output "${alias}" (${bundle.pattern})` : 'any file'
  return {
    code: 'OUTPUT_MISSING',
    step: steps - 1,
    message: `the command ended well but did not write ${wanted}; the files there are: ${listed(present)}`,
  }
}

export function playlistError(alias: string, code: 'OUTPUT_MISSING' | 'OUTPUT_TOO_LARGE', reason: string, { steps }: Step): JobError {
  return { code, step: steps - 1, message: `the output "${alias}" is not complete: ${reason}` }
}

/** A text that a command reads and that says what may not be, or cannot be, done. */
export function scriptError(reason: string, place: Step): JobError {
  return { code: 'FFMPEG_ERROR', step: place.step, message: placeText(place) + reason }
}

export function archiveError(fault: ArchiveFault): JobError {
  return { code: fault.code, step: 0, message: `the archive of input_compressed_folder cannot be used: ${fault.message}` }
}

/** A message that names thousands of files says no more than one that names some. */
const MAX_LISTED = 50

/** The first names in their order, found in one pass over however many there are. */
export function listed(names: readonly string[]): string {
  if (names.length === 0) return 'no files'
  const first: string[] = []
  for (const name of names) {
    const last = first.at(-1)
    if (first.length === MAX_LISTED && last !== undefined && name > last) continue
    const place = first.findIndex((other) => name < other)
    first.splice(place === -1 ? first.length : place, 0, name)
    if (first.length > MAX_LISTED) first.pop()
  }
  const more = names.length > first.length ? ` and ${names.length - first.length} more` : ''
  return first.join(', ') + more
}

/** Nothing if FFmpeg chose to end. A sandbox that waits for FFmpeg passes a signal on as 128 + its number. */
function signalText(exit: Exclude<FfmpegResult['exit'], { kind: 'failed' }>): string {
  const killed = exit.kind === 'signalled' ? exit.signal === 'SIGKILL' : exit.code === 137
  if (killed) return 'FFmpeg was killed, probably because it needed more memory than there is'
  if (exit.kind === 'signalled') return `FFmpeg crashed (${exit.signal})`
  return exit.code === 139 || exit.code === 134 ? `FFmpeg crashed (exit code ${exit.code})` : ''
}

/** A size as messages tell it, in megabytes of a million bytes. */
export function megabytes(bytes: number): string {
  return bytes < 1e6 ? `${bytes} bytes` : `${Math.round(bytes / 1e5) / 10} MB`
}
