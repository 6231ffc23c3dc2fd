/** Takes a file that its client sends in parts, each straight into a multipart upload in the bucket. */
import type { Fault } from '../ffmpeg/command.ts'
import { storedHeaders } from '../files/content.ts'
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

/** Opens the multipart upload. */
export async function openParts(store: FileStore, bucket: R2Bucket): Promise<void> {
  const { spec } = store.mustExist
  const { uploadId } = await bucket.createMultipartUpload(bucketKey(spec), { httpMetadata: storedHeaders(spec.filename) })
  store.multipart = { uploadId, etags: [] }
}

/** Null for a file that is not uploaded in parts. */
export function partTarget(store: FileStore, partNumber: number): PartTarget | null {
  const { spec, state } = store.mustExist
  const { source } = spec
  if (source.type !== 'PARTS') return null
  const bytes = partLength(partNumber, source.sizeBytes, source.partBytes)
  if (bytes === null) return { kind: 'no_such_part' }
  const { multipart } = store
  if (state.status !== 'UPLOADING' || !multipart) return { kind: 'closed' }
  return { kind: 'open', key: bucketKey(spec), uploadId: multipart.uploadId, bytes }
}

/** Makes the file of its parts. May be called again whatever became of an earlier call. */
export async function completeParts(store: FileStore, bucket: R2Bucket, given: readonly GivenPart[]): Promise<Completion> {
  const { spec, state } = store.mustExist
  const { source } = spec
  if (source.type !== 'PARTS') return { kind: 'not_in_parts' }
  const { multipart } = store
  if (state.status !== 'UPLOADING' || !multipart) return { kind: 'complete' }
  const stored = store.partEtags
  const faults = checkParts(given, partCount(source.sizeBytes, source.partBytes), stored)
  if (faults.length > 0) return { kind: 'faults', faults }
  const parts = Object.entries(stored).map(([number, etag]) => ({ partNumber: Number(number), etag }))
  parts.sort((a, b) => a.partNumber - b.partNumber)
  try {
    await bucket.resumeMultipartUpload(bucketKey(spec), multipart.uploadId).complete(parts)
  } catch (error) {
    // An earlier call may have come this far, and have died before it could tell.
    const object = await bucket.head(bucketKey(spec))
    if (object?.size !== source.sizeBytes) {
      log('warn', 'file.parts_refused', { file_id: spec.id, account: spec.account, error })
      return { kind: 'refused' }
    }
  }
  return { kind: 'complete' }
}
