/** Takes a file that its client sends in parts, each straight into a multipart upload in the bucket. */
import { complete } from '../durable/store-file.ts'
import type { Fault } from '../ffmpeg/command.ts'
import { BucketObject } from '../files/bucket-object.ts'
import { log } from '../logging/log.ts'
import { checkParts, type GivenPart, partCount, partLength } from './parts.ts'
import { bucketKey } from './record.ts'
import type { FileStore } from './store.ts'

/** Where one part goes, and how many bytes it must have. */
export type PartTarget =
  | { kind: 'open'; key: string; uploadId: string; bytes: number }
  /** The file has no such part. */
  | { kind: 'no_such_part' }
  /** The upload is complete. */
  | { kind: 'closed' }

export type Completion =
  /** The file is in the bucket. */
  | { kind: 'complete' }
  | { kind: 'faults'; faults: Fault[] }
  /** This file does not come in parts. */
  | { kind: 'not_in_parts' }
  /** The bucket did not make a file of the parts. */
  | { kind: 'refused' }

/** Opens the multipart upload. Throws where the file was given up meanwhile. */
export async function openParts(store: FileStore, bucket: R2Bucket): Promise<void> {
  const { spec } = store.mustExist
  if (spec.source.type !== 'PARTS') throw new Error('only a file that comes in parts is uploaded in parts')
  const target = bucketObject(store, bucket)
  const uploadId = await target.begin()
  if (store.record?.state.status !== 'UPLOADING') {
    await target.abort(uploadId)
    throw new Error('the upload was given up')
  }
  store.upload.begin({ uploadId, partBytes: spec.source.partBytes })
}

/** Null for a file that is not uploaded in parts. */
export function partTarget(store: FileStore, partNumber: number): PartTarget | null {
  const { spec, state } = store.mustExist
  const { source } = spec
  if (source.type !== 'PARTS') return null
  const bytes = partLength(partNumber, source.sizeBytes, source.partBytes)
  if (bytes === null) return { kind: 'no_such_part' }
  const { begun } = store.upload
  if (state.status !== 'UPLOADING' || !begun) return { kind: 'closed' }
  return { kind: 'open', key: bucketKey(spec), uploadId: begun.uploadId, bytes }
}

/** Makes the file of its parts. May be called again whatever became of an earlier call. */
export async function completeParts(store: FileStore, bucket: R2Bucket, given: readonly GivenPart[]): Promise<Completion> {
  const { spec, state } = store.mustExist
  const { source } = spec
  if (source.type !== 'PARTS') return { kind: 'not_in_parts' }
  const { begun, etags } = store.upload
  if (state.status !== 'UPLOADING' || !begun) return { kind: 'complete' }
  const faults = checkParts(given, partCount(source.sizeBytes, source.partBytes), Object.fromEntries(etags))
  if (faults.length > 0) return { kind: 'faults', faults }
  try {
    await complete(begun.uploadId, source.sizeBytes, bucketObject(store, bucket), store.upload)
  } catch (error) {
    log('warn', 'file.parts_refused', { file_id: spec.id, account: spec.account, error })
    return { kind: 'refused' }
  }
  return { kind: 'complete' }
}

function bucketObject(store: FileStore, bucket: R2Bucket): BucketObject {
  const { spec } = store.mustExist
  return new BucketObject(bucket, bucketKey(spec), spec.filename)
}
