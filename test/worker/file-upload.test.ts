import { expect, test } from 'vitest'
import { download, errorOf, faultsOf, TestAccount } from './client.ts'
import { FilesClient } from './files-client.ts'
import { mediaFile } from './media.ts'

const BOUNDARY = 'the-boundary'
const FORM = { 'content-type': `multipart/form-data; boundary=${BOUNDARY}` }

async function filesOf(): Promise<FilesClient> {
  return new FilesClient(await TestAccount.create())
}

/** One part of a form, as it goes over the wire. */
function part(disposition: string, body: string): string {
  return `--${BOUNDARY}\r\nContent-Disposition: form-data; ${disposition}\r\n\r\n${body}\r\n`
}

const END = `--${BOUNDARY}--\r\n`

test('an upload is told and downloads at once, as it came, and is STORED once its media facts are there', async () => {
  const files = await filesOf()
  const bytes = await mediaFile('tiny.mp4')
  const begun = await files.upload(bytes, 'tiny.mp4')
  expect(begun.status).toBe('PROCESSING')
  expect(new URL(begun.storage_url).pathname).toMatch(/\/tiny\.mp4$/)
  expect(new Uint8Array(await (await download(begun.storage_url)).arrayBuffer())).toEqual(bytes)
  expect((await files.list()).files.map(({ file_id }) => file_id)).toEqual([begun.file_id])
  expect(await files.settled(begun.file_id)).toMatchObject({
    status: 'STORED',
    file_id: begun.file_id,
    rendi_store_type: 'UPLOAD',
    filename: 'tiny.mp4',
    size_mbytes: bytes.length / 1_000_000,
    file_type: 'video',
    codec: 'h264',
    mime_type: 'video/mp4',
    width: 160,
    height: 90,
    frame_rate: 25,
    channels: 1,
    sample_rate: 44100,
    original_file_url: null,
    is_deleted: false,
  })
})

test('what is no media is stored all the same, with facts that are null', async () => {
  const files = await filesOf()
  const { file_id } = await files.upload('1\n00:00:00 nothing', 'notes.bin')
  expect(await files.probed(file_id)).toMatchObject({
    status: 'STORED',
    file_type: 'other',
    duration: null,
    codec: null,
    error_status: null,
  })
})

test.each([
  ['résumé (1).mp4', 'resume_1_.mp4'],
  ['C:\\videos\\a b.mov', 'a_b.mov'],
  ['../../etc/passwd', 'passwd'],
  ['-rf.mp4', 'rf.mp4'],
])('a file called %j is stored as %s', async (given, kept) => {
  const files = await filesOf()
  const form = part(`name="file"; filename="${given}"`, 'x') + END
  const begun = await (await files.postForm(form, FORM)).json<{ file_id: string; storage_url: string }>()
  expect(new URL(begun.storage_url).pathname.split('/').at(-1)).toBe(kept)
  expect((await files.read(begun.file_id)).filename).toBe(kept)
})

test.each([
  ['name="file"; filename=""\r\nContent-Type: video/mp4', 'upload.mp4'],
  ['name="file"\r\nContent-Type: audio/wav; charset=x', 'upload.wav'],
  ['name="file"; filename=""\r\nContent-Type: application/octet-stream', 'upload'],
  ['name="file"; filename=""', 'upload'],
])('a file without a name, %j, is called by its type: %s', async (headers, kept) => {
  const files = await filesOf()
  const begun = await (await files.postForm(part(headers, 'content') + END, FORM)).json<{ file_id: string; storage_url: string }>()
  expect((await files.read(begun.file_id)).filename).toMatch(new RegExp(`^${kept}(\\.bin)?$`))
  expect(await (await download(begun.storage_url)).text()).toBe('content')
})

test('fields before and after the file are passed over', async () => {
  const files = await filesOf()
  const form =
    part('name="title"', 'A') + part('name="file"; filename="a.txt"', 'content') + part('name="other"; filename="b.txt"', 'B') + END
  const begun = await (await files.postForm(form, FORM)).json<{ storage_url: string }>()
  expect(await (await download(begun.storage_url)).text()).toBe('content')
})

test.each([
  ['no field "file"', part('name="other"; filename="a.txt"', 'x') + END, 'missing'],
  ['no fields at all', END, 'missing'],
  ['a field "file" without a file name', part('name="file"', 'x') + END, 'filename'],
  ['an empty file', part('name="file"; filename="a.txt"', '') + END, 'empty'],
  ['two files', part('name="file"; filename="a"', 'x') + part('name="file"; filename="b"', 'y') + END, 'twice'],
])('%s is a 422, and nothing stays', async (_, body, word) => {
  const files = await filesOf()
  const [fault] = await faultsOf(await files.postForm(body, FORM))
  expect(fault).toMatchObject({ loc: ['file'], msg: expect.stringContaining(word) })
  expect([await files.stored(), (await files.list()).total]).toEqual([[], 0])
})

test.each([
  ['another boundary than announced', part('name="file"; filename="a"', 'x').replaceAll(BOUNDARY, 'other')],
  ['a body that ends in the file', part('name="file"; filename="a"', 'x').slice(0, -2)],
  ['a body that ends before its last boundary', part('name="file"; filename="a"', 'x')],
  ['a boundary with something behind it', `${part('name="file"; filename="a"', 'x')}--${BOUNDARY}?\r\n`],
  ['no body', ''],
])('%s is a 400, and nothing stays', async (_, body) => {
  const files = await filesOf()
  const response = await files.postForm(body, FORM)
  expect(response.status).toBe(400)
  await errorOf(response)
  expect([await files.stored(), (await files.list()).total]).toEqual([[], 0])
})

test('a file over the limit is a 413, announced or not, and nothing stays', async () => {
  const files = await filesOf()
  const whole = new TextEncoder().encode(part('name="file"; filename="big"', 'x'.repeat(1024 * 1024 + 1)) + END)
  const pieces = new ReadableStream<Uint8Array>({
    start(controller) {
      for (let at = 0; at < whole.length; at += 100_000) controller.enqueue(whole.slice(at, at + 100_000))
      controller.close()
    },
  })
  for (const body of [whole, pieces, 'x'.repeat(3_000_000)]) {
    const response = await files.postForm(body, FORM)
    expect(response.status).toBe(413)
    expect((await errorOf(response)).detail).toContain('1 MB')
  }
  expect([await files.stored(), (await files.list()).total]).toEqual([[], 0])
})

test('other fields may not be large', async () => {
  const files = await filesOf()
  const body = part('name="other"', 'x'.repeat(1024 * 1024 + 1)) + part('name="file"; filename="a"', 'x') + END
  expect((await files.postForm(body, FORM)).status).toBe(413)
})

test.each(['application/json', 'multipart/form-data', 'multipart/mixed; boundary=a'])('a body of type %s is a 415', async (type) => {
  const files = await filesOf()
  const response = await files.postForm('{}', { 'content-type': type })
  expect(response.status).toBe(415)
  await errorOf(response)
})
