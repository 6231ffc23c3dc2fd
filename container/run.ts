/** A job's commands in order, then a look at what they wrote. */
import { rm } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import type { JobError, JobState, Progress, RunRequest } from '../src/executor/protocol.ts'
import { type MediaFacts, mediaFacts } from '../src/ffmpeg/media.ts'
import type { Program } from '../src/ffmpeg/program.ts'
import { type Script, withoutTargets, withScripts } from '../src/ffmpeg/scripts.ts'
import type { CappedLog } from './capped-log.ts'
import { type Collected, type Collection, collectOutputs, writtenOutput } from './collect.ts'
import type { EndedRun } from './diagnosis.ts'
import { type Written, writtenFacts } from './facts.ts'
import { archiveError, exitError, MAX_MADE_FILES, type Step, scriptError, stopError } from './failure.ts'
import { Ffmpeg, type FfmpegCommand, type FfmpegReport, type FfmpegResult } from './ffmpeg.ts'
import type { FolderUsage } from './folder.ts'
import type { HeadStart } from './head-start.ts'
import { notesOn } from './notes.ts'
import { probeFile, probePlaylist } from './probe.ts'
import { ScriptFault, writeScripts } from './scripts.ts'
import type { StandardOutput } from './standard-output.ts'
import type { Stopper } from './stopper.ts'
import type { Toolbox } from './toolbox.ts'
import { ArchiveFault, type Unpacked, unpack } from './unpack.ts'
import type { MadeFile, Workspace } from './workspace.ts'

export type ProbedOutputs = Extract<JobState, { state: 'SUCCEEDED' }>['outputs']

export type RunOutcome = { state: 'SUCCEEDED'; outputs: ProbedOutputs } | { state: 'FAILED'; error: JobError }

export interface Run {
  toolbox: Toolbox
  workspace: Workspace
  log: CappedLog
  stdout: StandardOutput
  request: RunRequest
  headStart: HeadStart
  stopper: Stopper
  onProgress: (progress: Progress) => void
  /** The commands have ended well and the outputs are complete; whether finding out about them takes a while still. */
  onWritten: (outputs: ReadonlyMap<string, Collected>, toBeProbed: boolean) => void
}

/** Rejects only for a fault of ours. */
export async function runJob(run: Run): Promise<RunOutcome> {
  const written = new Map<string, Written>()
  const stopTime = run.stopper.limitTime(run.request.limits.run_seconds)
  const collected = await makeOutputs(run, written).finally(stopTime)
  if (!collected.ok) return { state: 'FAILED', error: collected.error }
  const known = await knownFacts(run, collected.outputs, written)
  run.onWritten(collected.outputs, known.size < collected.outputs.size)
  const outputs = await probeOutputs(run, collected.outputs, known)
  const stopped = stoppedError(run, lastStep(run))
  return stopped === null ? { state: 'SUCCEEDED', outputs } : { state: 'FAILED', error: stopped }
}

/** All that counts as the job's time. @param written gets what each command says of the job's outputs */
async function makeOutputs(run: Run, written: Map<string, Written>): Promise<Collection> {
  const unpacking = await unpackArchive(run)
  if (!unpacking.ok) return unpacking
  // Without bundles nobody asks what was there before.
  const before: ReadonlyMap<string, MadeFile> = run.request.bundles === undefined ? new Map() : await run.workspace.regularFiles()
  const error = await runCommands({ ...run, unpacked: unpacking.unpacked }, written)
  if (error !== null) return { ok: false, error }
  return unlessStopped(run, lastStep(run), (signal) =>
    collectOutputs({ workspace: run.workspace, request: run.request, before, place: lastStep(run), signal }),
  )
}

/** What the archive has brought; null where there is none. */
async function unpackArchive(run: Run): Promise<{ ok: true; unpacked: Unpacked | null } | { ok: false; error: JobError }> {
  const { workspace, request } = run
  if (request.archive === undefined) return { ok: true, unpacked: null }
  const place: Step = { step: 0, steps: request.commands.length }
  const { archive } = request
  try {
    return await unlessStopped(run, place, async (signal) => {
      const maxBytes = request.limits.disk_bytes - (await workspace.usage()).bytes
      const archiveBytes = (await workspace.setAsideArchive(archive)) ?? 0
      const taken = [...Object.values(request.inputs), ...Object.values(request.outputs)]
      const playlists = Object.values(request.bundles ?? {}).flatMap((bundle) => (bundle.kind === 'playlist' ? [bundle.filename] : []))
      const unpacked = await unpack({
        archive: workspace.archivePath,
        archiveBytes,
        folder: workspace.files,
        taken: [...taken, ...playlists],
        commands: request.commands,
        maxBytes,
        signal,
      })
      return { ok: true, unpacked } as const
    })
  } catch (error) {
    if (error instanceof ArchiveFault) return { ok: false, error: archiveError(error) }
    throw error
  } finally {
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

/** A run whose archive, if it has one, is unpacked. */
interface ReadyRun extends Run {
  unpacked: Unpacked | null
}

async function runCommands(run: ReadyRun, written: Map<string, Written>): Promise<JobError | null> {
  const { request, workspace, stopper } = run
  const limit: FolderUsage = { bytes: request.limits.disk_bytes, entries: (await entriesBefore(run)) + MAX_MADE_FILES }
  const unwatch = stopper.limitFolder(limit, () => workspace.usage())
  try {
    for (const step of request.commands.keys()) {
      const error = await runCommand(run, { step, steps: request.commands.length }, limit, written)
      if (error !== null) return error
    }
    return null
  } finally {
    unwatch()
  }
}

/** Files and folders that the commands find. */
async function entriesBefore({ workspace, request }: Run): Promise<number> {
  return request.archive === undefined ? Object.keys(request.inputs).length : (await workspace.usage()).entries
}

async function runCommand(run: ReadyRun, place: Step, limit: FolderUsage, written: Map<string, Written>): Promise<JobError | null> {
  const { toolbox, workspace, log, stdout, request, headStart, stopper, onProgress } = run
  // A reason to stop may have come between two commands.
  const stopped = stoppedError(run, place)
  if (stopped !== null) return stopped
  const { command, scripts } = commandOf(request, place.step, toolbox, request.limits)
  const readable = await unlessStopped(run, place, async (signal) => {
    await writeScripts({ workspace, request, scripts, innerPrefix: `script-${place.step}-inner`, signal })
    return { ok: true } as const
  }).catch((error: unknown) => {
    if (error instanceof ScriptFault) return { ok: false, error: scriptError(error.message, place) } as const
    throw error
  })
  if (!readable.ok) return readable.error
  const started = place.step === 0 ? await headStart.take(command) : null
  const ffmpeg = started ?? Ffmpeg.start(toolbox, workspace, command)
  stopper.attach(ffmpeg.process)
  const result = await ffmpeg.run({ log, stdout, onProgress: (report) => onProgress(overallProgress(report, place)) })
  await keepWritten(run, result, written)
  // An FFmpeg that the system stopped at the largest file it may write is at the limit between two looks at the folder.
  stopper.judge(await workspace.usage(), { ...limit, bytes: limit.bytes - 1 })
  const ended = await endedRun(run, request.commands[place.step] ?? [], { ...result, stderr: withoutTargets(result.stderr) })
  return stopper.reason === null ? exitError(ended, place) : stopError(stopper.reason, place, request.limits, ended)
}

/** A command that has run, with what there is to say of its files, which nobody asks about one that went well. */
async function endedRun(
  { workspace, request, unpacked, stopper }: ReadyRun,
  argv: readonly string[],
  result: FfmpegResult,
): Promise<EndedRun> {
  const { exit, stderr } = result
  const wentWell = stopper.reason === null && exit.kind === 'exited' && exit.code === 0
  const notes = wentWell ? [] : await notesOn({ workspace, inputs: request.inputs, archive: unpacked }, argv, stderr)
  return { argv, result, aliases: new Map(Object.entries(request.inputs).map(([alias, filename]) => [filename, alias])), notes }
}

/** What the request's command of that number, from 0, is started with, and the scripts that it reads. */
export function commandOf(
  request: RunRequest,
  step: number,
  { graphFiles }: Toolbox,
  { disk_bytes: fileBytes }: RunRequest['limits'],
): { command: FfmpegCommand; scripts: Script[] } {
  const program = programOf(request, step)
  const given = request.commands[step] ?? []
  // Whatever ffprobe reads is media.
  const { argv, scripts } = program === 'ffmpeg' ? withScripts(given, step, graphFiles) : { argv: given, scripts: [] }
  return { command: { program, argv, fileBytes }, scripts }
}

/** Which program the request's command of that number, from 0, is for. */
export function programOf({ programs }: RunRequest, step: number): Program {
  return programs?.[step] ?? 'ffmpeg'
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

/** What probing all outputs may take, which is no time of the command's. What has not been looked into by then has no facts. */
const PROBING_SECONDS = 60

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
  const media = new Map(known)
  const deadline = performance.now() + PROBING_SECONDS * 1000
  const left = [...collected].filter(([alias]) => !known.has(alias)).values()
  const worker = async () => {
    for (const [alias, output] of left) {
      if (run.stopper.reason !== null) return
      const secondsLeft = (deadline - performance.now()) / 1000
      media.set(alias, secondsLeft > 0 ? await probe(run, output, secondsLeft) : mediaFacts({}, output.filename))
    }
  }
  // All take from the same iterator, and leave a processor to whoever else there is.
  await Promise.all(Array.from({ length: Math.max(1, availableParallelism() - 1) }, worker))
  const probed = [...collected].map(
    ([alias, output]) => [alias, { ...writtenOutput(output), media: media.get(alias) ?? mediaFacts({}, output.filename) }] as const,
  )
  return Object.fromEntries(probed)
}

function probe({ toolbox, workspace, stopper }: Run, output: Collected, maxSeconds: number): Promise<MediaFacts> {
  const options = { onStart: stopper.attach, maxSeconds }
  if (output.kind === 'playlist') return probePlaylist(toolbox, workspace, output.filename, output.playlist, options)
  return probeFile(toolbox, workspace, output.filename, options)
}

function lastStep({ request }: Run): Step {
  return { step: request.commands.length - 1, steps: request.commands.length }
}
