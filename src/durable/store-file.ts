/** Brings a file that can be read in any order to where it is stored: as a whole, or in parts side by side, each of which is brought once. */
import { type Budget, spend } from './budget.ts'
import { sideBySide, type Turns } from './turns.ts'
import type { UploadRecord } from './upload-record.ts'

export interface NumberedPart {
  /** From 1. */
  partNumber: number
  etag: string
}

/** Where one file is stored. A bucket is one such place. */
export interface FileTarget {
  put(body: ReadableStream | Uint8Array): Promise<void>
  /** Begins an upload in parts, which is nothing that anybody could see before it is complete. Answers its id. */
  begin(): Promise<string>
  /** Stores a part, or replaces it; answers its ETag. Throws UploadGone. */
  putPart(uploadId: string, number: number, body: ReadableStream | Uint8Array): Promise<string>
  /** Makes the file of its parts. Throws UploadGone. */
  complete(uploadId: string, parts: NumberedPart[]): Promise<void>
  /** Ends an upload in parts and frees what it takes. One that is over stays as it is. */
  abort(uploadId: string): Promise<void>
  /** Bytes of the file; null where it is not there. */
  size(): Promise<number | null>
}

/** There is no such upload: it was completed, aborted, or has expired. */
export class UploadGone extends Error {
  override readonly name = 'UploadGone'
}

/** Reads the file: all of it, or a part. */
export type ReadFile = (part: { offset: number; length: number } | null, signal: AbortSignal) => Promise<ReadableStream>

export interface StoreRules {
  /** Up to this size a file is stored as a whole. */
  partBytes: number
  /** A part takes one. */
  turns: Turns
  budget: Budget
  signal: AbortSignal
}

/** R2 takes no more parts of one file. */
const MAX_PARTS = 10_000
const MEBIBYTE = 1024 * 1024

/** How large parts are: as preferred, or as large as it takes for a file of so many bytes to have no more parts than R2 takes. In whole MiB. */
export function partBytesFor(sizeBytes: number, preferredBytes: number): number {
  return Math.max(preferredBytes, Math.ceil(sizeBytes / MAX_PARTS / MEBIBYTE) * MEBIBYTE)
}

/**
 * Stores the file, or goes on with it: parts that are there are not brought again.
 * Throws what `read` throws, and OutOfBudget where the next alarm is to go on.
 */
export async function storeFile(
  sizeBytes: number,
  read: ReadFile,
  target: FileTarget,
  record: UploadRecord,
  rules: StoreRules,
): Promise<void> {
  const { turns, budget, signal } = rules
  const inTurn = (requests: number, action: () => Promise<void>) =>
    turns.take(async () => {
      signal.throwIfAborted()
      spend(budget, requests)
      await action()
    })
  if (record.begun === null && sizeBytes <= rules.partBytes) {
    await inTurn(2, async () => target.put(await sized(read(null, signal), sizeBytes)))
    return
  }
  if (record.begun === null) await inTurn(1, () => begin(sizeBytes, target, record, rules))
  const { begun } = record
  if (begun === null) throw new Error('an upload that was begun is not recorded')
  const { uploadId, partBytes } = begun
  const there = record.etags
  const numbers = Array.from({ length: Math.ceil(sizeBytes / partBytes) }, (_, index) => index + 1)
  const missing = numbers.filter((number) => !there.has(number))
  try {
    await sideBySide(missing, rules, async (number, ended) => {
      spend(budget, 2)
      const offset = (number - 1) * partBytes
      const length = Math.min(partBytes, sizeBytes - offset)
      const body = await sized(read({ offset, length }, ended), length)
      await record.putPart(number, await target.putPart(uploadId, number, body))
    })
    await inTurn(2, () => complete(uploadId, sizeBytes, target, record))
  } catch (error) {
    if (error instanceof UploadGone) await record.forget()
    throw error
  }
}

/** Should the process die between the two, what was begun holds no bytes, and R2 ends it by itself after a week. */
async function begin(sizeBytes: number, target: FileTarget, record: UploadRecord, { partBytes }: StoreRules): Promise<void> {
  const uploadId = await target.begin()
  await record.begin({ uploadId, partBytes: partBytesFor(sizeBytes, partBytes) })
}

/** Makes the file of the parts that are recorded, and of the `last` one. May be called again whatever became of an earlier call. */
export async function complete(
  uploadId: string,
  sizeBytes: number,
  target: FileTarget,
  record: UploadRecord,
  last: readonly NumberedPart[] = [],
): Promise<void> {
  const parts = [...Array.from(record.etags, ([partNumber, etag]) => ({ partNumber, etag })), ...last]
  try {
    await target.complete(
      uploadId,
      parts.toSorted((a, b) => a.partNumber - b.partNumber),
    )
  } catch (error) {
    // An earlier call may have come this far, and have died before it could tell.
    if ((await target.size()) !== sizeBytes) throw error
  }
  await record.forget()
}

/** Buckets want streams of a known length, and one that came through a Durable Object has lost its own. */
async function sized(opening: Promise<ReadableStream>, length: number): Promise<ReadableStream> {
  const bytes = await opening
  const { readable, writable } = new FixedLengthStream(length)
  // A break surfaces at the reader's end too, where it is handled.
  bytes.pipeTo(writable).catch(() => undefined)
  return readable
}
