/** What becomes of a command while its job is at the executor. */
import { ExecutorFailure } from '../executor/failure.ts'
import type { JobState } from '../executor/protocol.ts'
import type { MediaFacts } from '../ffmpeg/media.ts'
import { keepLog } from './job-log.ts'
import { jobName } from './job-name.ts'
import type { At, RunContext } from './run-context.ts'
import type { ErrorStatus, WrittenOutput } from './state.ts'

type ExecutorOutput = Extract<JobState, { state: 'PROBING' }>['outputs'][string] & { media?: MediaFacts }

/** Follows FFmpeg until it ends, the executor is lost, or this piece of work has taken long enough. */
export async function follow(state: At<'FFMPEG'>, context: RunContext): Promise<void> {
  const job = jobName(context.spec, state)
  for (;;) {
    const answer = await context.states.next(job, context)
    if (answer === 'later') return
    if ('lost' in answer) {
      context.apply({ type: 'attempt_lost', attempt: state.attempt, reason: answer.lost, now: Date.now() })
      return
    }
    const { state: current } = answer
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
          outputs: Object.fromEntries(Object.entries(current.outputs).map(([alias, output]) => [alias, writtenOutput(output)])),
          now: Date.now(),
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

/**
 * Facts about every output, by alias; where they were not known when FFmpeg ended, what the executor tells is waited for until it knows them,
 * and keeps the log that comes along.
 * Throws when `signal` aborts, or the budget is spent, before that.
 */
export async function probedMedia(
  job: string,
  outputs: Record<string, WrittenOutput>,
  context: RunContext,
  signal: AbortSignal,
): Promise<Record<string, MediaFacts | undefined>> {
  const known = Object.entries(outputs).map(([alias, { media }]) => [alias, media] as const)
  if (known.every(([, media]) => media !== undefined)) return Object.fromEntries(known)
  for (;;) {
    const answer = await context.states.next(job, context, signal)
    if (answer === 'later') throw new Error('the outputs are not probed yet')
    if ('lost' in answer) throw new ExecutorFailure('job_unknown', answer.lost)
    const { state } = answer
    if (state.state === 'SUCCEEDED') {
      if (state.log !== undefined) context.kept.log = state.log
      return Object.fromEntries(Object.entries(state.outputs).map(([alias, { media }]) => [alias, media]))
    }
    if (state.state === 'FAILED') throw new Error(`the executor could not probe the outputs: ${state.error.message}`)
  }
}

/** Why nothing more is to be had of the job; null where it is still there, and where that cannot be asked in this alarm. */
export async function whyLost(job: string, context: RunContext): Promise<string | null> {
  const answer = await context.states.now(job, context)
  return answer !== 'later' && 'lost' in answer ? answer.lost : null
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

function errorStatusOf(code: Extract<JobState, { state: 'FAILED' }>['error']['code']): ErrorStatus {
  // An archive that cannot be unpacked is an input that cannot be had.
  return code === 'INPUT_UNUSABLE' ? 'UNREACHABLE_INPUT_FILE' : code
}
