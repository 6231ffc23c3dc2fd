/** Brings one input to the executor. */
import type { ExecutorClient } from '../executor/client.ts'
import { ExecutorFailure } from '../executor/failure.ts'
import type { OwnFile } from '../files/own-file.ts'
import {
  DownloadFailure,
  type DownloadRules,
  type DownloadTarget,
  downloadFile,
  inspected,
  tooLarge,
  type WantedFile,
} from '../outbound/download.ts'
import type { CommandSpec } from './record.ts'
import type { CommandError } from './state.ts'

export interface InputJob extends WantedFile {
  /** What messages call it. */
  alias: string
  url: string
}

export interface DownloadContext extends DownloadRules {
  executor: ExecutorClient
  job: string
  /** The most that all inputs may have together. */
  maxJobBytes: number
  /** Set when the input is a file of ours: it is read from R2, never fetched. */
  ownFile: (url: string) => Promise<OwnFile | null>
  /** Why a file of ours is not in the bucket, as the end of a sentence. */
  whyMissing: (file: OwnFile) => Promise<string>
  bucket: R2Bucket
}

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
 * Streams the input into the executor and answers its size in bytes.
 * Throws an InputFailure when the input is at fault and an ExecutorFailure when the executor is.
 */
export async function downloadInput(input: InputJob, context: DownloadContext): Promise<number> {
  try {
    const own = await context.ownFile(input.url)
    return own ? await receiveOwnFile(input, own, context) : await downloadFile(input.url, input, inputTarget(input, context), context)
  } catch (error) {
    if (error instanceof DownloadFailure) throw inputFailure(input, error)
    if (error instanceof ExecutorFailure && error.fault === 'job_too_large')
      throw new InputFailure({ status: 'INPUT_TOO_LARGE', message: error.message }, { cause: error })
    throw error
  }
}

function inputTarget({ filename }: InputJob, { executor, job, maxJobBytes, signal: stopped }: DownloadContext): DownloadTarget {
  return {
    seen: null,
    put: (body, maxBytes, signal) => executor.putInput(job, filename, body, { maxBytes, maxJobBytes }, signal),
    size: () => executor.inputSize(job, filename),
    /** A stream that breaks may have broken at either end: an executor that answers is not the one. */
    async blame(error, resumed) {
      if (!(error instanceof ExecutorFailure)) return 'target'
      if (error.fault === 'input_too_large') return 'too_large'
      // Right after a cut the executor may still be writing what had arrived, and refuses to go on from an older size.
      if (error.fault === 'refused' && resumed) return 'source'
      if ((error.fault !== 'unreachable' && error.fault !== 'not_started') || stopped.aborted) return 'target'
      try {
        await executor.inputSize(job, filename)
        return 'source'
      } catch {
        return 'target'
      }
    },
  }
}

async function receiveOwnFile(input: InputJob, file: OwnFile, context: DownloadContext): Promise<number> {
  const { executor, job, maxBytes, maxJobBytes, signal } = context
  const object = await context.bucket.get(file.key)
  if (!object)
    throw new DownloadFailure('unreachable', `cannot be read: the stored file ${file.filename} ${await context.whyMissing(file)}`)
  if (object.size > maxBytes) throw tooLarge(maxBytes)
  const origin = { contentType: null, from: { kind: 'own', filename: file.filename } } as const
  const stream = await inspected(object.body, input, origin, signal)
  return executor.putInput(job, input.filename, { stream, resume: null }, { maxBytes, maxJobBytes }, signal)
}

function inputFailure(input: InputJob, failure: DownloadFailure): InputFailure {
  const named = `${input.use === 'archive' ? input.alias : `the input "${input.alias}"`} ${failure.message}`
  return failure.fault === 'too_large'
    ? new InputFailure({ status: 'INPUT_TOO_LARGE', message: `${named}, the most an input may have` }, { cause: failure })
    : new InputFailure({ status: 'UNREACHABLE_INPUT_FILE', message: named }, { cause: failure })
}
