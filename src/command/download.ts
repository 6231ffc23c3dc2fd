/** Brings one input to the executor, as a stream, resuming where it was cut. */
import { type ExecutorClient, ExecutorFailure } from '../executor/client.ts'
import type { OwnFile } from '../files/own-file.ts'
import type { AllowedOrigins } from '../outbound/address.ts'
import { openSource, type Source, SourceFailure } from '../outbound/source.ts'
import { type Pace, watchPace } from './pace.ts'
import type { CommandError } from './state.ts'

/** A cut or failed download is begun again so often. */
const RETRIES = 3
const RETRY_PAUSE_MS = 500

export interface InputJob {
  alias: string
  filename: string
  url: string
}

export interface DownloadContext {
  executor: ExecutorClient
  job: string
  maxBytes: number
  pace: Pace
  allowed: AllowedOrigins
  /** Set when the input is a file of ours: it is read from R2, never fetched. */
  ownFile: (url: string) => Promise<OwnFile | null>
  bucket: R2Bucket
  signal: AbortSignal
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

/**
 * Streams the input into the executor and answers its size in bytes.
 * Throws an InputFailure when the input is at fault and an ExecutorFailure when the executor is.
 */
export async function downloadInput(input: InputJob, context: DownloadContext): Promise<number> {
  const own = await context.ownFile(input.url)
  if (own) return receiveOwnFile(input, own, context)

  let seen: Pick<Source, 'validator' | 'totalBytes'> | null = null
  for (let attempt = 0; ; attempt++) {
    try {
      const resume = seen ? await resumePoint(input, seen, context) : null
      const source = await openSource(input.url, { allowed: context.allowed, resume, signal: context.signal })
      seen = source
      return await receive(input, source, context)
    } catch (error) {
      if (context.signal.aborted || error instanceof InputFailure || error instanceof ExecutorFailure) throw error
      if (!(error instanceof SourceFailure)) throw error
      if (!error.retryable || attempt === RETRIES) throw unreachable(input, error, attempt)
      await scheduler.wait(RETRY_PAUSE_MS * 2 ** attempt, { signal: context.signal })
    }
  }
}

async function receive(input: InputJob, source: Source, context: DownloadContext): Promise<number> {
  const { totalBytes, offset } = source
  if (totalBytes !== null && totalBytes > context.maxBytes) {
    await source.stream.cancel()
    throw tooLarge(input, context.maxBytes)
  }
  const resume = offset > 0 && totalBytes !== null ? { offset, totalBytes } : null
  let bytes: number
  const stalled = new AbortController()
  const unwatch = watchPace(
    context.pace,
    () => context.executor.inputSize(context.job, input.filename),
    () => stalled.abort(),
  )
  try {
    bytes = await context.executor.putInput(
      context.job,
      input.filename,
      { stream: source.stream, resume },
      context.maxBytes,
      AbortSignal.any([context.signal, stalled.signal]),
    )
  } catch (error) {
    if (stalled.signal.aborted) throw new SourceFailure(`${hostOf(input.url)} sent next to nothing for too long`, true, { cause: error })
    throw await blame(error, resume !== null, input, context)
  } finally {
    unwatch()
  }
  if (totalBytes !== null && bytes !== totalBytes) {
    throw new SourceFailure(`${hostOf(input.url)} cut the connection after ${bytes} of ${totalBytes} bytes`, true)
  }
  return bytes
}

/** A stream that breaks may have broken at either end: an executor that answers is not the one. */
async function blame(error: unknown, resumed: boolean, input: InputJob, context: DownloadContext): Promise<unknown> {
  if (!(error instanceof ExecutorFailure)) return error
  if (error.fault === 'input_too_large') return tooLarge(input, context.maxBytes, { cause: error })
  // Right after a cut the executor may still be writing what had arrived, and refuses to go on from an older size.
  if (error.fault === 'refused' && resumed) return new SourceFailure(`${hostOf(input.url)} cut the connection`, true, { cause: error })
  if (error.fault !== 'unreachable' || context.signal.aborted) return error
  try {
    await context.executor.inputSize(context.job, input.filename)
  } catch {
    return error
  }
  return new SourceFailure(`${hostOf(input.url)} cut the connection`, true, { cause: error })
}

async function resumePoint(
  input: InputJob,
  seen: Pick<Source, 'validator' | 'totalBytes'>,
  context: DownloadContext,
): Promise<{ offset: number; validator: string } | null> {
  if (seen.validator === null || seen.totalBytes === null) return null
  const offset = await context.executor.inputSize(context.job, input.filename)
  return offset !== null && offset > 0 && offset < seen.totalBytes ? { offset, validator: seen.validator } : null
}

async function receiveOwnFile(input: InputJob, file: OwnFile, context: DownloadContext): Promise<number> {
  const object = await context.bucket.get(file.key)
  if (!object) {
    const message = `input "${input.alias}": the stored file ${file.filename} does not exist any more`
    throw new InputFailure({ status: 'UNREACHABLE_INPUT_FILE', message })
  }
  if (object.size > context.maxBytes) throw tooLarge(input, context.maxBytes)
  return context.executor.putInput(context.job, input.filename, { stream: object.body, resume: null }, context.maxBytes, context.signal)
}

function unreachable(input: InputJob, failure: SourceFailure, retries: number): InputFailure {
  const tried = retries > 0 ? ` (tried ${retries + 1} times)` : ''
  const message = `input "${input.alias}" could not be downloaded: ${failure.message}${tried}`
  return new InputFailure({ status: 'UNREACHABLE_INPUT_FILE', message }, { cause: failure })
}

function tooLarge(input: InputJob, maxBytes: number, options?: ErrorOptions): InputFailure {
  const message = `input "${input.alias}" is larger than ${Math.floor(maxBytes / 1024 / 1024)} MB, the most an input may have`
  return new InputFailure({ status: 'INPUT_TOO_LARGE', message }, options)
}

function hostOf(url: string): string {
  return URL.canParse(url) ? new URL(url).host : 'the server'
}
