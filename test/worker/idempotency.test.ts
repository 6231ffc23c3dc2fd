import { evictDurableObject, runInDurableObject } from 'cloudflare:test'
import { describe, expect, test } from 'vitest'
import { KEY_LIFETIME_MS } from '../../src/account/idempotency.ts'
import { commandStub, errorOf, SUBMIT, SUBMIT_CHAIN, SUBMIT_MULTIPLE, TestAccount, until } from './client.ts'
import { copyOf, mediaUrl, SHORT_TONE } from './media.ts'

const UNREACHABLE = copyOf(mediaUrl('/status/404'))
const CHAIN = { output_files: { out_tone: 'tone.m4a' }, ffmpeg_commands: ['-f lavfi -i sine=d=0.1 {{out_tone}}'] }

const KINDS: [path: string, body: object][] = [
  [SUBMIT, UNREACHABLE],
  [SUBMIT_CHAIN, CHAIN],
  [SUBMIT_MULTIPLE, { commands: [UNREACHABLE, SHORT_TONE] }],
]

async function send(account: TestAccount, key: string, body: unknown, path = SUBMIT): Promise<unknown> {
  const response = await account.send(path, body, { 'idempotency-key': key })
  expect(response.status).toBe(200)
  return response.json()
}

async function refusal(account: TestAccount, key: string, body: unknown, path = SUBMIT) {
  const response = await account.send(path, body, { 'idempotency-key': key })
  return { status: response.status, ...(await errorOf(response)) }
}

describe.each(KINDS)('%s', (path, body) => {
  test('the same key and body are answered in the same way, and do nothing a second time', async () => {
    const account = await TestAccount.create()
    const first = await send(account, 'k', body, path)
    const { total } = await account.list()
    expect(await send(account, 'k', body, path)).toEqual(first)
    expect((await account.list()).total).toBe(total)
  })

  test('many at once are one', async () => {
    const account = await TestAccount.create()
    const answers = await Promise.all(Array.from({ length: 6 }, () => send(account, 'k', body, path)))
    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1)
    expect((await account.list()).total).toBe('commands' in body ? 2 : 1)
  })

  test('without a key every request is one of its own', async () => {
    const account = await TestAccount.create()
    const answers = [await (await account.send(path, body)).text(), await (await account.send(path, body)).text()]
    expect(new Set(answers).size).toBe(2)
  })
})

test('the same key with another body is a 409 that says what to do, and nothing is stored', async () => {
  const account = await TestAccount.create()
  await send(account, 'k', UNREACHABLE)
  const conflict = { status: 409, error: 'IDEMPOTENCY_CONFLICT', message: expect.stringContaining('key of its own') }
  expect(await refusal(account, 'k', { ...UNREACHABLE, metadata: { a: 1 } })).toMatchObject(conflict)
  expect(await refusal(account, 'k', { commands: [UNREACHABLE] }, SUBMIT_MULTIPLE)).toMatchObject(conflict)
  expect((await account.list()).total).toBe(1)
})

test('the order of properties, and a number that comes as text, make no other body', async () => {
  const account = await TestAccount.create()
  const first = await send(account, 'k', { ...SHORT_TONE, metadata: { a: 1, b: { c: 2, d: 3 } }, max_command_run_seconds: 5 })
  const { output_files, ffmpeg_command } = SHORT_TONE
  const other = { max_command_run_seconds: '5', metadata: { b: { d: 3, c: 2 }, a: 1 }, ffmpeg_command, output_files }
  expect(await send(account, 'k', other)).toEqual(first)
})

test('another account’s keys are its own', async () => {
  const [one, other] = [await TestAccount.create(), await TestAccount.create()]
  await send(one, 'k', UNREACHABLE)
  await send(other, 'k', SHORT_TONE)
  expect((await other.list()).total).toBe(1)
})

test('a request that was refused leaves its key to the mended one', async () => {
  const account = await TestAccount.create()
  const wrong = await account.post({ ...UNREACHABLE, output_files: {} }, { headers: { 'idempotency-key': 'k' } })
  expect(wrong.status).toBe(422)
  await send(account, 'k', UNREACHABLE)
  expect((await account.list()).total).toBe(1)
})

test('a wait is no part of the request: the repetition waits for the same command', async () => {
  const account = await TestAccount.create()
  const first = await send(account, 'k', UNREACHABLE)
  const response = await account.post(UNREACHABLE, { headers: { 'idempotency-key': 'k', prefer: 'wait=30' } })
  expect(await response.json()).toMatchObject({ ...Object(first), status: 'FAILED' })
})

test('a key survives the eviction of the account', async () => {
  const account = await TestAccount.create()
  const first = await send(account, 'k', UNREACHABLE)
  await account.list()
  await evictDurableObject(account.stub)
  expect(await send(account, 'k', UNREACHABLE)).toEqual(first)
})

test('after 24 hours a key is free, and is forgotten with the next', async () => {
  const account = await TestAccount.create()
  const first = await send(account, 'k', UNREACHABLE)
  await send(account, 'old', UNREACHABLE)
  await runInDurableObject(account.stub, (_, state) => {
    state.storage.sql.exec('UPDATE idempotency SET created_at = created_at - ?', KEY_LIFETIME_MS)
  })
  expect(await send(account, 'k', SHORT_TONE)).not.toEqual(first)
  const keys = await runInDurableObject(account.stub, (_, state) => state.storage.sql.exec('SELECT key FROM idempotency').toArray())
  expect(keys).toEqual([{ key: 'k' }])
})

test('a repetition makes good what a crash has left undone', async () => {
  const account = await TestAccount.create()
  const first = Object(await send(account, 'k', SHORT_TONE))
  const stub = commandStub(first.command_id)
  await until('the command is settled', () => runInDurableObject(stub, async (_, state) => state.storage.kv.get('settled') === true))
  // As if the first time had died between the account and the command.
  await runInDurableObject(stub, (_, state) => state.storage.deleteAll())
  await evictDurableObject(stub)
  expect(await send(account, 'k', SHORT_TONE)).toEqual(first)
  expect((await account.ended(first.command_id)).status).toBe('SUCCESS')
  expect((await account.list()).total).toBe(1)
})

test.each([
  ['empty', ''],
  ['longer than 255 characters', 'x'.repeat(256)],
])('a key that is %s is a 400, and nothing is stored', async (_, key) => {
  const account = await TestAccount.create()
  expect(await refusal(account, key, UNREACHABLE)).toMatchObject({
    status: 400,
    error: 'INVALID_REQUEST',
    message: expect.stringContaining('Idempotency-Key'),
  })
  expect((await account.list()).total).toBe(0)
})
