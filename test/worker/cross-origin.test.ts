/** A page of another origin uses the API as a browser lets it: it asks first, and reads only what the answer allows. */
import { createExecutionContext, env } from 'cloudflare:test'
import { describe, expect, test } from 'vitest'
import { newApiKey } from '../../src/api/api-key.ts'
import { createApp } from '../../src/app.ts'
import { fromElsewhere, ORIGIN, request, SUBMIT, TestAccount } from './client.ts'
import { FilesClient } from './files-client.ts'
import { SHORT_TONE } from './media.ts'

const PAGE = 'https://app.example.com'
const PREFLIGHT = {
  method: 'OPTIONS',
  headers: { origin: PAGE, 'access-control-request-method': 'POST', 'access-control-request-headers': 'x-api-key, content-type, prefer' },
}
const PATHS = [SUBMIT, '/v1/run-ffmpeg-command', '/api/mcp', '/files/token/parts/1', '/openapi.json', '/api/v1/nothing']

const allowOrigin = ({ headers }: Response) => headers.get('access-control-allow-origin')
const list = (headers: Headers, name: string) => (headers.get(name) ?? '').toLowerCase().split(/,\s*/)

describe('a preflight', () => {
  test.each(PATHS)('of %s is answered without a key', async (path) => {
    const answer = await request(path, PREFLIGHT)
    expect([answer.status, allowOrigin(answer), await answer.text()]).toEqual([204, PAGE, ''])
    expect(list(answer.headers, 'access-control-allow-methods')).toEqual(expect.arrayContaining(['get', 'post', 'put', 'delete']))
    const allowed = list(answer.headers, 'access-control-allow-headers')
    expect(allowed).toEqual(
      expect.arrayContaining([
        'x-api-key',
        'authorization',
        'content-type',
        'idempotency-key',
        'prefer',
        'last-event-id',
        'mcp-protocol-version',
      ]),
    )
    expect(answer.headers.get('access-control-max-age')).toBe('86400')
    expect(answer.headers.has('access-control-allow-credentials'), 'no cookie goes along').toBe(false)
  })

  test.each(['https://evil.example.com', 'http://app.example.com', 'https://app.example.com.evil.example', 'null', ''])(
    'of a page of %j allows nothing',
    async (origin) => {
      const answer = await request(SUBMIT, { ...PREFLIGHT, headers: { ...PREFLIGHT.headers, origin } })
      expect(allowOrigin(answer)).toBeNull()
      expect(answer.headers.get('vary')).toMatch(/origin/i)
    },
  )
})

describe('a page of an allowed origin', () => {
  test.each(['', '/v1'])('runs a command and reads the answer %s', async (older) => {
    const account = await TestAccount.create()
    const path = older === '' ? SUBMIT : '/v1/run-ffmpeg-command'
    const answer = await account.send(`${path}?wait=50`, SHORT_TONE, { origin: 'http://localhost:5173' })
    expect([answer.status, allowOrigin(answer)]).toEqual([200, 'http://localhost:5173'])
    expect(await answer.json()).toMatchObject({ status: 'SUCCESS' })
    expect(list(answer.headers, 'access-control-expose-headers')).toEqual(expect.arrayContaining(['x-request-id', 'retry-after', 'etag']))
  })

  test('uploads in parts, and learns the ETag of each', async () => {
    const account = await TestAccount.create()
    const { upload_urls } = await new FilesClient(account).initUpload('note.txt', 4)
    const { pathname } = new URL(upload_urls[0] ?? '')
    const put = await request(pathname, { method: 'PUT', body: 'text', headers: { origin: PAGE, 'content-length': '4' } })
    expect([put.status, allowOrigin(put)]).toEqual([200, PAGE])
    expect(list(put.headers, 'access-control-expose-headers')).toContain('etag')
  })

  test('reads what went wrong: 400, 401, 404, 405, 415, 422', async () => {
    const account = await TestAccount.create()
    const headers = { origin: PAGE }
    const answers = await Promise.all([
      account.send(SUBMIT, '{', headers),
      request(SUBMIT, { method: 'POST', headers: { ...headers, ...fromElsewhere() } }),
      request('/v1/commands', { headers: { ...headers, ...fromElsewhere(), 'x-api-key': newApiKey() } }),
      account.request('/api/v1/nothing', { headers }),
      account.request(SUBMIT, { headers }),
      account.request(SUBMIT, { method: 'POST', headers: { ...headers, 'content-type': 'text/plain' }, body: '{}' }),
      account.send(SUBMIT, {}, headers),
    ])
    expect(answers.map(({ status }) => status)).toEqual([400, 401, 401, 404, 405, 415, 422])
    expect(new Set(answers.map(allowOrigin))).toEqual(new Set([PAGE]))
  })

  test('reads that it has asked too often, and for how long', async () => {
    const headers = { origin: PAGE, ...fromElsewhere() }
    let limited: Response | undefined
    for (let n = 0; n < 300 && limited === undefined; n++) {
      const answer = await request('/api/v1/commands', { headers })
      if (answer.status === 429) limited = answer
    }
    expect(limited && [allowOrigin(limited), limited.headers.get('retry-after')]).toEqual([PAGE, '10'])
  })

  test('reads that something went wrong on our side', async () => {
    const broken = { ...env, URL_SIGNING_SECRET: '' }
    const put = new Request(`${ORIGIN}/files/token/parts/1`, { method: 'PUT', headers: { origin: PAGE }, body: 'x' })
    const answer = await createApp().fetch(put, broken, createExecutionContext())
    expect([answer.status, allowOrigin(answer)]).toEqual([500, PAGE])
  })
})

test('a file’s link is for pages of every origin', async () => {
  const { storage_url } = await new FilesClient(await TestAccount.create()).upload('text', 'note.txt')
  for (const origin of [PAGE, 'https://evil.example.com']) {
    expect(allowOrigin(await request(new URL(storage_url).pathname, { headers: { origin } }))).toBe('*')
  }
})

describe('where no origin is allowed', () => {
  const closed = (init: RequestInit) =>
    createApp().fetch(new Request(ORIGIN + SUBMIT, init), { ...env, ALLOWED_ORIGINS: '' }, createExecutionContext())

  test('no page may use the API, and a preflight is a request like any other', async () => {
    const answers = [await closed(PREFLIGHT), await closed({ method: 'POST', headers: { origin: PAGE } })]
    expect(answers.map(({ status }) => status)).toEqual([401, 401])
    for (const { headers } of answers) expect([...headers.keys()].filter((name) => name.startsWith('access-control'))).toEqual([])
  })

  test('and with * every page may, without cookies all the same', async () => {
    const app = createApp()
    const answer = await app.fetch(new Request(ORIGIN + SUBMIT, PREFLIGHT), { ...env, ALLOWED_ORIGINS: '*' }, createExecutionContext())
    expect([answer.status, allowOrigin(answer), answer.headers.has('access-control-allow-credentials')]).toEqual([204, '*', false])
  })
})
