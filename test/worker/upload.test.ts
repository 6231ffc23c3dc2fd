import { env } from 'cloudflare:workers'
import { expect, test } from 'vitest'
import { storeFile } from '../../src/command/upload.ts'

const MEBIBYTE = 1024 * 1024
const SIZE = 11 * MEBIBYTE

/** A file whose every byte tells the mebibyte that it is in, and the parts of it that were asked for. */
function source() {
  const bytes = new Uint8Array(SIZE).map((_, index) => Math.floor(index / MEBIBYTE))
  const asked: ({ offset: number; length: number } | null)[] = []
  const read = async (part: { offset: number; length: number } | null) => {
    asked.push(part)
    const body = new Response(part ? bytes.subarray(part.offset, part.offset + part.length) : bytes).body
    if (body === null) throw new Error('a response with a body has none')
    return body
  }
  return { bytes, asked, read }
}

async function store(partBytes: number) {
  const { bytes, asked, read } = source()
  const file = { key: `parts/${crypto.randomUUID()}/x.mov`, filename: 'x.mov', sizeBytes: SIZE }
  await storeFile(file, read, { bucket: env.FILES, partBytes })
  const object = await env.FILES.get(file.key)
  const stored = new Uint8Array((await object?.arrayBuffer()) ?? [])
  expect(object?.httpMetadata?.contentType).toBe('video/quicktime')
  // Compared by digest: a difference of eleven megabytes would take minutes to print.
  expect(await digestOf(stored)).toBe(await digestOf(bytes))
  return asked
}

async function digestOf(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  return new Uint8Array(await crypto.subtle.digest('SHA-256', bytes)).join()
}

test('a file that is larger than a part is stored in parts, and is the same to the last byte', async () => {
  const part = 5 * MEBIBYTE
  expect(await store(part)).toEqual([
    { offset: 0, length: part },
    { offset: part, length: part },
    { offset: 2 * part, length: SIZE - 2 * part },
  ])
})

test('one that is not is stored as a whole', async () => {
  expect(await store(SIZE)).toEqual([null])
})
