import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { describe, expect, test } from 'vitest'
import { partUrl } from '../../src/files/own-url.ts'
import { signFileToken, signPartToken } from '../../src/files/token.ts'
import type { FileRecord } from '../../src/stored-file/record.ts'
import { download, errorOf, faultsOf, ORIGIN, request, TestAccount, until } from './client.ts'
import { FilesClient, fileStub } from './files-client.ts'
import { mediaFile } from './media.ts'

const PART = 5 * 1024 * 1024

function put(url: string, body: BodyInit): Promise<Response> {
  return request(url, { method: 'PUT', body })
}

async function etagOf(response: Response): Promise<string> {
  expect(response.status, await response.clone().text()).toBe(200)
  return response.headers.get('etag') ?? ''
}

async function filesOf(): Promise<FilesClient> {
  return new FilesClient(await TestAccount.create())
}

/** An upload with parts that are as small as the bucket takes them, so that few bytes make several. */
async function smallParts(sizeBytes: number) {
  const account = await TestAccount.create()
  const id = crypto.randomUUID()
  const source = { type: 'PARTS' as const, sizeBytes, partBytes: PART }
  await fileStub(id).begin({ id, account: account.name, filename: 'film.bin', source, createdAt: Date.now() })
  const url = async (number: number) =>
    partUrl(ORIGIN, await signPartToken({ account: account.name, fileId: id, expiresAt: 2e9 }, number, env.URL_SIGNING_SECRET), number)
  return { account, files: new FilesClient(account), id, url }
}

test('a file in one part: begun, PUT without a key, completed, and then a file like any other', async () => {
  const files = await filesOf()
  const bytes = await mediaFile('tiny.mp4')
  const { file_id, part_size, upload_urls } = await files.initUpload('my film.mp4', String(bytes.length))
  expect([part_size, upload_urls.length]).toEqual([64 * 1024 * 1024, 1])
  expect(await files.read(file_id)).toMatchObject({ status: 'PROCESSING', rendi_store_type: 'UPLOAD', filename: 'my_film.mp4' })
  expect((await files.list('?status=PROCESSING')).total).toBe(1)
  const etag = await etagOf(await put(upload_urls[0] ?? '', bytes))
  expect(etag).toMatch(/^".+"$/)
  const file = await files.complete(file_id, [{ part_number: '1', etag }])
  expect(file).toMatchObject({ file_id, status: 'PROCESSING', size_mbytes: bytes.length / 1e6 })
  expect(new Uint8Array(await (await download(file.storage_url ?? '')).arrayBuffer())).toEqual(bytes)
  expect(await files.settled(file_id)).toMatchObject({ status: 'STORED', file_type: 'video', codec: 'h264' })
  expect((await files.list('?status=PROCESSING')).total).toBe(0)
})

test('parts in any order, one sent again, and its object evicted in between: the file has every byte in its place', async () => {
  const { files, id, url } = await smallParts(2 * PART + 3)
  const parts = [new Uint8Array(PART).fill(1), new Uint8Array(PART).fill(2), Uint8Array.of(7, 8, 9)] as const
  const last = await etagOf(await put(await url(3), parts[2]))
  await put(await url(1), new Uint8Array(PART))
  await evictDurableObject(fileStub(id))
  const [first, second] = await Promise.all([put(await url(1), parts[0]).then(etagOf), put(await url(2), parts[1]).then(etagOf)])
  const list = [
    { part_number: 2, etag: second },
    { part_number: 3, etag: last },
    { part_number: 1, etag: first },
  ]
  const file = await files.complete(id, list)
  const stored = new Uint8Array(await (await download(file.storage_url ?? '')).arrayBuffer())
  expect([stored.length, stored[0], stored[PART - 1], stored[PART], stored[2 * PART - 1]]).toEqual([2 * PART + 3, 1, 1, 2, 2])
  expect([...stored.slice(2 * PART)]).toEqual([7, 8, 9])
  expect((await files.complete(id, list)).file_id, 'a second time').toBe(id)
  const late = await put(await url(1), parts[0])
  expect(late.status).toBe(409)
  expect((await errorOf(late)).detail).toContain('part 1')
})

describe('completing', () => {
  test('names every part that is wrong, and the upload goes on', async () => {
    const { files, id, url } = await smallParts(PART + 1)
    const complete = (parts: unknown) => files.postJson(`/${id}/complete-upload`, { parts })
    const first = await etagOf(await put(await url(1), new Uint8Array(PART)))
    const faults = await faultsOf(
      await complete([
        { part_number: 1, etag: '"wrong"' },
        { part_number: 2, etag: '"any"' },
        { part_number: 9, etag: '"any"' },
      ]),
    )
    expect(faults.map(({ loc }) => loc.join('.'))).toEqual(['parts.0.etag', 'parts.1.part_number', 'parts.2.part_number'])
    expect((await faultsOf(await complete([{ part_number: 1, etag: first }])))[0]?.msg).toContain('part 2')
    for (const parts of [[{ part_number: 0, etag: '' }], [{ part_number: 1.5, etag: '' }], [{ part_number: 1 }], 'parts', null]) {
      await faultsOf(await complete(parts))
    }
    const second = await etagOf(await put(await url(2), 'x'))
    const file = await files.complete(id, [
      { part_number: 1, etag: first },
      { part_number: 2, etag: second },
    ])
    expect(file.size_mbytes).not.toBeNull()
    expect((await files.settled(id)).status).toBe('STORED')
  })

  test('goes on where a call died after the bucket had put the parts together', async () => {
    const { files, id, url } = await smallParts(3)
    const etag = await etagOf(await put(await url(1), 'abc'))
    await runInDurableObject(fileStub(id), async (_, state) => {
      const { uploadId } = state.storage.kv.get<{ uploadId: string }>('multipart') ?? { uploadId: '' }
      const record = state.storage.kv.get<FileRecord>('record')
      await env.FILES.resumeMultipartUpload(`${record?.spec.account}/${id}/film.bin`, uploadId).complete([
        { partNumber: 1, etag: etag.replaceAll('"', '') },
      ])
    })
    expect((await files.complete(id, [{ part_number: 1, etag }])).size_mbytes).toBe(3 / 1e6)
    expect((await files.settled(id)).status).toBe('STORED')
  })

  test('is a 409 for a file that does not come in parts, and a 404 for anyone else’s', async () => {
    const files = await filesOf()
    const { file_id } = await files.upload('x', 'a.txt')
    expect((await files.postJson(`/${file_id}/complete-upload`, { parts: [] })).status).toBe(409)
    const { id } = await smallParts(1)
    expect((await files.postJson(`/${id}/complete-upload`, { parts: [] })).status).toBe(404)
  })
})

describe('a PUT', () => {
  test.each([
    ['too short', 'ab'],
    ['too long', 'abcd'],
    ['empty', ''],
  ])('of a body that is %s is a 400 that names the part and its length', async (_, body) => {
    const { url } = await smallParts(3)
    const response = await put(await url(1), new TextEncoder().encode(body))
    expect(response.status).toBe(400)
    expect((await errorOf(response)).detail).toMatch(/part 1 has 3 bytes/)
    expect((await put(await url(1), 'abc')).status, 'the right one is still taken').toBe(200)
  })

  test('that does not announce its length is a 400 that says so', async () => {
    const { url } = await smallParts(3)
    const body = new ReadableStream<Uint8Array>({
      start(controller) {
        controller.enqueue(Uint8Array.of(1, 2, 3))
        controller.close()
      },
    })
    const response = await put(await url(1), body)
    expect(response.status).toBe(400)
    expect((await errorOf(response)).detail).toContain('Content-Length')
  })

  test('to another part than the URL was signed for, to an expired or a forged one, is a 404', async () => {
    const { account, url, id } = await smallParts(2 * PART)
    const grant = { account: account.name, fileId: id, expiresAt: 2e9 }
    const secret = env.URL_SIGNING_SECRET
    for (const wrong of [
      (await url(1)).replace(/1$/, '2'),
      await url(3),
      partUrl(ORIGIN, await signPartToken({ ...grant, expiresAt: 1 }, 1, secret), 1),
      partUrl(ORIGIN, await signPartToken(grant, 1, 'another secret'), 1),
      partUrl(ORIGIN, await signFileToken(grant, secret), 1),
      partUrl(ORIGIN, await signPartToken({ ...grant, account: 'another' }, 1, secret), 1),
      `${ORIGIN}/files/a.b/parts/x`,
    ]) {
      const response = await put(wrong, new Uint8Array(PART))
      expect(response.status, wrong).toBe(404)
      await errorOf(response)
    }
  })

  test('to an upload that was deleted is a 404, and nothing stays', async () => {
    const { files, id, url } = await smallParts(3)
    await put(await url(1), 'abc')
    await files.removed(id)
    expect((await put(await url(1), 'abc')).status).toBe(404)
    expect([(await files.get(id)).status, (await files.list()).total, await files.stored()]).toEqual([404, 0, []])
  })
})

test('an upload that is not complete after a day is removed', async () => {
  const { files, id, url } = await smallParts(3)
  await put(await url(1), 'abc')
  const stub = fileStub(id)
  await runInDurableObject(stub, (_, state) => {
    const record = state.storage.kv.get<FileRecord>('record')
    if (record?.state.status !== 'UPLOADING') throw new Error('the file is not being uploaded')
    expect(record.state.expiresAt - record.spec.createdAt).toBeGreaterThan(23.9 * 3600 * 1000)
    state.storage.kv.put('record', { ...record, state: { ...record.state, expiresAt: 0 } })
  })
  await evictDurableObject(stub)
  expect(await runDurableObjectAlarm(stub)).toBe(true)
  await until('it is gone', async () => (await files.get(id)).status === 404 && (await files.list()).total === 0)
})

test.each([
  [{ filename: 'a.mp4' }, 'size_bytes'],
  [{ filename: 'a.mp4', size_bytes: 0 }, 'size_bytes'],
  [{ filename: 'a.mp4', size_bytes: 1.5 }, 'size_bytes'],
  [{ filename: 'a.mp4', size_bytes: 'many' }, 'size_bytes'],
  [{ filename: 'a.mp4', size_bytes: 1024 * 1024 + 1 }, 'size_bytes'],
  [{ size_bytes: 1 }, 'filename'],
  [{ filename: '', size_bytes: 1 }, 'filename'],
])('an upload begun with %j is a 422, and nothing is listed', async (body, field) => {
  const files = await filesOf()
  const faults = await faultsOf(await files.postJson('/init-upload', body))
  expect(faults.map(({ loc }) => loc)).toEqual([[field]])
  expect((await files.list()).total).toBe(0)
})
