import { env } from 'cloudflare:workers'
import { afterAll, describe, expect, test } from 'vitest'
import { Budget } from '../../../src/durable/budget.ts'
import type { Pace } from '../../../src/durable/pace.ts'
import { type KeptTransfer, type TransferProgress, type TransferSource, transfer } from '../../../src/durable/transfer.ts'
import { InputTarget } from '../../../src/executor/input-target.ts'
import { BucketSource } from '../../../src/files/bucket-source.ts'
import { UrlSource, type UrlSourceOptions } from '../../../src/outbound/url-source.ts'
import { settingsOf } from '../../../src/settings.ts'
import { until } from '../client.ts'
import { CountedExecutor } from '../counted-executor.ts'
import { Gate, mediaFile, mediaUrl, requestsFor } from '../media.ts'

const HOUR = 3_600_000
const PIECE = 10_000
const FILENAME = 'in.wav'

/** One file on its way into the executor, over as many alarms as a test likes. */
class Journey {
  readonly executor = new CountedExecutor()
  readonly job = `${crypto.randomUUID()}.1`
  progress: TransferProgress | null = null
  readonly #kept: KeptTransfer = {
    read: () => this.progress,
    write: (progress) => {
      this.progress = progress
    },
  }
  readonly #source: (budget: Budget) => TransferSource

  constructor(source: (budget: Budget) => TransferSource) {
    this.#source = source
  }

  static fromUrl(url: string, times: Pick<UrlSourceOptions, 'firstBytesTimeoutMs'> = {}): Journey {
    const wanted = { filename: FILENAME, use: 'input' } as const
    return new Journey((budget) => new UrlSource({ url, wanted, allowed: settingsOf(env).privateOrigins, budget, ...times }))
  }

  static fromBucket(key: string): Journey {
    const options = {
      bucket: env.FILES,
      key,
      name: 'the file',
      whyMissing: async () => 'is gone',
      inspect: async (body: ReadableStream) => body,
    }
    return new Journey((budget) => new BucketSource({ ...options, budget }))
  }

  /** What one alarm does of it. */
  async alarm(budget = budgetOf(), { pace = null, pieceBytes = PIECE }: { pace?: Pace | null; pieceBytes?: number } = {}) {
    const limits = { maxBytes: 1e6, maxJobBytes: 1e6 }
    const target = new InputTarget({ executor: this.executor.client, job: this.job, filename: FILENAME, limits, pieceBytes, budget })
    try {
      const rules = { maxBytes: limits.maxBytes, pace, budget, signal: new AbortController().signal }
      return await transfer(this.#source(budget), target, this.#kept, rules)
    } finally {
      budget.close()
    }
  }

  /** Ends an alarm when it has brought so many bytes. */
  async cutAt(bytes: number): Promise<number | null> {
    const budget = budgetOf()
    const before = this.executor.pieces.length
    const alarm = this.alarm(budget)
    alarm.catch(() => undefined)
    await until('so much has arrived', async () => {
      const arrived = await this.executor.client.inputSize(this.job, FILENAME)
      return arrived === bytes && this.executor.pieces.length > before
    })
    budget.end()
    return alarm
  }

  async expectArrived(file: Uint8Array): Promise<void> {
    expect(await this.executor.input(this.job, FILENAME)).toEqual(file)
    await this.executor.client.remove(this.job)
  }
}

function budgetOf(requests = 1000): Budget {
  return new Budget({ sliceMs: HOUR, requests })
}

const tone = await mediaFile('tone.wav')
const half = Math.floor(tone.length / 2)

describe('into the executor, from a URL', () => {
  test('a file comes over one connection in requests of bounded size, and is the same to the last byte', async () => {
    const url = mediaUrl('/tone.wav')
    const journey = Journey.fromUrl(url)
    expect(await journey.alarm()).toBe(tone.length)
    expect((await requestsFor(url)).map(({ range }) => range)).toEqual([null])
    const pieces = Array.from({ length: Math.ceil(tone.length / PIECE) }, (_, n) => {
      const end = Math.min((n + 1) * PIECE, tone.length)
      return { contentRange: n === 0 ? null : `bytes ${n * PIECE}-${end - 1}/${tone.length}`, bytes: end - n * PIECE }
    })
    expect(journey.executor.pieces.map(({ contentRange, bytes }) => ({ contentRange, bytes }))).toEqual(pieces)
    await journey.expectArrived(tone)
  })

  test('so does one whose length nobody tells', async () => {
    const journey = Journey.fromUrl(mediaUrl('/unsized/tone.wav'))
    expect(await journey.alarm()).toBe(tone.length)
    expect(Math.max(...journey.executor.pieces.map(({ bytes }) => bytes))).toBe(PIECE)
    expect(journey.executor.pieces[1]?.contentRange).toBe(`bytes ${PIECE}-*/*`)
    await journey.expectArrived(tone)
  })

  test('one that fits into a request is one, and leaves nothing to be kept', async () => {
    const journey = Journey.fromUrl(mediaUrl('/tone.wav'))
    expect(await journey.alarm(budgetOf(), { pieceBytes: tone.length })).toBe(tone.length)
    expect(journey.executor.pieces).toMatchObject([{ contentRange: null, bytes: tone.length }])
    expect(journey.progress).toBeNull()
    await journey.expectArrived(tone)
  })

  test.each([PIECE, 1e6])('one that an alarm is too short for goes on in the next where it was: pieces of %i', async (pieceBytes) => {
    const gate = new Gate('held')
    const journey = Journey.fromUrl(gate.url)
    const budget = budgetOf()
    const first = journey.alarm(budget, { pieceBytes })
    await until('the half has arrived', async () => (await journey.executor.client.inputSize(journey.job, FILENAME)) === half)
    budget.end()
    expect(await first).toBeNull()
    expect(await journey.alarm(budgetOf(), { pieceBytes })).toBe(tone.length)
    expect((await requestsFor(gate.url)).map(({ range, ifRange }) => [range, ifRange])).toEqual([
      [null, null],
      [`bytes=${half}-`, '"v1"'],
    ])
    await journey.expectArrived(tone)
  })

  test('one that an alarm has too few requests for stops between two pieces, and brings no byte twice', async () => {
    const url = mediaUrl('/tone.wav')
    const journey = Journey.fromUrl(url)
    let alarms = 1
    while ((await journey.alarm(budgetOf(4))) === null) alarms += 1
    // The source is opened in each; in all but the first the executor is asked before how much it has.
    expect(alarms).toBe(1 + Math.ceil((Math.ceil(tone.length / PIECE) - 3) / 2))
    expect(journey.executor.pieces.reduce((sum, { bytes }) => sum + bytes, 0)).toBe(tone.length)
    expect((await requestsFor(url)).map(({ range }) => range).slice(0, 2)).toEqual([null, `bytes=${3 * PIECE}-`])
    await journey.expectArrived(tone)
  })

  test('one that is whole when its alarm dies before it can say so is not asked for again', async () => {
    const url = mediaUrl('/tone.wav')
    const journey = Journey.fromUrl(url)
    await journey.alarm()
    expect(await journey.alarm()).toBe(tone.length)
    expect(await requestsFor(url)).toHaveLength(1)
    await journey.expectArrived(tone)
  })

  test.each(['gate', 'stubborn'] as const)(
    'a server that cannot go on gets one whole alarm more, and then is told so: %s',
    async (kind) => {
      const gate = new Gate(kind)
      const journey = Journey.fromUrl(gate.url)
      expect(await journey.cutAt(half)).toBeNull()
      const second = journey.cutAt(half)
      await expect(second).rejects.toMatchObject({
        fault: 'unreachable',
        message: expect.stringMatching(
          new RegExp(`^could not be downloaded at one go: .*after \\d+ seconds.* ${new URL(gate.url).host} cannot go on`),
        ),
      })
      expect(await requestsFor(gate.url)).toHaveLength(2)
      await journey.executor.client.remove(journey.job)
    },
  )

  test('one that can has as many alarms as it takes', async () => {
    const gate = new Gate('held')
    const journey = Journey.fromUrl(gate.url)
    expect(await journey.cutAt(half)).toBeNull()
    for (let alarm = 0; alarm < 2; alarm++) expect(await journey.alarm(budgetOf(4))).toBeNull()
    expect(await journey.alarm()).toBe(tone.length)
    await journey.expectArrived(tone)
  })

  test('a server that stops sending is cut off, asked again, and named in the end', async () => {
    const gate = new Gate()
    const journey = Journey.fromUrl(gate.url)
    const pace = { minRate: 1000, intervalMs: 50, patience: 4 }
    const host = new URL(gate.url).host
    await expect(journey.alarm(budgetOf(), { pace })).rejects.toThrow(`${host} sent next to nothing for too long (tried 4 times)`)
    expect(await requestsFor(gate.url)).toHaveLength(4)
    await journey.executor.client.remove(journey.job)
  })

  test('a server that sends a byte and no more is cut off, and asked again', async () => {
    const url = mediaUrl('/silent/2/tone.wav')
    const journey = Journey.fromUrl(url, { firstBytesTimeoutMs: 1000 })
    expect(await journey.alarm()).toBe(tone.length)
    expect(await requestsFor(url)).toHaveLength(3)
    await journey.expectArrived(tone)
  })

  test('a server that never sends more than a byte is named in the end', async () => {
    const url = mediaUrl('/silent/9/tone.wav')
    const journey = Journey.fromUrl(url, { firstBytesTimeoutMs: 50 })
    await expect(journey.alarm()).rejects.toThrow(`${new URL(url).host} sent next to nothing for too long (tried 4 times)`)
    expect(await requestsFor(url)).toHaveLength(4)
  })

  test('a server whose ETag is not as the standard has it is gone on with all the same', async () => {
    const url = mediaUrl('/unquoted/tone.wav')
    const journey = Journey.fromUrl(url)
    expect(await journey.alarm()).toBe(tone.length)
    const requests = (await requestsFor(url)).map(({ range, ifRange }) => [range, ifRange])
    expect(requests).toEqual([
      [null, null],
      [expect.stringMatching(/^bytes=\d+-$/), 'v1'],
    ])
    await journey.expectArrived(tone)
  })

  test.each(['etag', 'date', 'size', 'encoded'])('no file is made of the parts of two, whatever a server answers: %s', async (how) => {
    const url = mediaUrl(`/unconditional/${how}/tone.wav`)
    const journey = Journey.fromUrl(url)
    expect(await journey.alarm()).toBe(tone.length)
    const ranges = (await requestsFor(url)).map(({ range }) => range)
    expect(ranges).toEqual([null, expect.stringMatching(/^bytes=\d+-$/), null])
    await journey.expectArrived(tone)
  })

  test('an executor that does not answer is not taken for a fault of the source', async () => {
    const url = mediaUrl('/tone.wav')
    const journey = Journey.fromUrl(url)
    journey.executor.instead = () => new Response('Network connection lost.', { status: 503 })
    await expect(journey.alarm()).rejects.toMatchObject({ name: 'ExecutorFailure', fault: 'unreachable' })
    expect(await requestsFor(url)).toHaveLength(1)
  })

  test('a piece that fails with the last request of an alarm is nobody’s fault before the next has asked', async () => {
    const url = mediaUrl('/tone.wav')
    const journey = Journey.fromUrl(url)
    journey.executor.instead = ({ method }) => (method === 'PUT' ? new Response('gone', { status: 502 }) : null)
    expect(await journey.alarm(budgetOf(2))).toBeNull()
    journey.executor.instead = () => null
    expect(await journey.alarm()).toBe(tone.length)
    await journey.expectArrived(tone)
  })
})

describe('into the executor, from the bucket', () => {
  const key = `transfers/${crypto.randomUUID()}/tone.wav`
  const stored = env.FILES.put(key, tone)
  afterAll(() => env.FILES.delete(key))

  test('a file comes in ranges of bounded size, and goes on with them', async () => {
    await stored
    const journey = Journey.fromBucket(key)
    let alarms = 1
    while ((await journey.alarm(budgetOf(6))) === null) alarms += 1
    expect(alarms).toBeGreaterThan(2)
    expect(Math.max(...journey.executor.pieces.map(({ bytes }) => bytes))).toBe(PIECE)
    expect(journey.executor.pieces.reduce((sum, { bytes }) => sum + bytes, 0)).toBe(tone.length)
    await journey.expectArrived(tone)
  })

  test('one that fits into a request is read at once', async () => {
    await stored
    const journey = Journey.fromBucket(key)
    expect(await journey.alarm(budgetOf(2), { pieceBytes: 1e6 })).toBe(tone.length)
    await journey.expectArrived(tone)
  })

  test('one that is gone is unreachable, and the message says why', async () => {
    const journey = Journey.fromBucket(`${key}.gone`)
    await expect(journey.alarm()).rejects.toMatchObject({ fault: 'unreachable', message: 'is gone' })
  })
})
