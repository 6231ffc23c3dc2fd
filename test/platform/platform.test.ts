/** The miniature itself: what it refuses, and what it makes wait. */
import { env } from 'cloudflare:workers'
import { describe, expect, test } from 'vitest'
import { meter } from '../metered/meter.ts'
import { Gate } from '../worker/media.ts'
import { timed } from './alarm-clock.ts'
import { heldEnv, subrequest } from './bindings.ts'
import { ledger } from './ledger.ts'
import { PLATFORM } from './limits.ts'

const { FILES } = heldEnv(env)

function invoked<T>(work: () => T): T {
  return meter.run({ of: 'Test', object: null, trigger: 'fetch', name: 'test' }, work)
}

describe('an invocation', () => {
  test('has a seventh connection only when one of six has its headers, whatever they are to', async () => {
    const silent = Array.from({ length: PLATFORM.connections }, () => Promise.withResolvers<void>())
    await invoked(async () => {
      const six = silent.map(({ promise }) => subrequest('network', () => promise))
      let isAnswered = false
      const seventh = FILES.head('x').then(() => {
        isAnswered = true
      })
      await env.FILES.head('x')
      expect(isAnswered, 'the seventh waits').toBe(false)
      silent[3]?.resolve()
      await seventh
      for (const { resolve } of silent) resolve()
      await Promise.all(six)
    })
  })

  test('holds a connection until its headers come, and not until its body has passed', async () => {
    await invoked(async () => {
      const gates = Array.from({ length: PLATFORM.connections + 1 }, () => new Gate())
      const answers = await Promise.all(gates.map(({ url }) => fetch(url)))
      expect(answers.map(({ status }) => status)).toEqual(gates.map(() => 200))
      await Promise.all(answers.map((answer) => answer.body?.cancel()))
    })
  })

  test('fails at its thousand and first subrequest', async () => {
    await invoked(async () => {
      for (let n = 0; n < PLATFORM.subrequests; n++) await subrequest('network', () => null)
      await expect(FILES.head('x')).rejects.toThrow('subrequests')
    })
    expect(ledger.takeViolations()).toEqual(['subrequests: Test.test made 1001, the last to R2.head'])
  })

  test('sends no body that is larger than the platform lets through', async () => {
    const body = new Uint8Array(PLATFORM.bodyBytes + 1)
    await expect(invoked(() => fetch(`${env.RECEIVER_URL}/200/large`, { method: 'POST', body }))).rejects.toThrow()
    expect(ledger.takeViolations()).toEqual(['request body: POST /200/large has more than 262144 bytes'])
  })
})

test('an alarm that lasts longer than it may is cut', async () => {
  const cut = Promise.withResolvers<string>()
  expect(
    await timed(
      50,
      () => cut.promise,
      () => cut.resolve('cut'),
    ),
  ).toBe('cut')
})

describe('the bucket', () => {
  const MIB = 1024 * 1024

  async function upload(...sizes: number[]): Promise<void> {
    const multipart = await FILES.createMultipartUpload(`platform/${crypto.randomUUID()}`)
    const parts = await Promise.all(sizes.map((size, index) => multipart.uploadPart(index + 1, new Uint8Array(size))))
    try {
      await multipart.complete(parts)
    } finally {
      await multipart.abort().catch(() => undefined)
    }
  }

  test('takes parts that are equal but the last, of 5 MiB at least', async () => {
    await upload(5 * MIB, 5 * MIB, 1)
    await expect(upload(5 * MIB, 6 * MIB, 1)).rejects.toThrow()
    await expect(upload(4 * MIB, 4 * MIB, 1)).rejects.toThrow()
  })

  test('takes no body of unknown length', async () => {
    const { readable, writable } = new TransformStream()
    const writing = new Blob(['x'])
      .stream()
      .pipeTo(writable)
      .catch(() => undefined)
    await expect(FILES.put('platform/unknown', readable)).rejects.toThrow('known length')
    await readable.cancel().catch(() => undefined)
    await writing
  })

  test('takes one write in a second under one key', async () => {
    await FILES.put('platform/twice', '1')
    await expect(FILES.put('platform/twice', '2')).rejects.toThrow('writes under one key')
    expect(ledger.takeViolations()).toEqual([expect.stringContaining('writes under one key: platform/twice')])
  })

  test('takes ten thousand parts', async () => {
    const multipart = await FILES.createMultipartUpload('platform/many')
    await expect(multipart.uploadPart(PLATFORM.parts + 1, 'x')).rejects.toThrow('parts')
    await multipart.abort()
    expect(ledger.takeViolations()).toHaveLength(1)
    expect(ledger.openUploads.size).toBe(0)
  })
})
