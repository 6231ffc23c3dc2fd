/** One part of an upload, from the request that brings it straight into the bucket. */

export type ReceivedPart =
  | { kind: 'stored'; etag: string }
  /** The upload was deleted, or has expired. */
  | { kind: 'gone' }
  | { kind: 'no_such_part' }
  /** The upload is complete. */
  | { kind: 'closed' }
  /** The body has another length than the part: `given` is null where it broke off, or did not tell. */
  | { kind: 'wrong_length'; given: number | null; expected: number }

interface Part {
  account: string
  fileId: string
  /** From 1. */
  number: number
  body: ReadableStream | null
  /** As the request announces it; null where it does not. */
  length: number | null
}

/** Stores the part. One that was there already is replaced. */
export async function receivePart({ account, fileId, number, body, length }: Part, env: Env): Promise<ReceivedPart> {
  const file = env.STORED_FILE.get(env.STORED_FILE.idFromName(fileId))
  const target = await file.partTarget(account, number)
  if (!target) return { kind: 'gone' }
  if (target.kind !== 'open') return target
  const { key, uploadId, bytes: expected } = target
  if (!body || (length !== null && length !== expected)) return { kind: 'wrong_length', given: length, expected }

  const sized = new FixedLengthStream(expected)
  let broken = false
  const piping = body.pipeTo(sized.writable).catch(() => {
    broken = true
  })
  try {
    const { etag } = await env.FILES.resumeMultipartUpload(key, uploadId).uploadPart(number, sized.readable)
    if (await file.partStored(number, etag)) return { kind: 'stored', etag }
  } catch (error) {
    // When the bucket refuses, nobody reads the stream any more, and the pipe would wait for ever.
    await sized.readable.cancel().catch(() => undefined)
    await piping
    const now = await file.partTarget(account, number)
    if (now?.kind === 'open') {
      if (broken) return { kind: 'wrong_length', given: null, expected }
      throw error
    }
  }
  const now = await file.partTarget(account, number)
  return now?.kind === 'closed' ? { kind: 'closed' } : { kind: 'gone' }
}
