/** What the sweep of the bucket deletes of a real store, and what it keeps. */
import { mkdtemp, readdir, rm, utimes } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { convertV4MiniflareOptions, Miniflare } from 'miniflare'
import { expect, onTestFinished, test } from 'vitest'
import { sweepBucket } from '../../src/cli/bucket-sweep.ts'
import { blobsInBucket } from './local-bucket.ts'

const MEBIBYTE = 1024 * 1024

/** Stores a file as a whole, one in parts, begins one in parts, and cuts one in the middle. */
const WORKER = `export default {
  async fetch(request, { FILES }) {
    await FILES.put('whole', new Uint8Array(2 * ${MEBIBYTE}))
    const upload = await FILES.createMultipartUpload('parts')
    await upload.complete([await upload.uploadPart(1, new Uint8Array(${5 * MEBIBYTE})), await upload.uploadPart(2, new Uint8Array(1))])
    const begun = await FILES.createMultipartUpload('begun')
    await begun.uploadPart(1, new Uint8Array(${5 * MEBIBYTE}))
    const { readable, writable } = new FixedLengthStream(${20 * MEBIBYTE})
    const writer = writable.getWriter()
    const cut = FILES.put('cut', readable).catch(() => 'cut')
    await writer.write(new Uint8Array(${10 * MEBIBYTE}))
    await writer.abort(new Error('cut'))
    return new Response(await cut)
  },
}`

async function withStore<T>(stateDir: string, act: (store: Miniflare) => Promise<T>): Promise<T> {
  const store = new Miniflare(
    convertV4MiniflareOptions({
      cf: false,
      resourcePersistencePath: path.join(stateDir, 'v3'),
      workers: [{ modules: [{ type: 'ESModule', path: 'index.js', contents: WORKER }], r2Buckets: { FILES: 'files' } }],
    }),
  )
  try {
    return await act(store)
  } finally {
    await store.dispose()
  }
}

test('what was cut on its way into the bucket is deleted, and nothing that is stored or still being uploaded', {
  timeout: 60_000,
}, async () => {
  const stateDir = await mkdtemp(path.join(tmpdir(), 'renderio-test-'))
  onTestFinished(() => rm(stateDir, { recursive: true, force: true }))
  expect(await sweepBucket(stateDir), 'there is no store yet').toBe(0)
  await withStore(stateDir, async (store) => {
    expect(await (await store.dispatchFetch('http://localhost/')).text()).toBe('cut')
  })
  const before = await blobsInBucket(stateDir)
  expect(before.length).toBe(5)

  expect(await sweepBucket(stateDir), 'what is fresh may be of a Worker that is about to end').toBe(0)
  const earlier = new Date(Date.now() - 120_000)
  for (const blob of before) await utimes(path.join(stateDir, 'v3/r2', blob), earlier, earlier)
  expect(await sweepBucket(stateDir)).toBeGreaterThan(0)
  expect((await blobsInBucket(stateDir)).length).toBe(4)

  await withStore(stateDir, async (store) => {
    const files = await store.getR2Bucket('FILES')
    const sizes = await Promise.all(['whole', 'parts'].map(async (key) => (await (await files.get(key))?.arrayBuffer())?.byteLength))
    expect(sizes).toEqual([2 * MEBIBYTE, 5 * MEBIBYTE + 1])
  })
  // An index that is missing makes nothing an orphan.
  await rm(path.join(stateDir, 'v3/r2/miniflare-R2BucketObject'), { recursive: true })
  expect(await sweepBucket(stateDir)).toBe(0)
  expect((await readdir(path.join(stateDir, 'v3/r2/files/blobs'))).length).toBe(4)
})
