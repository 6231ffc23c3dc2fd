import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { expect, test } from 'vitest'
import type { CommandRecord } from '../../src/command/record.ts'
import { storageUrl } from '../../src/files/storage-url.ts'
import { signFileToken } from '../../src/files/token.ts'
import { settingsOf } from '../../src/settings.ts'
import { commandStub, download, ORIGIN, onlyOutput, request, TestAccount, until } from './client.ts'
import { copyOf, mediaUrl, SHORT_TONE } from './media.ts'

async function storedTone(account: TestAccount) {
  return onlyOutput(await account.succeed(copyOf(mediaUrl('/tone.wav'))))
}

test('a storage URL works without a key, whole and in parts', async () => {
  const output = await storedTone(await TestAccount.create())
  expect(new URL(output.storage_url).pathname).toMatch(/\/copy\.m4a$/)
  const whole = new Uint8Array(await (await download(output.storage_url)).arrayBuffer())
  expect(whole.length / 1_000_000).toBe(output.size_mbytes)

  const first = await download(output.storage_url, { range: 'bytes=0-99' })
  expect([first.status, first.headers.get('content-range')]).toEqual([206, `bytes 0-99/${whole.length}`])
  expect(new Uint8Array(await first.arrayBuffer())).toEqual(whole.slice(0, 100))
  const last = await download(output.storage_url, { range: 'bytes=-10' })
  expect(new Uint8Array(await last.arrayBuffer())).toEqual(whole.slice(-10))
  const beyond = await download(output.storage_url, { range: `bytes=${whole.length}-` })
  expect([beyond.status, beyond.headers.get('content-range')]).toEqual([416, `bytes */${whole.length}`])
})

test('a part from the middle is a part, unless the file is another one by now', async () => {
  const { storage_url } = await storedTone(await TestAccount.create())
  const whole = await download(storage_url)
  const etag = whole.headers.get('etag') ?? ''
  const bytes = new Uint8Array(await whole.arrayBuffer())
  for (const same of [{}, { 'if-range': etag }, { 'if-range': whole.headers.get('last-modified') ?? '' }]) {
    const part = await download(storage_url, { range: 'bytes=100-199', ...same })
    expect([part.status, part.headers.get('content-length'), part.headers.get('content-range')]).toEqual([
      206,
      '100',
      `bytes 100-199/${bytes.length}`,
    ])
    expect(new Uint8Array(await part.arrayBuffer())).toEqual(bytes.slice(100, 200))
  }
  const other = await download(storage_url, { range: 'bytes=100-199', 'if-range': '"another"' })
  expect(other.status).toBe(200)
  expect((await other.arrayBuffer()).byteLength).toBe(bytes.length)
})

test('a file is told for what it is, cannot run in our origin, and may be read by any web page', async () => {
  const response = await download((await storedTone(await TestAccount.create())).storage_url)
  expect(Object.fromEntries(response.headers)).toMatchObject({
    'content-type': 'audio/mp4',
    'content-disposition': 'inline; filename="copy.m4a"',
    'accept-ranges': 'bytes',
    'x-content-type-options': 'nosniff',
    'content-security-policy': expect.stringContaining('sandbox'),
    'access-control-allow-origin': '*',
    etag: expect.stringMatching(/^"[^"]+"$/),
    'x-request-id': expect.any(String),
  })
  await response.body?.cancel()
})

test('HEAD of a part tells its size and sends nothing', async () => {
  const { storage_url } = await storedTone(await TestAccount.create())
  const head = await request(storage_url, { method: 'HEAD', headers: { range: 'bytes=0-9' } })
  expect([head.status, head.headers.get('content-length')]).toEqual([206, '10'])
  expect(await head.text()).toBe('')
})

test('HEAD tells size and type, and an unchanged file is not sent again', async () => {
  const output = await storedTone(await TestAccount.create())
  const head = await request(output.storage_url, { method: 'HEAD' })
  expect(head.status).toBe(200)
  expect(head.headers.get('content-type')).toBe('audio/mp4')
  expect(Number(head.headers.get('content-length')) / 1_000_000).toBe(output.size_mbytes)
  const again = await download(output.storage_url, { 'if-none-match': head.headers.get('etag') ?? '' })
  expect(again.status).toBe(304)
})

test('a link that was tampered with, has expired or names another file is a 404', async () => {
  const account = await TestAccount.create()
  const output = await storedTone(account)
  const [, , token = '', filename = ''] = new URL(output.storage_url).pathname.split('/')
  const expired = await signFileToken({ account: account.name, fileId: output.file_id, expiresAt: 1 }, env.URL_SIGNING_SECRET)
  const foreign = await signFileToken({ account: 'another', fileId: output.file_id, expiresAt: 2e9 }, env.URL_SIGNING_SECRET)
  for (const path of [
    `${token.slice(0, -1)}${token.endsWith('A') ? 'B' : 'A'}/${filename}`,
    `${expired}/${filename}`,
    `${foreign}/${filename}`,
    `${token}/other.wav`,
  ]) {
    const response = await download(`${ORIGIN}/files/${path}`)
    expect(response.status, path).toBe(404)
  }
})

test('a file name that needs encoding survives the link', async () => {
  const key = { account: 'names', fileId: 'f1', filename: 'Ünï & 100%.txt' }
  await env.FILES.put(`${key.account}/${key.fileId}/${key.filename}`, 'hello')
  const url = await storageUrl(key, ORIGIN, settingsOf(env))
  expect(await (await download(url)).text()).toBe('hello')
})

test('with R2’s credentials the link is R2’s own, presigned', async () => {
  const credentials = { R2_ACCOUNT_ID: 'acc', R2_ACCESS_KEY_ID: 'id', R2_SECRET_ACCESS_KEY: 'secret', R2_BUCKET: 'bucket' }
  const url = new URL(await storageUrl({ account: 'a', fileId: 'f', filename: 'o.mp4' }, ORIGIN, settingsOf(credentials)))
  expect(url.origin + url.pathname).toBe('https://acc.r2.cloudflarestorage.com/bucket/a/f/o.mp4')
  expect(url.searchParams.get('X-Amz-Signature')).toMatch(/^[0-9a-f]{64}$/)
})

test('when the retention is over, the files are gone and poll and list say so', async () => {
  const account = await TestAccount.create()
  const command = await account.succeed(SHORT_TONE)
  const output = onlyOutput(command)
  const stub = commandStub(command.command_id)
  await until('the command is settled', () => runInDurableObject(stub, async (_, state) => state.storage.kv.get('settled') === true))
  await runInDurableObject(stub, async (_, state) => {
    const record = state.storage.kv.get<CommandRecord>('record')
    if (record?.state.status !== 'SUCCESS') throw new Error('the command has not succeeded')
    state.storage.kv.put('record', { ...record, state: { ...record.state, endedAt: Date.now() - settingsOf(env).fileRetentionMs } })
  })
  await evictDurableObject(stub)
  expect(await runDurableObjectAlarm(stub)).toBe(true)
  expect((await account.poll(command.command_id)).output_files).toMatchObject({ out_tone: { is_deleted: true, storage_url: null } })
  expect((await account.list()).commands[0]?.output_files).toMatchObject({ out_tone: { is_deleted: true, storage_url: null } })
  expect((await download(output.storage_url)).status).toBe(404)
})
