/** Brings the bytes of a file that is stored by its URL into the bucket. */
import { type Budget, OutOfBudget, spend } from '../durable/budget.ts'
import { paceOf } from '../durable/pace.ts'
import { TransferFailure, type TransferSource, transfer } from '../durable/transfer.ts'
import { BucketObject } from '../files/bucket-object.ts'
import { BucketSource } from '../files/bucket-source.ts'
import { BucketTarget } from '../files/bucket-target.ts'
import { BucketWriter } from '../files/bucket-writer.ts'
import { ownFileOf, whyMissing } from '../files/own-file.ts'
import { inspected, type WantedFile } from '../outbound/inspected.ts'
import { UrlSource } from '../outbound/url-source.ts'
import { settingsOf } from '../settings.ts'
import { bucketKey } from './record.ts'
import type { FileError, FileEvent } from './state.ts'
import type { FileStore } from './store.ts'

/**
 * Downloads the file, or goes on with it where an earlier call has come to.
 * @param since when the first call began, in ms since the epoch
 * @returns how it ended; null where the budget came to its end before
 */
export async function fetchFile(url: string, since: number, store: FileStore, env: Env, budget: Budget): Promise<FileEvent | null> {
  const { spec } = store.mustExist
  const { maxInputBytes, maxDownloadMs } = settingsOf(env)
  const target = new BucketObject(env.FILES, bucketKey(spec), spec.filename)
  const tooLong = new AbortController()
  const deadline = setTimeout(() => tooLong.abort(), Math.max(0, since + maxDownloadMs - Date.now()))
  try {
    spend(budget)
    // An object appears when it is complete, so one that is there was completed by a call that died before it could tell.
    const complete = await target.size()
    if (complete !== null) return { type: 'bytes_stored', sizeBytes: complete, now: Date.now() }
    const writer = new BucketWriter({ target, record: store.upload, maxBytes: maxInputBytes, beforeRequest: () => spend(budget) })
    if (!(await download(url, writer, store, env, { budget, signal: tooLong.signal }))) return null
    return { type: 'bytes_stored', sizeBytes: await writer.close(), now: Date.now() }
  } catch (error) {
    if (error instanceof TransferFailure) return { type: 'failed', error: fileError(error), now: Date.now() }
    if (tooLong.signal.aborted) {
      const message = `the file could not be downloaded within ${maxDownloadMs / 1000} seconds`
      return { type: 'failed', error: { status: 'UNREACHABLE_INPUT_FILE', message }, now: Date.now() }
    }
    if (error instanceof OutOfBudget || budget.signal.aborted) return null
    throw error
  } finally {
    clearTimeout(deadline)
  }
}

/** Answers whether all of it is there. */
async function download(
  url: string,
  writer: BucketWriter,
  store: FileStore,
  env: Env,
  { budget, signal }: { budget: Budget; signal: AbortSignal },
): Promise<boolean> {
  const { maxInputBytes: maxBytes, minDownloadRate } = settingsOf(env)
  const source = await sourceOf(url, store, env, budget)
  const pace = source instanceof UrlSource ? paceOf(minDownloadRate) : null
  const kept = store.transfers.of('bucket', 'file')
  return (await transfer(source, new BucketTarget(writer), kept, { maxBytes, pace, budget, signal })) !== null
}

async function sourceOf(url: string, store: FileStore, env: Env, budget: Budget): Promise<TransferSource> {
  const { account, filename } = store.mustExist.spec
  const wanted: WantedFile = { filename, use: 'stored' }
  const own = await ownFileOf(url, account, settingsOf(env))
  if (!own) return new UrlSource({ url, wanted, allowed: settingsOf(env).privateOrigins, budget })
  const origin = { contentType: null, from: { kind: 'own', filename: own.filename } } as const
  return new BucketSource({
    bucket: env.FILES,
    key: own.key,
    name: `the stored file ${own.filename}`,
    budget,
    whyMissing: async () => `cannot be copied: the stored file ${own.filename} ${await whyMissing(own, env)}`,
    inspect: (stream, ended) => inspected(stream, wanted, origin, ended),
  })
}

function fileError(failure: TransferFailure): FileError {
  return failure.fault === 'too_large'
    ? { status: 'INPUT_TOO_LARGE', message: `the file ${failure.message}, the most a file may have` }
    : { status: 'UNREACHABLE_INPUT_FILE', message: `the file ${failure.message}` }
}
