/** Brings one input to the executor. */
import { type Budget, Share } from '../durable/budget.ts'
import type { EngineLimits } from '../durable/limits.ts'
import { paceOf } from '../durable/pace.ts'
import { type KeptTransfer, TransferFailure, type TransferSource, transfer } from '../durable/transfer.ts'
import type { ExecutorClient } from '../executor/client.ts'
import { ExecutorFailure } from '../executor/failure.ts'
import { InputTarget } from '../executor/input-target.ts'
import { BucketSource } from '../files/bucket-source.ts'
import type { OwnFile } from '../files/own-file.ts'
import { inspected, type WantedFile } from '../outbound/inspected.ts'
import { UrlSource } from '../outbound/url-source.ts'
import type { Settings } from '../settings.ts'
import type { CommandSpec } from './record.ts'
import type { CommandError } from './state.ts'

export interface InputJob extends WantedFile {
  /** What messages call it. */
  alias: string
  url: string
}

/** What it takes until the first piece has arrived: how much is there, where the source is, the source itself, and the piece. */
const FIRST_REQUESTS = 4

export interface DownloadContext {
  settings: Settings
  limits: EngineLimits
  budget: Budget
  executor: ExecutorClient
  job: string
  /** Set when the input is a file of ours: it is read from R2, never fetched. */
  ownFile: (url: string) => Promise<OwnFile | null>
  /** Why a file of ours is not in the bucket, as the end of a sentence. */
  whyMissing: (file: OwnFile) => Promise<string>
  bucket: R2Bucket
  /** Ends it for good, where the budget only ends this alarm's share of it. */
  signal: AbortSignal
}

type SourceContext = Omit<DownloadContext, 'budget'> & { budget: Share }

/** The fault of an input, told to the caller. */
export class InputFailure extends Error {
  override readonly name = 'InputFailure'
  readonly error: CommandError

  constructor(error: CommandError, options?: ErrorOptions) {
    super(error.message, options)
    this.error = error
  }
}

/** Everything that must be at the executor before the commands run. */
export function inputJobs({ request, compiled }: CommandSpec): InputJob[] {
  const inputs = Object.entries(compiled.inputs).map(
    ([alias, filename]): InputJob => ({ alias, filename, use: 'input', url: request.input_files[alias] ?? '' }),
  )
  if (compiled.archive === undefined) return inputs
  // No alias of an input is called so: they begin with `in_`.
  const url = request.input_compressed_folder ?? ''
  return [...inputs, { alias: 'input_compressed_folder', filename: compiled.archive, use: 'archive', url }]
}

/**
 * Streams the input into the executor, or goes on with it. Answers its size in bytes, and null where the next alarm is to go on.
 * Throws an InputFailure when the input is at fault, an ExecutorFailure when the executor is, and OutOfBudget where nothing was begun.
 */
export async function downloadInput(input: InputJob, kept: KeptTransfer, context: DownloadContext): Promise<number | null> {
  const { executor, job, settings, limits, signal } = context
  const budget = new Share(context.budget, FIRST_REQUESTS)
  const { maxInputBytes: maxBytes, maxJobDiskBytes: maxJobBytes } = settings
  const { pieceBytes } = limits
  const target = new InputTarget({ executor, job, filename: input.filename, limits: { maxBytes, maxJobBytes }, pieceBytes, budget })
  try {
    const own = await context.ownFile(input.url)
    const source = own ? bucketSource(input, own, { ...context, budget }) : urlSource(input, { ...context, budget })
    return await transfer(source, target, kept, { maxBytes, pace: own ? null : paceOf(settings.minDownloadRate), budget, signal })
  } catch (error) {
    if (error instanceof TransferFailure) throw inputFailure(input, error)
    if (error instanceof ExecutorFailure && error.fault === 'job_too_large')
      throw new InputFailure({ status: 'INPUT_TOO_LARGE', message: error.message }, { cause: error })
    throw error
  }
}

function urlSource(input: InputJob, { settings, budget }: SourceContext): TransferSource {
  return new UrlSource({ url: input.url, wanted: input, allowed: settings.privateOrigins, budget })
}

function bucketSource(input: InputJob, file: OwnFile, { bucket, budget, whyMissing }: SourceContext): TransferSource {
  const origin = { contentType: null, from: { kind: 'own', filename: file.filename } } as const
  return new BucketSource({
    bucket,
    key: file.key,
    name: `the stored file ${file.filename}`,
    budget,
    whyMissing: async () => `cannot be read: the stored file ${file.filename} ${await whyMissing(file)}`,
    inspect: (stream, signal) => inspected(stream, input, origin, signal),
  })
}

function inputFailure(input: InputJob, failure: TransferFailure): InputFailure {
  const named = `${input.use === 'archive' ? input.alias : `the input "${input.alias}"`} ${failure.message}`
  return failure.fault === 'too_large'
    ? new InputFailure({ status: 'INPUT_TOO_LARGE', message: `${named}, the most an input may have` }, { cause: failure })
    : new InputFailure({ status: 'UNREACHABLE_INPUT_FILE', message: named }, { cause: failure })
}
