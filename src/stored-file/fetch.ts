/** Brings the bytes of a file that is stored by its URL into the bucket. */
import { bucketTarget } from '../files/bucket-target.ts'
import { BucketWriter } from '../files/bucket-writer.ts'
import { ownFileOf, whyMissing } from '../files/own-file.ts'
import { DownloadFailure, type DownloadRules, downloadFile, inspected, paceOf, tooLarge, type WantedFile } from '../outbound/download.ts'
import { settingsOf } from '../settings.ts'
import { bucketKey } from './record.ts'
import type { FileError, FileEvent } from './state.ts'
import type { FileStore } from './store.ts'

/**
 * Downloads the file, or goes on with it where an earlier call has come to.
 * @param since when the first call began, in ms since the epoch
 * @returns how it ended; null when `signal` ended it
 */
export async function fetchFile(url: string, since: number, store: FileStore, env: Env, signal: AbortSignal): Promise<FileEvent | null> {
  const { spec } = store.mustExist
  const { maxInputBytes, maxDownloadMs, minDownloadRate, privateOrigins } = settingsOf(env)
  const key = bucketKey(spec)
  // An object appears when it is complete, so one that is there was completed by a call that died before it could tell.
  const complete = await env.FILES.head(key)
  if (complete) return { type: 'bytes_stored', sizeBytes: complete.size, now: Date.now() }

  const tooLong = new AbortController()
  const deadline = setTimeout(() => tooLong.abort(), Math.max(0, since + maxDownloadMs - Date.now()))
  const rules: DownloadRules = {
    maxBytes: maxInputBytes,
    pace: paceOf(minDownloadRate),
    allowed: privateOrigins,
    signal: AbortSignal.any([signal, tooLong.signal]),
  }
  const writer = new BucketWriter({
    bucket: env.FILES,
    key,
    filename: spec.filename,
    maxBytes: maxInputBytes,
    progress: store.multipart,
    onProgress: (progress) => {
      store.multipart = progress
    },
  })
  try {
    await download(url, writer, store, env, rules)
    rules.signal.throwIfAborted()
    return { type: 'bytes_stored', sizeBytes: await writer.close(), now: Date.now() }
  } catch (error) {
    if (signal.aborted) return null
    if (tooLong.signal.aborted) {
      const message = `the file could not be downloaded within ${maxDownloadMs / 1000} seconds`
      return { type: 'failed', error: { status: 'UNREACHABLE_INPUT_FILE', message }, now: Date.now() }
    }
    if (error instanceof DownloadFailure) return { type: 'failed', error: fileError(error), now: Date.now() }
    throw error
  } finally {
    clearTimeout(deadline)
  }
}

async function download(url: string, writer: BucketWriter, store: FileStore, env: Env, rules: DownloadRules): Promise<void> {
  const target = bucketTarget(writer, store.seen, (seen) => {
    store.seen = seen
  })
  const { account, filename } = store.mustExist.spec
  const wanted: WantedFile = { filename, use: 'stored' }
  const own = await ownFileOf(url, account, settingsOf(env))
  if (!own) {
    await downloadFile(url, wanted, target, rules)
    return
  }
  const object = await env.FILES.get(own.key)
  if (!object) throw new DownloadFailure('unreachable', `cannot be copied: the stored file ${own.filename} ${await whyMissing(own, env)}`)
  if (object.size > rules.maxBytes) throw tooLarge(rules.maxBytes)
  const origin = { contentType: null, from: { kind: 'own', filename: own.filename } } as const
  const stream = await inspected(object.body, wanted, origin, rules.signal)
  await target.put({ stream, resume: null }, rules.maxBytes, rules.signal)
}

function fileError(failure: DownloadFailure): FileError {
  return failure.fault === 'too_large'
    ? { status: 'INPUT_TOO_LARGE', message: `the file ${failure.message}, the most a file may have` }
    : { status: 'UNREACHABLE_INPUT_FILE', message: `the file ${failure.message}` }
}
