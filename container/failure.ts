/** Why a job failed, in words for the one who wrote the command. Pure. */
import type { JobError, JobLimits } from '../src/executor/protocol.ts'
import { errorLines } from '../src/ffmpeg/stderr.ts'
import type { FfmpegResult } from './ffmpeg.ts'
import { launcherComplaint } from './sandbox.ts'
import type { StopReason } from './stopper.ts'

/** What was being done when it failed: `step` counts from 0. */
export interface Step {
  step: number
  steps: number
}

export function cancelledError(step: number): JobError {
  return { code: 'CANCELLED', step, message: 'the command was cancelled' }
}

export function stopError(reason: StopReason, place: Step, limits: JobLimits): JobError {
  const { step } = place
  switch (reason) {
    case 'TIMEOUT':
      return {
        code: reason,
        step,
        message: `${placeText(place)}the command was stopped after ${limits.run_seconds} seconds (max_command_run_seconds)`,
      }
    case 'OUTPUT_TOO_LARGE':
      return {
        code: reason,
        step,
        message: `${placeText(place)}the command was stopped: its files take more than ${megabytes(limits.disk_bytes)}, the limit for one job`,
      }
    case 'CANCELLED':
      return cancelledError(step)
  }
}

/** The error of an FFmpeg that ended by itself; null if it ended well. */
export function exitError(result: FfmpegResult, place: Step): JobError | null {
  const { step } = place
  const { exit, stderr } = result
  if (exit.kind === 'exited' && exit.code === 0) return null
  if (exit.kind === 'failed') return { code: 'INTERNAL_ERROR', step, message: 'FFmpeg could not be started' }
  if (launcherComplaint(stderr) !== null) return { code: 'INTERNAL_ERROR', step, message: 'the sandbox could not be set up' }
  const reason = [errorLines(stderr), signalText(exit)].filter((text) => text !== '').join('\n')
  return {
    code: 'FFMPEG_ERROR',
    step,
    message: placeText(place) + (reason || `FFmpeg ended with exit code ${exit.kind === 'exited' ? exit.code : ''}`),
  }
}

/** @param present names of the files in the job's folder */
export function missingOutputError(alias: string, filename: string, present: readonly string[], { steps }: Step): JobError {
  const found = present.length === 0 ? 'no files' : present.join(', ')
  return {
    code: 'OUTPUT_MISSING',
    step: steps - 1,
    message: `the command ended well but did not write the output "${alias}" (${filename}); the files there are: ${found}`,
  }
}

/** Which command of a chain it was, counted from 1; nothing where there is only one. */
function placeText({ step, steps }: Step): string {
  return steps > 1 ? `command ${step + 1} of ${steps}: ` : ''
}

/** Nothing if FFmpeg chose to end. A sandbox that waits for FFmpeg passes a signal on as 128 + its number. */
function signalText(exit: Exclude<FfmpegResult['exit'], { kind: 'failed' }>): string {
  const killed = exit.kind === 'signalled' ? exit.signal === 'SIGKILL' : exit.code === 137
  if (killed) return 'FFmpeg was killed, probably because it needed more memory than there is'
  if (exit.kind === 'signalled') return `FFmpeg crashed (${exit.signal})`
  return exit.code === 139 || exit.code === 134 ? `FFmpeg crashed (exit code ${exit.code})` : ''
}

function megabytes(bytes: number): string {
  return bytes < 1e6 ? `${bytes} bytes` : `${Math.round(bytes / 1e5) / 10} MB`
}
