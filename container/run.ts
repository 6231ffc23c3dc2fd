/** A job's commands in order, then a look at what they wrote. */
import type { JobError, JobState, Progress, RunRequest } from '../src/executor/protocol.ts'
import type { CappedLog } from './capped-log.ts'
import { exitError, missingOutputError, type Step, stopError } from './failure.ts'
import { type FfmpegReport, startFfmpeg } from './ffmpeg.ts'
import { probeFile } from './probe.ts'
import type { Stopper } from './stopper.ts'
import { confinementOf, type Toolbox } from './toolbox.ts'
import type { Workspace } from './workspace.ts'

export type WrittenOutputs = Extract<JobState, { state: 'PROBING' }>['outputs']
export type ProbedOutputs = Extract<JobState, { state: 'SUCCEEDED' }>['outputs']

export type RunOutcome = { state: 'SUCCEEDED'; outputs: ProbedOutputs } | { state: 'FAILED'; error: JobError }

export interface Run {
  toolbox: Toolbox
  workspace: Workspace
  log: CappedLog
  request: RunRequest
  stopper: Stopper
  onProgress: (progress: Progress) => void
  /** The commands have ended well and the outputs are complete. */
  onWritten: (outputs: WrittenOutputs) => void
}

/** Rejects only for a fault of ours. */
export async function runJob(run: Run): Promise<RunOutcome> {
  const error = await runCommands(run)
  if (error !== null) return { state: 'FAILED', error }
  const written = await collectOutputs(run)
  if (written.error !== null) return { state: 'FAILED', error: written.error }
  run.onWritten(written.outputs)
  const outputs = await probeOutputs(run, written.outputs)
  const stopped = stoppedError(run, lastStep(run))
  return stopped === null ? { state: 'SUCCEEDED', outputs } : { state: 'FAILED', error: stopped }
}

async function runCommands(run: Run): Promise<JobError | null> {
  const { request, workspace, stopper } = run
  const unwatch = stopper.watch(request.limits, () => workspace.usedBytes())
  try {
    for (const [step, argv] of request.commands.entries()) {
      const error = await runCommand(run, argv, { step, steps: request.commands.length })
      if (error !== null) return error
    }
    return null
  } finally {
    unwatch()
  }
}

async function runCommand(run: Run, argv: readonly string[], place: Step): Promise<JobError | null> {
  const { toolbox, workspace, log, request, stopper, onProgress } = run
  // A reason to stop may have come between two commands.
  const stopped = stoppedError(run, place)
  if (stopped !== null) return stopped
  const ffmpeg = startFfmpeg({
    ffmpeg: toolbox.ffmpeg,
    sandbox: toolbox.sandbox,
    confinement: confinementOf(toolbox, workspace, request.limits.disk_bytes),
    argv,
    log,
    onProgress: (report) => onProgress(overallProgress(report, place)),
  })
  stopper.attach(ffmpeg.process)
  const result = await ffmpeg.result
  // An FFmpeg that the system stopped at the largest file it may write is at the limit between two looks at the folder.
  const overLimit = (await workspace.usedBytes()) >= request.limits.disk_bytes
  if (overLimit) stopper.stop('OUTPUT_TOO_LARGE')
  return stoppedError(run, place) ?? exitError(result, place)
}

function stoppedError({ stopper, request }: Run, place: Step): JobError | null {
  return stopper.reason === null ? null : stopError(stopper.reason, place, request.limits)
}

/** Each command is an equal share of the job. */
export function overallProgress({ percent, report }: FfmpegReport, { step, steps }: Step): Progress {
  return {
    percent: percent === null ? null : (step * 100 + percent) / steps,
    step,
    frame: report.frame,
    fps: report.fps,
    out_time_seconds: report.outTimeSeconds,
    speed: report.speed,
  }
}

async function collectOutputs(run: Run): Promise<{ outputs: WrittenOutputs; error: JobError | null }> {
  const { workspace, request } = run
  const outputs: WrittenOutputs = {}
  for (const [alias, filename] of Object.entries(request.outputs)) {
    const bytes = await workspace.fileBytes(filename)
    if (bytes === null) return { outputs, error: missingOutputError(alias, filename, await workspace.list(), lastStep(run)) }
    outputs[alias] = { filename, size_bytes: bytes }
  }
  return { outputs, error: null }
}

async function probeOutputs({ toolbox, workspace, stopper }: Run, written: WrittenOutputs): Promise<ProbedOutputs> {
  const probed = await Promise.all(
    Object.entries(written).map(async ([alias, output]) => {
      const media = await probeFile(toolbox, workspace, output.filename, stopper.attach)
      return [alias, { ...output, media }] as const
    }),
  )
  return Object.fromEntries(probed)
}

function lastStep({ request }: Run): Step {
  return { step: request.commands.length - 1, steps: request.commands.length }
}
