/** One part of an upload, from the request that brings it straight into the bucket. */

import { log } from '../logging/log.ts'

export type ReceivedPart =
  | { kind: 'stored'; etag: string }
  /** The upload was deleted, or has expired. */
  | { kind: 'gone' }
  | { kind: 'no_such_part' }
  /** The upload is complete. */
  | { kind: 'closed' }
  /** The request announces another length than the part has, or none (`given` is null). */
  | { kind: 'wrong_length'; given: number | null; expected: number }
  /** The body broke off, or the bucket did not take it. */
  | { kind: 'broken' }

interface Part {
  account: string
  fileId: string
  /** From 1. */
  number: number
  body: ReadableStream | null
  /** As the request announces it, in bytes; null where it does not. */
  length: number | null
}

/** Stores the part. One that was there already is replaced. */
export async function receivePart({ account, fileId, number, body, length }: Part, env: Env): Promise<ReceivedPart> {
  const file = env.STORED_FILE.get(env.STORED_FILE.idFromName(fileId))
  const target = await file.partTarget(account, number)
  if (!target) return { kind: 'gone' }
  if (target.kind !== 'open') return target
  const { key, uploadId, bytes: expected } = target
  // HTTP sees to it that a body has the length that was announced.
  if (!body || length !== expected) return { kind: 'wrong_length', given: length, expected }
  try {
    const { etag } = await env.FILES.resumeMultipartUpload(key, uploadId).uploadPart(number, body)
    if (await file.partStored(number, etag)) return { kind: 'stored', etag }
  } catch (error) {
    log('warn', 'file.part_broken', { file_id: fileId, account, part: number, error })
  }
  // The upload may have come to its end meanwhile, in either way.
  const now = await file.partTarget(account, number)
  if (!now) return { kind: 'gone' }
  return now.kind === 'open' ? { kind: 'broken' } : now
}
