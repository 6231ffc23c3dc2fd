import { createExecutionContext } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { expect, test } from 'vitest'
import { hashApiKey, newApiKey } from '../../src/api/api-key.ts'
import { createApp } from '../../src/app.ts'
import { settingsOf } from '../../src/settings.ts'
import { errorOf, faultsOf, ORIGIN, request, TestAccount, until } from './client.ts'
import { contract } from './contract.ts'
import { copyOf, Gate, SHORT_TONE } from './media.ts'

const app = createApp()
/** The Worker where a key may ask no more than a stranger: a busy machine could not use up in time what it may ask elsewhere. */
const STRICT = { ...env, REQUEST_LIMIT: env.STRANGER_LIMIT }
/** As in wrangler.toml. */
const STRICT_LIMIT = 100

async function requestStrictly(path: string, init: RequestInit): Promise<Response> {
  const answer = await app.fetch(new Request(new URL(path, ORIGIN), init), STRICT, createExecutionContext())
  await (await contract()).check(init.method ?? 'GET', path, answer)
  return answer
}

/** Has so many counted, straight at the binding: whole requests would come too slowly on a busy machine. Answers which were let through. */
async function use(key: string, times: number): Promise<boolean[]> {
  const uses = await Promise.all(Array.from({ length: times }, () => env.STRANGER_LIMIT.limit({ key })))
  return uses.map(({ success }) => success)
}

/** Uses up what a key or an address may ask, and answers how a request that comes then is refused. */
function refusal(key: string, ask: () => Promise<Response>): Promise<Response> {
  return until('a request is refused', async () => {
    // A period may end in between.
    if ((await use(key, STRICT_LIMIT + 1)).every((success) => success)) return false
    const response = await ask()
    return response.status === 429 && response
  })
}

test('a full queue is a 429 with Retry-After, and nothing is stored', async () => {
  const account = await TestAccount.create()
  const gates = [new Gate(), new Gate()]
  const running = await Promise.all(gates.map((gate) => account.submit(copyOf(gate.url))))
  await until('both slots are taken', async () => (await account.list('?status=PROCESSING')).total === 2)
  const { maxQueuedCommands } = settingsOf(env)
  const waiting: string[] = []
  for (let n = 0; n < maxQueuedCommands; n++) waiting.push(await account.submit(SHORT_TONE))
  const refused = await account.post(SHORT_TONE)
  expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, '30'])
  expect((await errorOf(refused)).error).toBe('QUEUE_FULL')
  expect((await account.list()).total).toBe(2 + maxQueuedCommands)
  for (const id of [...waiting, ...running]) await account.cancel(id)
})

test('one key that asks too often is a 429, and another goes on', async () => {
  const account = await TestAccount.create()
  const ask = (key: string) => requestStrictly('/api/v1/commands', { headers: { 'x-api-key': key } })
  const busyKey = newApiKey()
  await account.addKey(busyKey)
  expect((await ask(busyKey)).status).toBe(200)
  const refused = await refusal(await hashApiKey(busyKey), () => ask(busyKey))
  expect(refused.headers.get('retry-after')).toBe('10')
  expect((await errorOf(refused)).error).toBe('RATE_LIMITED')
  expect((await ask(account.apiKey)).status).toBe(200)
})

test('what stands on top of the API counts a request once', async () => {
  const account = await TestAccount.create()
  const once = async (path: string, init: RequestInit = {}) => {
    const key = newApiKey()
    await account.addKey(key)
    await use(await hashApiKey(key), STRICT_LIMIT - 1)
    return requestStrictly(path, { ...init, headers: { ...init.headers, authorization: `Bearer ${key}` } })
  }
  expect((await once('/v1/commands')).status).toBe(200)
  const call = { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'list_commands', arguments: {} } }
  const headers = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' }
  const answer = await once('/api/mcp', { method: 'POST', headers, body: JSON.stringify(call) })
  expect(await answer.json()).toMatchObject({ result: { isError: false } })
})

test('strangers are limited by their address', async () => {
  const ask = (address: string) => request('/api/v1/commands', { headers: { 'cf-connecting-ip': address } })
  expect((await ask('203.0.113.7')).status).toBe(401)
  const refused = await refusal('203.0.113.7', () => ask('203.0.113.7'))
  expect((await errorOf(refused)).error).toBe('RATE_LIMITED')
  expect((await ask('203.0.113.8')).status).toBe(401)
})

test('more files than a command may have are a 422', async () => {
  const account = await TestAccount.create()
  const input_files = Object.fromEntries(Array.from({ length: 101 }, (_, n) => [`in_${n}`, 'https://example.com/a.mp4']))
  const faults = await faultsOf(await account.post({ ...SHORT_TONE, input_files }))
  expect(faults).toContainEqual(expect.objectContaining({ loc: ['input_files'], msg: '100 files at most' }))
})
