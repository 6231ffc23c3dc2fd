import { runInDurableObject } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { expect, test } from 'vitest'
import { Budget, OutOfBudget } from '../../../src/durable/budget.ts'
import { partBytesFor, storeFile } from '../../../src/durable/store-file.ts'
import { Turns } from '../../../src/durable/turns.ts'
import { type BegunUpload, StoredUploads, type UploadRecord } from '../../../src/durable/upload-record.ts'
import { BucketObject } from '../../../src/files/bucket-object.ts'
import { commandStub } from '../client.ts'
import { CountedBucket } from '../counted-bucket.ts'

const HOUR = 3_600_000
const MEBIBYTE = 1024 * 1024
const PART = 5 * MEBIBYTE
const SIZE = 22 * MEBIBYTE
const PARTS = 5

/** What a test keeps of an upload, as an object's storage does. */
class Record implements UploadRecord {
  begun: BegunUpload | null = null
  readonly etags = new Map<number, string>()

  begin(upload: BegunUpload): void {
    this.begun = upload
  }

  putPart(number: number, etag: string): void {
    this.etags.set(number, etag)
  }

  forget(): void {
    this.begun = null
    this.etags.clear()
  }
}

type Part = { offset: number; length: number } | null

/** A file whose every byte tells the mebibyte that it is in, on its way into the bucket, over as many alarms as a test likes. */
class Journey {
  readonly bytes = new Uint8Array(SIZE).map((_, index) => Math.floor(index / MEBIBYTE))
  /** The parts that were read so far. */
  readonly asked: Part[] = []
  readonly counted = new CountedBucket()
  readonly record = new Record()
  readonly key = `parts/${crypto.randomUUID()}/x.mov`
  most = 0
  #now = 0

  async alarm({ partBytes = PART, atOnce = 3, budget = new Budget({ sliceMs: HOUR, requests: 1000 }) } = {}): Promise<void> {
    const read = async (part: Part, signal: AbortSignal) => {
      signal.throwIfAborted()
      this.asked.push(part)
      const body = new Response(part ? this.bytes.subarray(part.offset, part.offset + part.length) : this.bytes).body
      if (body === null) throw new Error('a response with a body has none')
      return body
    }
    this.counted.beforePart = async () => {
      this.most = Math.max(this.most, ++this.#now)
      await scheduler.wait(1)
      this.#now -= 1
    }
    const target = new BucketObject(this.counted.bucket, this.key, 'x.mov')
    try {
      await storeFile(SIZE, read, target, this.record, { partBytes, turns: new Turns(atOnce), budget, signal: budget.signal })
    } finally {
      budget.close()
    }
  }

  /** Compared by digest: a difference of so many megabytes would take minutes to print. */
  async expectStored(): Promise<void> {
    const object = await env.FILES.get(this.key)
    expect(object?.httpMetadata?.contentType).toBe('video/quicktime')
    expect(await digestOf(new Uint8Array((await object?.arrayBuffer()) ?? []))).toBe(await digestOf(this.bytes))
    expect(this.record.begun).toBeNull()
    await env.FILES.delete(this.key)
  }
}

async function digestOf(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  return new Uint8Array(await crypto.subtle.digest('SHA-256', bytes)).join()
}

function partOf(number: number): Part {
  const offset = (number - 1) * PART
  return { offset, length: Math.min(PART, SIZE - offset) }
}

const ALL = Array.from({ length: PARTS }, (_, index) => index + 1)

test('a file that is larger than a part is stored in parts, a few at a time, and is the same to the last byte', async () => {
  const journey = new Journey()
  await journey.alarm({ atOnce: 2 })
  expect(journey.asked).toEqual(ALL.map(partOf))
  expect([journey.most, journey.counted.open]).toEqual([2, []])
  await journey.expectStored()
})

test('one that is not is stored as a whole', async () => {
  const journey = new Journey()
  await journey.alarm({ partBytes: SIZE })
  expect([journey.asked, journey.counted.begun]).toEqual([[null], []])
  await journey.expectStored()
})

test('one that alarms have too few requests for goes on with the parts that are missing', async () => {
  const journey = new Journey()
  let alarms = 0
  for (let isDone = false; !isDone; alarms++) {
    isDone = await journey.alarm({ budget: new Budget({ sliceMs: HOUR, requests: 4 }) }).then(
      () => true,
      (error: unknown) => {
        expect(error).toBeInstanceOf(OutOfBudget)
        return false
      },
    )
  }
  expect(alarms).toBe(4)
  expect(journey.asked).toEqual(ALL.map(partOf))
  expect([journey.counted.begun.length, journey.counted.open]).toEqual([1, []])
  await journey.expectStored()
})

test.each(ALL)('one that breaks at part %i is gone on with from there', async (broken) => {
  const journey = new Journey()
  const { alarm } = journey
  const breaking = alarm.call(journey, { atOnce: 1 })
  const { beforePart } = journey.counted
  journey.counted.beforePart = async (number) => {
    await beforePart(number)
    if (number === broken) throw new Error('the bucket broke')
  }
  await expect(breaking).rejects.toThrow('the bucket broke')
  expect(journey.counted.parts).toEqual(ALL.slice(0, broken - 1))
  await journey.alarm({ atOnce: 1 })
  expect(journey.counted.parts).toEqual(ALL)
  expect([journey.counted.begun.length, journey.counted.open]).toEqual([1, []])
  await journey.expectStored()
})

test('one that was completed by an alarm which died before it could say so is told as stored', async () => {
  const journey = new Journey()
  const { forget } = journey.record
  journey.record.forget = () => {
    throw new Error('died')
  }
  await expect(journey.alarm()).rejects.toThrow('died')
  journey.record.forget = forget
  await journey.alarm()
  expect(journey.asked).toHaveLength(PARTS)
  await journey.expectStored()
})

test('an upload that the bucket has ended by itself is begun anew', async () => {
  const journey = new Journey()
  await expect(journey.alarm({ budget: new Budget({ sliceMs: HOUR, requests: 5 }) })).rejects.toBeInstanceOf(OutOfBudget)
  await env.FILES.resumeMultipartUpload(journey.key, journey.record.begun?.uploadId ?? '').abort()
  await expect(journey.alarm()).rejects.toThrow('there is no such upload')
  await journey.alarm()
  await journey.expectStored()
})

test('what is kept of uploads outlives the object that wrote it, one for each place', () =>
  runInDurableObject(commandStub(crypto.randomUUID()), (_, { storage }) => {
    const uploads = new StoredUploads(storage)
    uploads.of('a/b/c').begin({ uploadId: 'one', partBytes: PART })
    uploads.of('a/b/c:1').begin({ uploadId: 'two', partBytes: PART })
    for (let number = 1; number <= 12; number++) uploads.of('a/b/c').putPart(number, `etag ${number}`)
    uploads.of('a/b/c:1').putPart(1, 'another')
    const again = new StoredUploads(storage)
    expect(again.all).toEqual([
      { place: 'a/b/c', uploadId: 'one' },
      { place: 'a/b/c:1', uploadId: 'two' },
    ])
    expect(again.of('a/b/c').begun).toEqual({ uploadId: 'one', partBytes: PART })
    expect([...again.of('a/b/c').etags.keys()].toSorted((a, b) => a - b)).toEqual(Array.from({ length: 12 }, (_number, n) => n + 1))
    again.of('a/b/c').forget()
    expect([again.all, again.of('a/b/c').begun, again.of('a/b/c').etags.size]).toEqual([[{ place: 'a/b/c:1', uploadId: 'two' }], null, 0])
    expect(again.of('a/b/c:1').etags.get(1)).toBe('another')
    again.of('a/b/c:1').forget()
    expect([...storage.kv.list()]).toEqual([])
  }))

test.each([
  [5_000 * MEBIBYTE, PART, PART],
  [50_000 * MEBIBYTE, PART, PART],
  [60_000 * MEBIBYTE, PART, 6 * MEBIBYTE],
  [60_000 * MEBIBYTE + 1, PART, 7 * MEBIBYTE],
  [320_001 * MEBIBYTE, 32 * MEBIBYTE, 33 * MEBIBYTE],
])('a file of %i bytes has no more parts than R2 takes', (size, preferred, expected) => {
  expect(partBytesFor(size, preferred)).toBe(expected)
  expect(Math.ceil(size / expected)).toBeLessThanOrEqual(10_000)
})
