import { env } from 'cloudflare:workers'
import { expect, test } from 'vitest'
import type { BegunUpload, UploadRecord } from '../../src/durable/upload-record.ts'
import { BucketObject } from '../../src/files/bucket-object.ts'
import { BucketWriter, TooManyBytes } from '../../src/files/bucket-writer.ts'

const MEBIBYTE = 1024 * 1024

/** What a test keeps of an upload, and in how many parts it had come each time that something changed. */
class Record implements UploadRecord {
  begun: BegunUpload | null = null
  readonly etags = new Map<number, string>()
  readonly seen: (number | null)[] = []

  begin(upload: BegunUpload): void {
    this.begun = upload
    this.seen.push(0)
  }

  putPart(number: number, etag: string): void {
    this.etags.set(number, etag)
    this.seen.push(number)
  }

  forget(): void {
    this.begun = null
    this.etags.clear()
    this.seen.push(null)
  }
}

function writerTo(key: string, record: UploadRecord, maxBytes = 100 * MEBIBYTE) {
  return new BucketWriter({ target: new BucketObject(env.FILES, key, 'a.bin'), record, maxBytes })
}

/** Bytes that differ from place to place. */
function pattern(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, n) => (n * 31 + (n >> 12)) & 0xff)
}

async function writeInPieces(writer: BucketWriter, bytes: Uint8Array, pieceLength: number): Promise<void> {
  for (let at = 0; at < bytes.length; at += pieceLength) {
    const piece = bytes.slice(at, at + pieceLength)
    await writer.write(piece)
    // As a reader does that uses its buffer again.
    piece.fill(0)
  }
}

async function stored(key: string): Promise<Uint8Array | null> {
  const object = await env.FILES.get(key)
  return object && new Uint8Array(await object.arrayBuffer())
}

test('a file of several parts has every byte in its place, whatever the pieces', async () => {
  const key = `writer/${crypto.randomUUID()}`
  const bytes = pattern(11 * MEBIBYTE + 7)
  const record = new Record()
  const writer = writerTo(key, record)
  await writeInPieces(writer, bytes, 700_001)
  expect(await env.FILES.head(key), 'nothing is there before it is complete').toBeNull()
  expect(await writer.close()).toBe(bytes.length)
  expect(Buffer.compare((await stored(key)) ?? new Uint8Array(), bytes)).toBe(0)
  expect(record.seen).toEqual([0, 1, 2, null])
})

test('what fits into one part is one PUT, up to its last byte', async () => {
  const key = `writer/${crypto.randomUUID()}`
  const record = new Record()
  const writer = writerTo(key, record)
  await writer.write(new Uint8Array(5 * MEBIBYTE))
  expect(await writer.close()).toBe(5 * MEBIBYTE)
  expect([(await env.FILES.head(key))?.size, record.seen]).toEqual([5 * MEBIBYTE, []])
})

test('a second writer goes on where the first has come to', async () => {
  const key = `writer/${crypto.randomUUID()}`
  const bytes = pattern(12 * MEBIBYTE)
  const record = new Record()
  await writeInPieces(writerTo(key, record), bytes.subarray(0, 6 * MEBIBYTE), MEBIBYTE)
  const second = writerTo(key, record)
  expect(second.bytes).toBe(5 * MEBIBYTE)
  await writeInPieces(second, bytes.subarray(second.bytes), MEBIBYTE)
  await second.close()
  expect(Buffer.compare((await stored(key)) ?? new Uint8Array(), bytes)).toBe(0)
})

test('what is discarded leaves nothing, and may be written anew', async () => {
  const key = `writer/${crypto.randomUUID()}`
  const record = new Record()
  const writer = writerTo(key, record)
  await writer.write(new Uint8Array(6 * MEBIBYTE))
  const uploadId = record.begun?.uploadId ?? ''
  await writer.discard()
  expect([writer.bytes, record.seen.at(-1)]).toEqual([0, null])
  await expect(env.FILES.resumeMultipartUpload(key, uploadId).uploadPart(1, 'x')).rejects.toThrow()
  await writer.write(Uint8Array.of(1, 2))
  await writer.close()
  expect(await stored(key)).toEqual(Uint8Array.of(1, 2))
})

test('no byte over the limit is taken', async () => {
  const writer = writerTo(`writer/${crypto.randomUUID()}`, new Record(), 10)
  await writer.write(new Uint8Array(10))
  await expect(writer.write(Uint8Array.of(1))).rejects.toThrow(TooManyBytes)
  expect(writer.bytes).toBe(10)
})
