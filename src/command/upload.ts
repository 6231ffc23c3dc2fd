/** The stage UPLOADING: moves the outputs from the executor into the bucket, as streams, while the executor still looks into them. */
import { OutOfBudget, spend } from '../durable/budget.ts'
import { storeFile } from '../durable/store-file.ts'
import { sideBySide, Turns } from '../durable/turns.ts'
import { BucketObject } from '../files/bucket-object.ts'
import { fileKey } from '../files/key.ts'
import { probedMedia, whyLost } from './follow.ts'
import { keepLog } from './job-log.ts'
import { jobName } from './job-name.ts'
import type { At, RunContext } from './run-context.ts'
import type { CommandEvent, WrittenOutput } from './state.ts'
import { uploadPlaylist } from './upload-playlist.ts'

/** What outputs get to be stored in any case, in milliseconds: for faults that pass, and for the executor to look into them. */
const LEAST_PATIENCE_MS = 15 * 60_000
/** The bucket takes many times as much, in bytes a second. */
const LOWEST_RATE = 4 * 1024 * 1024

/** How long outputs of so many bytes may take to be stored, in milliseconds: a command that has more to wait for holds a slot for nothing. */
export function uploadPatienceMs(bytes: number): number {
  return LEAST_PATIENCE_MS + (bytes / LOWEST_RATE) * 1000
}

interface NamedOutput extends WrittenOutput {
  alias: string
}

/** Stores every output that is not stored yet. What is there of the others is kept for the next alarm. */
export async function upload(state: At<'UPLOADING'>, context: RunContext): Promise<void> {
  const { budget, kept, spec } = context
  const job = jobName(spec, state)
  const patienceMs = uploadPatienceMs(Object.values(state.outputs).reduce((sum, { sizeBytes }) => sum + sizeBytes, 0))
  const tooLong = new AbortController()
  const deadline = setTimeout(() => tooLong.abort(), Math.max(0, state.since + patienceMs - Date.now()))
  const over = new AbortController()
  const signal = AbortSignal.any([budget.signal, tooLong.signal, over.signal])
  const probing = probedMedia(job, state.outputs, context, signal)
  // It is awaited when all is stored, and fails as all else does.
  probing.catch(() => undefined)
  try {
    await storeOutputs(state, probing, context, signal)
    const media = await probing
    // A short log comes along with the facts.
    if (kept.log === '') {
      spend(budget)
      await keepLog(job, context)
    }
    if (Object.keys(state.outputs).length === 0) kept.keepReport()
    const outputs = Object.entries(state.outputs).map(([alias, output]) => {
      const facts = media[alias]
      if (!facts) throw new Error(`the executor did not probe output ${alias}`)
      return [alias, { ...output, media: facts }] as const
    })
    context.apply({ type: 'outputs_stored', attempt: state.attempt, outputs: Object.fromEntries(outputs), now: Date.now() })
  } catch (error) {
    over.abort()
    if (tooLong.signal.aborted) context.apply(overdue(state, patienceMs))
    else if (!budget.isSpent && !(error instanceof OutOfBudget)) context.apply(await lostAttempt(state, error, context))
  } finally {
    clearTimeout(deadline)
    over.abort()
  }
}

/** Resolves when all are in the bucket. When it rejects nothing is on its way any more that could arrive after the outputs were deleted. */
async function storeOutputs(state: At<'UPLOADING'>, probing: Promise<unknown>, context: RunContext, signal: AbortSignal): Promise<void> {
  const { limits } = context
  const turns = new Turns(limits.transfersAtOnce)
  const outputs = Object.entries(state.outputs).map(([alias, output]) => ({ alias, ...output }))
  const missing = outputs.filter(({ alias }) => !state.stored.includes(alias))
  let left = missing.length
  const isProbed = probing.then(
    () => true,
    () => false,
  )
  const store = async (output: NamedOutput, ended: AbortSignal) => {
    if (output.bundle?.kind === 'playlist') await storePlaylist(output, state, { context, turns, signal: ended })
    else await storeOutput(output, state, { context, turns, signal: ended })
    left -= 1
    // Of the last one the end of the stage tells, unless the executor has yet to look into them when the step is cut.
    if (left > 0 || !(await isProbed)) context.apply({ type: 'output_stored', attempt: state.attempt, alias: output.alias })
  }
  await sideBySide(missing, { signal }, store)
}

interface Storing {
  context: RunContext
  turns: Turns
  signal: AbortSignal
}

function storeOutput(output: NamedOutput, state: At<'UPLOADING'>, { context, turns, signal }: Storing): Promise<void> {
  const { spec, settings, bucket, executor, budget, kept } = context
  const { alias, fileId, filename, sizeBytes } = output
  const key = fileKey(spec.account, fileId, filename)
  return storeFile(
    sizeBytes,
    (part, ended) => executor.output(jobName(spec, state), alias, part, ended),
    new BucketObject(bucket, key, filename),
    kept.uploads.of(key),
    { partBytes: settings.uploadPartBytes, turns, budget, signal },
  )
}

function storePlaylist({ alias, fileId }: NamedOutput, state: At<'UPLOADING'>, { context, turns, signal }: Storing): Promise<void> {
  const { spec, settings, bucket, executor, budget, kept } = context
  const rules = { partBytes: settings.uploadPartBytes, turns, budget, signal }
  return uploadPlaylist(
    { alias, account: spec.account, fileId },
    { executor, job: jobName(spec, state), bucket, uploads: kept.uploads, ...rules },
  )
}

function overdue({ attempt }: At<'UPLOADING'>, patienceMs: number): CommandEvent {
  const minutes = Math.round(patienceMs / 60_000)
  const message = `the outputs could not be stored within ${minutes} minutes, which is no fault of the command; submit it again`
  return { type: 'failed', attempt, error: { status: 'INTERNAL_ERROR', message }, ffmpegSeconds: null, now: Date.now() }
}

/** A stream breaks in the same way whichever end fails, so the executor is asked whether it is the one. Throws the error where it is not. */
async function lostAttempt(state: At<'UPLOADING'>, error: unknown, context: RunContext): Promise<CommandEvent> {
  const reason = await whyLost(jobName(context.spec, state), context)
  if (reason === null) throw error
  return { type: 'attempt_lost', attempt: state.attempt, reason, now: Date.now() }
}
