/**
 * The steps of a command, one bounded piece of work each. A step reads where things stand, does its work and records
 * the outcome as an event, so that it may be cut off at any moment and begun again.
 */
import { type ExecutorClient, ExecutorFailure } from '../executor/client.ts'
import type { JobState, Progress } from '../executor/protocol.ts'
import { fileKey } from '../files/key.ts'
import type { OwnFile } from '../files/own-file.ts'
import { paceOf } from '../outbound/download.ts'
import type { Settings } from '../settings.ts'
import { downloadInput, InputFailure, type InputJob } from './download.ts'
import type { CommandSpec } from './record.ts'
import type { CommandEvent, ErrorStatus, ProcessingState, WrittenOutput } from './state.ts'
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
  setLog: (text: string) => void
  /** Aborted when the command was cancelled, its slot was lost, or this piece of work has taken long enough. */
  signal: AbortSignal
}

/** Brings every input that is not there yet, side by side, then hands the job over. */
export async function download(state: At<'DOWNLOADING'>, context: RunContext): Promise<void> {
  const { spec, settings, executor } = context
  const job = jobName(spec, state)
  const missing = inputJobs(spec).filter(({ alias }) => !Object.hasOwn(state.received, alias))
  const siblings = new AbortController()
  const tooLong = new AbortController()
  const deadline = setTimeout(() => tooLong.abort(), Math.max(0, state.since + settings.maxDownloadMs - Date.now()))
  const signal = AbortSignal.any([context.signal, siblings.signal, tooLong.signal])
  try {
    await Promise.all(
      missing.map(async (input) => {
        const bytes = await downloadInput(input, {
          executor,
          job,
          maxBytes: settings.maxInputBytes,
          pace: paceOf(settings.minDownloadRate),
          allowed: settings.allowedOrigins,
          ownFile: context.ownFile,
          whyMissing: context.whyMissing,
          bucket: context.bucket,
          signal,
        })
        context.apply({ type: 'input_received', attempt: state.attempt, alias: input.alias, bytes })
      }),
    )
    const request = {
      commands: spec.compiled.argvs,
      inputs: spec.compiled.inputs,
      outputs: spec.compiled.outputs,
      ...(spec.compiled.bundles && { bundles: spec.compiled.bundles }),
      ...(spec.compiled.archive !== undefined && { archive: spec.compiled.archive }),
      limits: { run_seconds: spec.maxRunSeconds, disk_bytes: settings.maxJobDiskBytes },
    }
    await executor.run(job, request, context.signal)
    context.apply({ type: 'run_accepted', attempt: state.attempt })
  } catch (error) {
    siblings.abort()
    if (context.signal.aborted) return
    const { attempt } = state
    const now = Date.now()
    if (tooLong.signal.aborted) {
      const message = `the inputs could not be downloaded within ${settings.maxDownloadMs / 1000} seconds`
      context.apply({ type: 'failed', attempt, error: { status: 'UNREACHABLE_INPUT_FILE', message }, ffmpegSeconds: null, now })
    } else if (error instanceof InputFailure) {
      context.apply({ type: 'failed', attempt, error: error.error, ffmpegSeconds: null, now })
    } else if (error instanceof ExecutorFailure && (error.fault === 'unreachable' || error.fault === 'no_room')) {
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
  let revision = 0
  let waitSeconds = 0
  while (!context.signal.aborted) {
    const answer = await askPatiently(job, revision, waitSeconds, context)
    if (context.signal.aborted) return
    if ('lost' in answer) {
      context.apply({ type: 'attempt_lost', attempt: state.attempt, reason: answer.lost, now: Date.now() })
      return
    }
    const { job: current } = answer
    revision = current.revision
    waitSeconds = LONG_POLL_SECONDS
    switch (current.state) {
      case 'RECEIVING':
        context.apply({ type: 'attempt_lost', attempt: state.attempt, reason: 'the executor forgot the job', now: Date.now() })
        return
      case 'RUNNING':
        context.setProgress(current.progress)
        break
      case 'PROBING':
      case 'SUCCEEDED':
        context.apply({
          type: 'ffmpeg_ended',
          attempt: state.attempt,
          ffmpegSeconds: current.ffmpeg_seconds,
          outputs: mapValues(current.outputs, ({ filename, size_bytes, bundle }) => ({
            fileId: crypto.randomUUID(),
            filename,
            sizeBytes: size_bytes,
            ...(bundle && { bundle: { kind: bundle.kind, fileCount: bundle.file_count, contentBytes: bundle.content_bytes } }),
          })),
        })
        return
      case 'FAILED':
        await keepLog(job, context)
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
    signal: AbortSignal.any([context.signal, siblings.signal]),
  }
  const all = Object.entries(state.outputs).map(([alias, output]) => ({ alias, ...output }))
  const [playlists, files] = [all.filter(isPlaylist), all.filter((output) => !isPlaylist(output))]
  const work: Promise<unknown>[] = []
  try {
    // First what takes several alarms, so that nothing else is stored at each of them.
    const storing = playlists.map(({ alias, fileId }) => uploadPlaylist({ alias, account: spec.account, fileId }, uploading))
    work.push(...storing)
    if ((await Promise.all(storing)).includes(false)) return
    const probing = probedMedia(job, { ...context, signal: uploading.signal })
    work.push(
      probing,
      keepLog(job, context),
      ...files.map(({ alias, fileId, filename, sizeBytes }) =>
        uploadOutput({ alias, key: fileKey(spec.account, fileId, filename), filename, sizeBytes }, uploading),
      ),
    )
    await Promise.all(work)
    const media = await probing
    const outputs = mapValues(state.outputs, (output, alias) => {
      const facts = media[alias]
      if (!facts) throw new Error(`the executor did not probe output ${alias}`)
      return { ...output, media: facts.media }
    })
    context.apply({ type: 'outputs_stored', attempt: state.attempt, outputs, now: Date.now() })
  } catch (error) {
    siblings.abort()
    // What is still on its way into the bucket must not arrive after the attempt's outputs were deleted from it.
    await Promise.allSettled(work)
    if (context.signal.aborted) return
    // A stream breaks in the same way whichever end fails, so ask the executor whether it is the one.
    const answer = await askPatiently(job, 0, 0, context)
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

type SucceededOutputs = Extract<JobState, { state: 'SUCCEEDED' }>['outputs']

async function probedMedia(job: string, context: RunContext): Promise<SucceededOutputs> {
  let revision = 0
  let waitSeconds = 0
  for (;;) {
    const answer = await askPatiently(job, revision, waitSeconds, context)
    if ('lost' in answer) throw new ExecutorFailure('job_unknown', answer.lost)
    if (answer.job.state === 'SUCCEEDED') return answer.job.outputs
    revision = answer.job.revision
    waitSeconds = LONG_POLL_SECONDS
  }
}

/** The job's state; an executor that goes silent is asked again for a few seconds before it counts as lost. */
async function askPatiently(
  job: string,
  after: number,
  waitSeconds: number,
  context: RunContext,
): Promise<{ job: JobState } | { lost: string }> {
  const giveUpAt = Date.now() + RECONNECT_MS
  for (;;) {
    try {
      return { job: await context.executor.jobState(job, after, waitSeconds, context.signal) }
    } catch (error) {
      if (!(error instanceof ExecutorFailure) || error.fault === 'refused' || error.fault === 'input_too_large') throw error
      if (error.fault === 'job_unknown' || Date.now() >= giveUpAt || context.signal.aborted) return { lost: error.message }
      await scheduler.wait(RECONNECT_PAUSE_MS)
    }
  }
}

/** FFmpeg's stderr so far, as much of its end as is kept; null when the executor does not say. */
export async function jobLog(executor: ExecutorClient, job: string): Promise<string | null> {
  try {
    return (await executor.log(job)).slice(-LOG_CHARACTERS)
  } catch (error) {
    if (!(error instanceof ExecutorFailure)) throw error
    return null
  }
}

/** The log is worth keeping, and not worth failing for. */
async function keepLog(job: string, context: RunContext): Promise<void> {
  const log = await jobLog(context.executor, job)
  if (log !== null) context.setLog(log)
}

function errorStatusOf(code: Extract<JobState, { state: 'FAILED' }>['error']['code']): ErrorStatus {
  // An archive that cannot be unpacked is an input that cannot be had.
  return code === 'INPUT_UNUSABLE' ? 'UNREACHABLE_INPUT_FILE' : code
}

/** Everything that must be at the executor before the commands run. */
function inputJobs({ request, compiled }: CommandSpec): InputJob[] {
  const inputs = Object.entries(compiled.inputs).map(([alias, filename]) => ({ alias, filename, url: request.input_files[alias] ?? '' }))
  if (compiled.archive === undefined) return inputs
  // No alias of an input is called so: they begin with `in_`.
  return [...inputs, { alias: 'input_compressed_folder', filename: compiled.archive, url: request.input_compressed_folder ?? '' }]
}

function mapValues<In, Out>(record: Record<string, In>, map: (value: In, key: string) => Out): Record<string, Out> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, map(value, key)]))
}
