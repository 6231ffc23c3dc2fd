import { describe, expect, test } from 'vitest'
import { newApiKey } from '../../src/api/api-key.ts'
import { errorOf, request, SUBMIT, TestAccount } from './client.ts'
import { copyOf, mediaUrl } from './media.ts'

const LIST = '/api/v1/commands'
const SUBMITTED = copyOf(mediaUrl('/status/404'))

async function expectUnauthorized(response: Response): Promise<void> {
  expect(response.status).toBe(401)
  expect(await errorOf(response)).toMatchObject({ error: 'UNAUTHORIZED', message: expect.stringContaining('API key') })
}

describe('who is let in', () => {
  test('nobody without a key', async () => {
    await expectUnauthorized(await request(LIST))
    await expectUnauthorized(await request(SUBMIT, { method: 'POST', body: 'anything' }))
    await expectUnauthorized(await request(`${LIST}/00000000-0000-4000-8000-000000000000`))
    await expectUnauthorized(await request('/api/v1/nothing'))
  })

  test.each([
    ['empty', ''],
    ['of another shape', 'secret'],
    ['without its prefix', newApiKey().slice(5)],
    ['too short', newApiKey().slice(0, -1)],
    ['too long', `${newApiKey()}0`],
    ['in capitals', newApiKey().toUpperCase()],
    ['unknown', newApiKey()],
  ])('nobody with a key that is %s', async (_, key) => {
    await expectUnauthorized(await request(LIST, { headers: { 'x-api-key': key } }))
    await expectUnauthorized(await request(LIST, { headers: { authorization: `Bearer ${key}` } }))
  })

  test('nobody with another scheme than Bearer', async () => {
    const account = await TestAccount.create()
    for (const authorization of [account.apiKey, `Basic ${account.apiKey}`, `Bearer${account.apiKey}`, `Bearer ${account.apiKey} more`]) {
      await expectUnauthorized(await request(LIST, { headers: { authorization } }))
    }
  })

  test('whoever sends a key as X-API-KEY', async () => {
    const account = await TestAccount.create()
    expect((await request(LIST, { headers: { 'X-API-KEY': account.apiKey } })).status).toBe(200)
  })

  test('whoever sends a key as a bearer token', async () => {
    const account = await TestAccount.create()
    expect((await request(LIST, { headers: { Authorization: `Bearer ${account.apiKey}` } })).status).toBe(200)
    expect((await request(LIST, { headers: { authorization: `bearer  ${account.apiKey} ` } })).status).toBe(200)
  })

  test('whoever sends one beside an empty X-API-KEY, or with white space around it', async () => {
    const { apiKey } = await TestAccount.create()
    for (const empty of ['', ' ']) {
      expect((await request(LIST, { headers: { 'x-api-key': empty, authorization: `Bearer ${apiKey}` } })).status).toBe(200)
    }
    expect((await request(LIST, { headers: { 'x-api-key': `  ${apiKey}\t` } })).status).toBe(200)
    expect((await request('/api/v1/health', { headers: { 'x-api-key': '' } })).status).toBe(200)
  })

  test('of two keys the one in X-API-KEY counts', async () => {
    const [one, other] = await Promise.all([TestAccount.create(), TestAccount.create()])
    const id = await one.submit(SUBMITTED)
    const ask = (key: string, bearer: string) =>
      request(`${LIST}/${id}`, { headers: { 'x-api-key': key, authorization: `Bearer ${bearer}` } })
    expect([(await ask(one.apiKey, other.apiKey)).status, (await ask(other.apiKey, one.apiKey)).status]).toEqual([200, 404])
    await expectUnauthorized(await ask(newApiKey(), one.apiKey))
  })

  test('and who is not is challenged to, as RFC 6750 has it, in the older form and by the protocol for agents as well', async () => {
    for (const path of [LIST, '/v1/commands', '/api/mcp']) {
      const method = path === '/api/mcp' ? 'POST' : 'GET'
      expect((await request(path, { method })).headers.get('www-authenticate')).toBe('Bearer realm="RenderIO"')
      const unknown = await request(path, { method, headers: { 'x-api-key': newApiKey() } })
      expect(unknown.headers.get('www-authenticate')).toBe('Bearer realm="RenderIO", error="invalid_token"')
    }
  })

  test('nobody with a key that has been revoked, while the account’s other keys go on', async () => {
    const account = await TestAccount.create()
    const revoked = newApiKey()
    await account.addKey(revoked)
    await account.revokeKey(revoked)
    await expectUnauthorized(await request(LIST, { headers: { 'x-api-key': revoked } }))
    expect((await account.list()).total).toBe(0)
  })
})

describe('accounts', () => {
  test('several keys stand for one account', async () => {
    const account = await TestAccount.create()
    const second = newApiKey()
    await account.addKey(second)
    const id = await account.submit(SUBMITTED)
    expect((await request(`${LIST}/${id}`, { headers: { 'x-api-key': second } })).status).toBe(200)
  })

  test('another account’s command is a 404, whatever is asked of it, and stays as it is', async () => {
    const [owner, stranger] = await Promise.all([TestAccount.create(), TestAccount.create()])
    const id = await owner.submit(SUBMITTED)
    const ended = await owner.ended(id)
    for (const [method, path] of [
      ['GET', `${LIST}/${id}`],
      ['GET', `${LIST}/${id}?wait=5`],
      ['GET', `${LIST}/${id}/log`],
      ['GET', `${LIST}/${id}/events`],
      ['POST', `${LIST}/${id}/cancel`],
      ['POST', `${LIST}/${id}/retry`],
      ['DELETE', `${LIST}/${id}/files`],
    ] as const) {
      const response = await stranger.request(path, { method })
      expect(response.status, path).toBe(404)
      const unknown = await stranger.request(path.replace(id, crypto.randomUUID()), { method })
      expect(await response.text(), 'as if there were none').toBe(await unknown.text())
      expect((await stranger.request(path.replace(id, 'no-id'), { method })).status, 'what is no id').toBe(404)
    }
    expect(await owner.poll(id)).toEqual(ended)
  })

  test('another account’s commands are not listed', async () => {
    const [owner, stranger] = await Promise.all([TestAccount.create(), TestAccount.create()])
    await owner.submit(SUBMITTED)
    expect(await stranger.list()).toMatchObject({ commands: [], total: 0 })
    expect(await owner.list()).toMatchObject({ total: 1 })
  })
})
