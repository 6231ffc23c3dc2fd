/** Stored files that are cut and killed while their bytes come, and while an executor is given them. */
import { runInDurableObject } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { describe, expect, test } from 'vitest'
import { Budget } from '../../src/durable/budget.ts'
import { ENGINE_LIMITS } from '../../src/durable/limits.ts'
import { erase } from '../../src/stored-file/ending.ts'
import { fetchFile } from '../../src/stored-file/fetch.ts'
import { probeStored } from '../../src/stored-file/probe.ts'
import { bucketKey, type FileSpec } from '../../src/stored-file/record.ts'
import type { FileEvent } from '../../src/stored-file/state.ts'
import { FileStore } from '../../src/stored-file/store.ts'
import { StoredFile } from '../../src/stored-file/stored-file.ts'
import { CountedBucket } from './counted-bucket.ts'
import { CountedExecutor } from './counted-executor.ts'
import { fileStub } from './files-client.ts'
import { mediaFile, mediaUrl, requestsFor } from './media.ts'

const HOUR = 3_600_000
const PART = 5 * 1024 * 1024
const SIZE = 2 * PART + 1_000_000

/** A file that is fetched from a URL, in alarms that a test runs itself. */
class OwnFetch {
  readonly counted = new CountedBucket()
  readonly url: string
  readonly spec: FileSpec
  readonly #storage: DurableObjectStorage
  readonly #env: Env
  store: FileStore

  private constructor(url: string, storage: DurableObjectStorage) {
    const [id, account] = [crypto.randomUUID(), `t-${crypto.randomUUID().slice(0, 13)}`]
    this.url = url
    this.spec = { id, account, filename: 'a.bin', source: { type: 'URL', url }, createdAt: Date.now() }
    this.#storage = storage
    this.#env = { ...env, FILES: this.counted.bucket, MAX_INPUT_MB: '50' }
    this.store = new FileStore(storage)
    this.store.create(this.spec, { status: 'FETCHING', since: Date.now() })
  }

  static async run(url: string, act: (fetching: OwnFetch) => Promise<void>): Promise<void> {
    await runInDurableObject(fileStub(crypto.randomUUID()), (_, { storage }) => act(new OwnFetch(url, storage)))
  }

  async alarm(requests = 1000): Promise<FileEvent | null> {
    const budget = new Budget({ sliceMs: HOUR, requests })
    const event = await fetchFile(this.url, Date.now(), this.store, this.#env, budget)
    budget.close()
    return event
  }

  /** Runs alarms until the file is there or cannot be had. Answers the event, and how many alarms that took. */
  async ended(requests: number): Promise<{ event: FileEvent; alarms: number }> {
    for (let alarms = 1; ; alarms++) {
      const event = await this.alarm(requests)
      if (event) return { event, alarms }
    }
  }

  /** As after a crash. */
  restart(): void {
    this.store = new FileStore(this.#storage)
  }

  async erase(): Promise<void> {
    this.store.apply({ type: 'deleted' })
    const nobody = () => {
      throw new Error('it is at no executor')
    }
    await erase({ store: this.store, env: this.#env, executor: nobody })
  }

  async expectStored(): Promise<void> {
    const object = await env.FILES.get(bucketKey(this.spec))
    const source = await fetch(this.url)
    const digest = async (body: Pick<Body, 'arrayBuffer'> | null) =>
      new Uint8Array(await crypto.subtle.digest('SHA-256', (await body?.arrayBuffer()) ?? new ArrayBuffer())).join()
    expect(await digest(object)).toBe(await digest(source))
    expect(this.counted.open).toEqual([])
    await env.FILES.delete(bucketKey(this.spec))
  }
}

describe('from a URL', () => {
  test('a file that alarms have too few requests for is stored over several, each part once', () =>
    OwnFetch.run(mediaUrl(`/pattern/${SIZE}`), async (fetching) => {
      const { event, alarms } = await fetching.ended(5)
      expect(event).toMatchObject({ type: 'bytes_stored', sizeBytes: SIZE })
      expect(alarms).toBeGreaterThan(1)
      expect([fetching.counted.begun.length, fetching.counted.parts]).toEqual([1, [1, 2, 3]])
      const starts = (await requestsFor(fetching.url)).map(({ range }) => range)
      expect(starts.slice(0, 2)).toEqual([null, `bytes=${PART}-`])
      await fetching.expectStored()
    }))

  test.each([1, 2, 3])('one that dies at part %i goes on with it, and leaves no upload', (dying) =>
    OwnFetch.run(mediaUrl(`/pattern/${SIZE}`), async (fetching) => {
      const dead = Promise.withResolvers<void>()
      fetching.counted.beforePart = async (number) => {
        if (number !== dying) return
        dead.resolve()
        await new Promise<never>(() => undefined)
      }
      void fetching.alarm()
      await dead.promise
      fetching.counted.beforePart = async () => undefined
      fetching.restart()
      expect(await fetching.alarm()).toMatchObject({ type: 'bytes_stored', sizeBytes: SIZE })
      expect(fetching.counted.parts).toEqual([1, 2, 3])
      await fetching.expectStored()
    }),
  )

  test('one whose server cannot go on gets one whole alarm more, and then is told so', () =>
    OwnFetch.run(mediaUrl(`/big/${SIZE}`), async (fetching) => {
      const { event, alarms } = await fetching.ended(5)
      expect(event).toMatchObject({ type: 'failed', error: { status: 'UNREACHABLE_INPUT_FILE' } })
      expect(JSON.stringify(event)).toContain('the file could not be downloaded at one go')
      expect(alarms).toBe(2)
      await fetching.erase()
      expect(fetching.counted.open).toEqual([])
    }))

  test('one that cannot be had leaves no upload, although it is told for as long as files are kept', () =>
    runInDurableObject(fileStub(crypto.randomUUID()), async (_, state) => {
      Object.defineProperty(state.storage, 'setAlarm', { value: async () => undefined })
      const counted = new CountedBucket()
      const limits = { ...ENGINE_LIMITS, requests: 5 }
      const file = new StoredFile(state, { ...env, FILES: counted.bucket, MAX_INPUT_MB: '50' }, limits)
      const [id, account] = [crypto.randomUUID(), `t-${crypto.randomUUID().slice(0, 13)}`]
      await file.begin({ id, account, filename: 'a.bin', source: { type: 'URL', url: mediaUrl(`/big/${SIZE}`) }, createdAt: Date.now() })
      for (let alarms = 0; alarms < 3; alarms++) await file.alarm()
      expect((await file.read(account))?.status).toBe('FAILED')
      expect(counted.begun.length).toBeGreaterThan(0)
      expect(counted.open).toEqual([])
      expect([...state.storage.kv.list()].map(([key]) => key)).not.toContain('multipart')
      await file.delete(account)
    }))

  test('one that is deleted in the middle leaves neither an upload nor a row', () =>
    OwnFetch.run(mediaUrl(`/pattern/${SIZE}`), async (fetching) => {
      expect(await fetching.alarm(5)).toBeNull()
      expect(fetching.counted.open).toHaveLength(1)
      await fetching.erase()
      expect(fetching.counted.open).toEqual([])
      expect(fetching.store.record).toBeNull()
    }))
})

test('an upload in parts that is given up while it is opened leaves neither an upload nor a row', () =>
  runInDurableObject(fileStub(crypto.randomUUID()), async (_, state) => {
    Object.defineProperty(state.storage, 'setAlarm', { value: async () => undefined })
    const counted = new CountedBucket()
    const file = new StoredFile(state, { ...env, FILES: counted.bucket })
    const [id, account] = [crypto.randomUUID(), `t-${crypto.randomUUID().slice(0, 13)}`]
    counted.afterBegin = async () => {
      await file.delete(account)
    }
    const source = { type: 'PARTS', sizeBytes: SIZE, partBytes: PART } as const
    await expect(file.begin({ id, account, filename: 'a.bin', source, createdAt: Date.now() })).rejects.toThrow(/given up/)
    expect([counted.begun.length, counted.open]).toEqual([1, []])
    expect([...state.storage.kv.list()]).toEqual([])
  }))

test('a file that alarms have too few requests for is brought to its probe over several, in requests of bounded size', () =>
  runInDurableObject(fileStub(crypto.randomUUID()), async (_, { storage }) => {
    const tone = await mediaFile('tone.wav')
    const spec: FileSpec = {
      id: crypto.randomUUID(),
      account: `t-${crypto.randomUUID().slice(0, 13)}`,
      filename: 'tone.wav',
      source: { type: 'REQUEST' },
      createdAt: Date.now(),
    }
    await env.FILES.put(bucketKey(spec), tone)
    const store = new FileStore(storage)
    store.create(spec, { status: 'STORED', storedAt: 0, sizeBytes: tone.length, probe: { stage: 'RUNNING', attempt: 1, slot: 0 } })
    const executor = new CountedExecutor()
    const alarm = async () => {
      const budget = new Budget({ sliceMs: HOUR, requests: 6 })
      const context = {
        bucket: env.FILES,
        executor: executor.client,
        transfers: store.transfers,
        sizeBytes: tone.length,
        pieceBytes: 20_000,
        budget,
      }
      const event = await probeStored(spec, 1, context)
      budget.close()
      return event
    }
    let event: FileEvent | null = null
    let alarms = 0
    for (; event === null; alarms++) event = await alarm()
    expect(event).toMatchObject({ type: 'probed', attempt: 1, media: { file_type: 'audio' } })
    expect(alarms).toBeGreaterThan(1)
    expect(executor.pieces.map(({ bytes }) => bytes)).toEqual([20_000, 20_000, 20_000, 20_000, tone.length - 80_000])
    await executor.client.remove(`${spec.id}.1`)
    await env.FILES.delete(bucketKey(spec))
  }))
