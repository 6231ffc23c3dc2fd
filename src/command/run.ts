/**
 * The steps of a command, one bounded piece of work each. A step reads where things stand, does its work and records
 * the outcome as an event, so that it may be cut off at any moment and begun again.
 */
import type { Budget } from '../durable/budget.ts'
import type { EngineLimits } from '../durable/limits.ts'
import type { ExecutorClient } from '../executor/client.ts'
import { ExecutorFailure } from '../executor/failure.ts'
import type { Progress } from '../executor/protocol.ts'
import { fileKey } from '../files/key.ts'
import type { OwnFile } from '../files/own-file.ts'
import { paceOf } from '../outbound/download.ts'
import type { Settings } from '../settings.ts'
import { downloadInput, InputFailure, inputJobs } from './download.ts'
import { probedMedia, whyLost } from './follow.ts'
import { keepLog } from './job-log.ts'
import { jobName } from './job-name.ts'
import type { JobStates } from './job-states.ts'
import type { CommandSpec } from './record.ts'
import { runRequest } from './run-request.ts'
import type { CommandEvent, ProcessingState, WrittenOutput } from './state.ts'
import type { CommandStore } from './store.ts'
import { uploadOutput } from './upload.ts'
import { uploadPlaylist } from './upload-playlist.ts'

export type At<Stage extends ProcessingState['stage']> = Extract<ProcessingState, { stage: Stage }>

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
  /** What the executor tells of the job. */
  states: JobStates
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
    if (!(await context.states.run(job, request, context))) return
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
    const probing = probedMedia(job, state.outputs, context, uploading.signal)
    work.push(
      probing,
      // A short log comes along with the facts.
      probing.then(() => (context.kept.log === '' ? keepLog(job, context) : undefined)),
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
    if (context.budget.isSpent) return
    // A stream breaks in the same way whichever end fails, so ask the executor whether it is the one.
    const lost = await whyLost(job, context)
    if (lost === null) throw error
    context.apply({ type: 'attempt_lost', attempt: state.attempt, reason: lost, now: Date.now() })
  }
}

function isPlaylist({ bundle }: WrittenOutput): boolean {
  return bundle?.kind === 'playlist'
}

function mapValues<In, Out>(record: Record<string, In>, map: (value: In, key: string) => Out): Record<string, Out> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, map(value, key)]))
}
