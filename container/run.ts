/** A job's commands in order, then a look at what they wrote. */
import { rm } from 'node:fs/promises'
import type { JobError, JobState, Progress, RunRequest } from '../src/executor/protocol.ts'
import { type MediaFacts, mediaFacts } from '../src/ffmpeg/media.ts'
import type { CappedLog } from './capped-log.ts'
import { type Collected, collectOutputs, writtenOutput } from './collect.ts'
import { type Written, writtenFacts } from './facts.ts'
import { archiveError, exitError, type Step, stopError } from './failure.ts'
import { Ffmpeg, type FfmpegReport, type FfmpegResult } from './ffmpeg.ts'
import type { HeadStart } from './head-start.ts'
import { probeFile, probePlaylist } from './probe.ts'
import type { Stopper } from './stopper.ts'
import type { Toolbox } from './toolbox.ts'
import { ArchiveFault, unpack } from './unpack.ts'
import type { MadeFile, Workspace } from './workspace.ts'

export type ProbedOutputs = Extract<JobState, { state: 'SUCCEEDED' }>['outputs']

export type RunOutcome = { state: 'SUCCEEDED'; outputs: ProbedOutputs } | { state: 'FAILED'; error: JobError }

export interface Run {
  toolbox: Toolbox
  workspace: Workspace
  log: CappedLog
  request: RunRequest
  headStart: HeadStart
  stopper: Stopper
  onProgress: (progress: Progress) => void
  /** The commands have ended well and the outputs are complete; whether finding out about them takes a while still. */
  onWritten: (outputs: ReadonlyMap<string, Collected>, toBeProbed: boolean) => void
}

/** Rejects only for a fault of ours. */
export async function runJob(run: Run): Promise<RunOutcome> {
  const unpacked = await unpackArchive(run)
  if (unpacked !== null) return { state: 'FAILED', error: unpacked }
  // Without bundles nobody asks what was there before.
  const before: ReadonlyMap<string, MadeFile> = run.request.bundles === undefined ? new Map() : await run.workspace.regularFiles()
  const written = new Map<string, Written>()
  const error = await runCommands(run, written)
  if (error !== null) return { state: 'FAILED', error }
  const collected = await unlessStopped(run, lastStep(run), (signal) =>
    collectOutputs({ workspace: run.workspace, request: run.request, before, place: lastStep(run), signal }),
  )
  if (!collected.ok) return { state: 'FAILED', error: collected.error }
  const known = await knownFacts(run, collected.outputs, written)
  run.onWritten(collected.outputs, known.size < collected.outputs.size)
  const outputs = await probeOutputs(run, collected.outputs, known)
  const stopped = stoppedError(run, lastStep(run))
  return stopped === null ? { state: 'SUCCEEDED', outputs } : { state: 'FAILED', error: stopped }
}

/** Null when the archive is unpacked, or there is none. */
async function unpackArchive(run: Run): Promise<JobError | null> {
  const { workspace, request, stopper } = run
  if (request.archive === undefined) return null
  const place: Step = { step: 0, steps: request.commands.length }
  const { archive } = request
  const unwatch = stopper.watch(request.limits, () => workspace.usedBytes())
  try {
    const outcome = await unlessStopped(run, place, async (signal) => {
      const maxBytes = request.limits.disk_bytes - (await workspace.usedBytes())
      await workspace.setAsideArchive(archive)
      const taken = [...Object.values(request.inputs), ...Object.values(request.outputs)]
      const playlists = Object.values(request.bundles ?? {}).flatMap((bundle) => (bundle.kind === 'playlist' ? [bundle.filename] : []))
      await unpack({ archive: workspace.archivePath, folder: workspace.files, taken: [...taken, ...playlists], maxBytes, signal })
      return { ok: true } as const
    })
    return outcome.ok ? null : outcome.error
  } catch (error) {
    if (error instanceof ArchiveFault) return archiveError(error)
    throw error
  } finally {
    unwatch()
    await rm(workspace.archivePath, { force: true })
  }
}

/** What is done without a program ends with an error of its own when the job is stopped under it. */
async function unlessStopped<Result>(
  run: Run,
  place: Step,
  action: (signal: AbortSignal) => Promise<Result>,
): Promise<Result | { ok: false; error: JobError }> {
  try {
    return await action(run.stopper.signal)
  } catch (error) {
    const stopped = stoppedError(run, place)
    if (stopped === null) throw error
    return { ok: false, error: stopped }
  }
}

/** @param written gets what each command says of the job's outputs */
async function runCommands(run: Run, written: Map<string, Written>): Promise<JobError | null> {
  const { request, workspace, stopper } = run
  const unwatch = stopper.watch(request.limits, () => workspace.usedBytes())
  try {
    for (const [step, argv] of request.commands.entries()) {
      const error = await runCommand(run, argv, { step, steps: request.commands.length }, written)
      if (error !== null) return error
    }
    return null
  } finally {
    unwatch()
  }
}

async function runCommand(run: Run, argv: readonly string[], place: Step, written: Map<string, Written>): Promise<JobError | null> {
  const { toolbox, workspace, log, request, headStart, stopper, onProgress } = run
  // A reason to stop may have come between two commands.
  const stopped = stoppedError(run, place)
  if (stopped !== null) return stopped
  const command = { argv, fileBytes: request.limits.disk_bytes }
  const started = place.step === 0 ? await headStart.take(command) : null
  const ffmpeg = started ?? Ffmpeg.start(toolbox, workspace, command)
  stopper.attach(ffmpeg.process)
  const result = await ffmpeg.run({ log, onProgress: (report) => onProgress(overallProgress(report, place)) })
  await keepWritten(run, result, written)
  // An FFmpeg that the system stopped at the largest file it may write is at the limit between two looks at the folder.
  const overLimit = (await workspace.usedBytes()) >= request.limits.disk_bytes
  if (overLimit) stopper.stop('OUTPUT_TOO_LARGE')
  return stoppedError(run, place) ?? exitError(result, place)
}

/** Of the files that were asked for alone: names in a report may be any. */
async function keepWritten({ workspace, request }: Run, { outputs }: FfmpegResult, written: Map<string, Written>): Promise<void> {
  for (const filename of Object.values(request.outputs)) {
    const output = outputs.get(filename)
    const version = output === undefined ? null : await workspace.fileVersion(filename)
    if (output !== undefined && version !== null) written.set(filename, { output, version })
  }
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

/** Facts that no program needs to be started for, by alias. */
async function knownFacts(
  { workspace }: Run,
  collected: ReadonlyMap<string, Collected>,
  written: ReadonlyMap<string, Written>,
): Promise<Map<string, MediaFacts>> {
  const known = new Map<string, MediaFacts>()
  for (const [alias, output] of collected) {
    if (output.kind === 'zip') known.set(alias, { ...mediaFacts({}, output.filename), file_format: 'zip' })
    if (output.kind !== 'file') continue
    const facts = await writtenFacts(workspace, output.filename, written.get(output.filename) ?? null)
    if (facts !== null) known.set(alias, facts)
  }
  return known
}

async function probeOutputs(
  run: Run,
  collected: ReadonlyMap<string, Collected>,
  known: ReadonlyMap<string, MediaFacts>,
): Promise<ProbedOutputs> {
  const probed = await Promise.all(
    [...collected].map(
      async ([alias, output]) => [alias, { ...writtenOutput(output), media: known.get(alias) ?? (await probe(run, output)) }] as const,
    ),
  )
  return Object.fromEntries(probed)
}

function probe({ toolbox, workspace, stopper }: Run, output: Collected): Promise<MediaFacts> {
  if (output.kind === 'playlist') return probePlaylist(toolbox, workspace, output.filename, output.playlist, stopper.attach)
  return probeFile(toolbox, workspace, output.filename, stopper.attach)
}

function lastStep({ request }: Run): Step {
  return { step: request.commands.length - 1, steps: request.commands.length }
}
