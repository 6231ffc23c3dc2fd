/**
 * The steps of a command, one bounded piece of work each. A step reads where things stand, does its work and records
 * the outcome as an event, so that it may be cut off at any moment and begun again.
 */
import type { Budget } from '../durable/budget.ts'
import type { EngineLimits } from '../durable/limits.ts'
import { type ExecutorClient, ExecutorFailure } from '../executor/client.ts'
import type { JobState, Progress } from '../executor/protocol.ts'
import type { MediaFacts } from '../ffmpeg/media.ts'
import { fileKey } from '../files/key.ts'
import type { OwnFile } from '../files/own-file.ts'
import { paceOf } from '../outbound/download.ts'
import type { Settings } from '../settings.ts'
import { downloadInput, InputFailure, inputJobs } from './download.ts'
import type { CommandSpec } from './record.ts'
import { runRequest } from './run-request.ts'
import type { CommandEvent, ErrorStatus, ProcessingState, WrittenOutput } from './state.ts'
import type { CommandStore } from './store.ts'
import { uploadOutput } from './upload.ts'
import { uploadPlaylist } from './upload-playlist.ts'

/** How long one question for the job's state is held open, in seconds. */
const LONG_POLL_SECONDS = 20
/** How long an executor that stops answering in the middle of a job is asked again, in milliseconds. */
const RECONNECT_MS = 8_000
const RECONNECT_PAUSE_MS = 200
/** How much of FFmpeg's stderr is kept with the command. */
const LOG_CHARACTERS = 1_000_000

type At<Stage extends ProcessingState['stage']> = Extract<ProcessingState, { stage: Stage }>

type ExecutorOutput = Extract<JobState, { state: 'PROBING' }>['outputs'][string] & { media?: MediaFacts }

/** What a step works with; the Durable Object provides it. */
export interface RunContext {
  spec: CommandSpec
  settings: Settings
  bucket: R2Bucket
  executor: ExecutorClient
  ownFile: (url: string) => Promise<OwnFile | null>
  /** Why a file of ours is not in the bucket, as the end of a sentence. */
  whyMissing: (file: OwnFile) => Promise<string>
  /** Records the event if it still applies. */
  apply: (event: CommandEvent) => void
  setProgress: (progress: Progress | null) => void
  /** Where what the job prints is kept. */
  kept: Pick<CommandStore, 'log' | 'stdout' | 'keepReport'>
  /** The latest revision of each job that was answered: what is asked for is what comes after it. */
  revisions: Map<string, number>
  limits: EngineLimits
  /** Ends when the command was cancelled, its slot was lost, or this alarm has done its share. */
  budget: Budget
}

/** Brings every input that is not there yet, side by side, then hands the job over. */
export async function download(state: At<'DOWNLOADING'>, context: RunContext): Promise<void> {
  const { spec, settings, executor } = context
  const job = jobName(spec, state)
  const missing = inputJobs(spec).filter(({ alias }) => !Object.hasOwn(state.received, alias))
  const siblings = new AbortController()
  const tooLong = new AbortController()
  const deadline = setTimeout(() => tooLong.abort(), Math.max(0, state.since + settings.maxDownloadMs - Date.now()))
  const signal = AbortSignal.any([context.budget.signal, siblings.signal, tooLong.signal])
  const request = runRequest(spec, settings)
  try {
    // A matter of time only, which nothing waits for: whoever brings the inputs meets the same faults.
    if (missing.length > 0) executor.prepare(job, request, signal).catch(() => undefined)
    await Promise.all(
      missing.map(async (input) => {
        const bytes = await downloadInput(input, {
          executor,
          job,
          maxBytes: settings.maxInputBytes,
          maxJobBytes: settings.maxJobDiskBytes,
          pace: paceOf(settings.minDownloadRate),
          allowed: settings.privateOrigins,
          ownFile: context.ownFile,
          whyMissing: context.whyMissing,
          bucket: context.bucket,
          signal,
        })
        context.apply({ type: 'input_received', attempt: state.attempt, alias: input.alias, bytes })
      }),
    )
    const { revision } = await executor.run(job, request, context.budget.signal)
    context.revisions.set(job, revision)
    context.apply({ type: 'run_accepted', attempt: state.attempt })
  } catch (error) {
    siblings.abort()
    if (context.budget.signal.aborted) return
    const { attempt } = state
    const now = Date.now()
    if (tooLong.signal.aborted) {
      const message = `the inputs could not be downloaded within ${settings.maxDownloadMs / 1000} seconds`
      context.apply({ type: 'failed', attempt, error: { status: 'UNREACHABLE_INPUT_FILE', message }, ffmpegSeconds: null, now })
    } else if (error instanceof InputFailure) {
      context.apply({ type: 'failed', attempt, error: error.error, ffmpegSeconds: null, now })
    } else if (
      error instanceof ExecutorFailure &&
      (error.fault === 'unreachable' || error.fault === 'no_room' || error.fault === 'not_started')
    ) {
      context.apply({ type: 'executor_unavailable', attempt, cause: error.fault, reason: error.message, now })
    } else if (error instanceof ExecutorFailure && error.fault === 'job_unknown') {
      context.apply({ type: 'attempt_lost', attempt, reason: error.message, now })
    } else {
      throw error
    }
  } finally {
    clearTimeout(deadline)
  }
}

/** Follows FFmpeg until it ends, the executor is lost, or this piece of work has taken long enough. */
export async function follow(state: At<'FFMPEG'>, context: RunContext): Promise<void> {
  const job = jobName(context.spec, state)
  while (!context.budget.signal.aborted) {
    const answer = await askPatiently(job, LONG_POLL_SECONDS, context)
    if (context.budget.signal.aborted) return
    if ('lost' in answer) {
      context.apply({ type: 'attempt_lost', attempt: state.attempt, reason: answer.lost, now: Date.now() })
      return
    }
    const { job: current } = answer
    switch (current.state) {
      case 'RECEIVING':
        context.apply({ type: 'attempt_lost', attempt: state.attempt, reason: 'the executor forgot the job', now: Date.now() })
        return
      case 'RUNNING':
        context.setProgress(current.progress)
        break
      case 'PROBING':
      case 'SUCCEEDED':
        if (current.state === 'SUCCEEDED' && current.log !== undefined) context.kept.log = current.log
        context.kept.stdout = current.stdout ?? null
        context.apply({
          type: 'ffmpeg_ended',
          attempt: state.attempt,
          ffmpegSeconds: current.ffmpeg_seconds,
          outputs: mapValues(current.outputs, writtenOutput),
        })
        return
      case 'FAILED':
        if (current.log === undefined) await keepLog(job, context)
        else context.kept.log = current.log
        context.apply({
          type: 'failed',
          attempt: state.attempt,
          error: { status: errorStatusOf(current.error.code), message: current.error.message },
          ffmpegSeconds: current.ffmpeg_seconds,
          now: Date.now(),
        })
        return
      default:
        current satisfies never
    }
  }
}

/** Stores every output in R2 side by side, while the executor still probes them. Of a playlist of many files, only a share at a time. */
export async function upload(state: At<'UPLOADING'>, context: RunContext): Promise<void> {
  const { spec } = context
  const job = jobName(spec, state)
  const siblings = new AbortController()
  const uploading = {
    executor: context.executor,
    job,
    bucket: context.bucket,
    partBytes: context.settings.uploadPartBytes,
    signal: AbortSignal.any([context.budget.signal, siblings.signal]),
  }
  const all = Object.entries(state.outputs).map(([alias, output]) => ({ alias, ...output }))
  const [playlists, files] = [all.filter(isPlaylist), all.filter((output) => !isPlaylist(output))]
  const work: Promise<unknown>[] = []
  try {
    // First what takes several alarms, so that nothing else is stored at each of them.
    const storing = playlists.map(({ alias, fileId }) => uploadPlaylist({ alias, account: spec.account, fileId }, uploading))
    work.push(...storing)
    if ((await Promise.all(storing)).includes(false)) return
    const probing = probedMedia(job, state.outputs, context)
    work.push(
      probing,
      context.kept.log !== '' ? Promise.resolve() : keepLog(job, context),
      ...files.map(({ alias, fileId, filename, sizeBytes }) =>
        uploadOutput({ alias, key: fileKey(spec.account, fileId, filename), filename, sizeBytes }, uploading),
      ),
    )
    await Promise.all(work)
    if (all.length === 0) context.kept.keepReport()
    const media = await probing
    const outputs = mapValues(state.outputs, (output, alias) => {
      const facts = media[alias]
      if (!facts) throw new Error(`the executor did not probe output ${alias}`)
      return { ...output, media: facts }
    })
    context.apply({ type: 'outputs_stored', attempt: state.attempt, outputs, now: Date.now() })
  } catch (error) {
    siblings.abort()
    // What is still on its way into the bucket must not arrive after the attempt's outputs were deleted from it.
    await Promise.allSettled(work)
    if (context.budget.signal.aborted) return
    // A stream breaks in the same way whichever end fails, so ask the executor whether it is the one.
    const answer = await askPatiently(job, 0, context)
    if (!('lost' in answer)) throw error
    context.apply({ type: 'attempt_lost', attempt: state.attempt, reason: answer.lost, now: Date.now() })
  }
}

function isPlaylist({ bundle }: WrittenOutput): boolean {
  return bundle?.kind === 'playlist'
}

/** `<command_id>.<attempt>`, the executor's name for this attempt. */
export function jobName(spec: CommandSpec, state: { attempt: number }): string {
  return `${spec.id}.${state.attempt}`
}

/** What the commands have made; each file gets an id of its own. */
function writtenOutput({ filename, size_bytes, bundle, media }: ExecutorOutput): WrittenOutput {
  return {
    fileId: crypto.randomUUID(),
    filename,
    sizeBytes: size_bytes,
    ...(bundle && { bundle: { kind: bundle.kind, fileCount: bundle.file_count, contentBytes: bundle.content_bytes } }),
    ...(media && { media }),
  }
}

/** Facts about every output, by alias; where they were not known when FFmpeg ended, the executor is asked until it knows them. */
async function probedMedia(
  job: string,
  outputs: Record<string, WrittenOutput>,
  context: RunContext,
): Promise<Record<string, MediaFacts | undefined>> {
  const known = mapValues(outputs, ({ media }) => media)
  if (!Object.values(known).includes(undefined)) return known
  for (let waitSeconds = 0; ; waitSeconds = LONG_POLL_SECONDS) {
    const answer = await askPatiently(job, waitSeconds, context)
    if ('lost' in answer) throw new ExecutorFailure('job_unknown', answer.lost)
    if (answer.job.state === 'SUCCEEDED') return mapValues(answer.job.outputs, ({ media }) => media)
    if (answer.job.state === 'FAILED') throw new Error(`the executor could not probe the outputs: ${answer.job.error.message}`)
  }
}

/**
 * The job's state, as it is now or, if there is time to wait, once it is another than was answered before.
 * An executor that goes silent is asked again for a few seconds before it counts as lost.
 */
async function askPatiently(job: string, waitSeconds: number, context: RunContext): Promise<{ job: JobState } | { lost: string }> {
  const giveUpAt = Date.now() + RECONNECT_MS
  for (;;) {
    try {
      const state = await context.executor.jobState(job, context.revisions.get(job) ?? -1, waitSeconds, context.budget.signal)
      context.revisions.set(job, state.revision)
      return { job: state }
    } catch (error) {
      if (!(error instanceof ExecutorFailure) || error.fault === 'refused' || error.fault === 'input_too_large') throw error
      if (error.fault === 'job_unknown' || Date.now() >= giveUpAt || context.budget.signal.aborted) return { lost: error.message }
      await scheduler.wait(RECONNECT_PAUSE_MS)
    }
  }
}

/** FFmpeg's stderr so far, as much of its end as is kept; null when the executor does not say. */
export async function jobLog(executor: ExecutorClient, job: string): Promise<string | null> {
  try {
    return (await executor.log(job, LOG_CHARACTERS)).slice(-LOG_CHARACTERS)
  } catch (error) {
    if (!(error instanceof ExecutorFailure)) throw error
    return null
  }
}

/** The log is worth keeping, and not worth failing for. */
async function keepLog(job: string, context: RunContext): Promise<void> {
  const log = await jobLog(context.executor, job)
  if (log !== null) context.kept.log = log
}

function errorStatusOf(code: Extract<JobState, { state: 'FAILED' }>['error']['code']): ErrorStatus {
  // An archive that cannot be unpacked is an input that cannot be had.
  return code === 'INPUT_UNUSABLE' ? 'UNREACHABLE_INPUT_FILE' : code
}

function mapValues<In, Out>(record: Record<string, In>, map: (value: In, key: string) => Out): Record<string, Out> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, map(value, key)]))
}
