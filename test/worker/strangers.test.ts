/** What somebody without a key can make the service do: next to nothing. */
import { createExecutionContext } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { describe, expect, test } from 'vitest'
import { newApiKey } from '../../src/api/api-key.ts'
import { createApp } from '../../src/app.ts'
import { errorOf, ORIGIN, request, TestAccount, until } from './client.ts'

/** An isolate that has just started, with `bindings` in the place of some of its own. */
function freshApp(bindings: object = {}) {
  const app = createApp()
  const build = app.getOpenAPI31Document
  const built = { times: 0 }
  app.getOpenAPI31Document = (...given) => {
    built.times += 1
    return build(...given)
  }
  const bound = { ...env, ...bindings }
  const ask = (path: string, init: RequestInit = {}) => app.fetch(new Request(new URL(path, ORIGIN), init), bound, createExecutionContext())
  return { ask, built }
}

const PUBLIC_TEXTS = [['/openapi.json'], ['/llms.txt']]

describe('what is the same for everyone', () => {
  test('is made once, whoever asks for it and however often', async () => {
    const { ask, built } = freshApp()
    const { apiKey } = await TestAccount.create()
    const agent = (method: string) =>
      ask('/api/mcp', {
        method: 'POST',
        headers: {
          'x-api-key': apiKey,
          'content-type': 'application/json',
          accept: 'application/json, text/event-stream',
        },
        body: JSON.stringify({ jsonrpc: '2.0', id: 1, method }),
      })
    const asked = [...PUBLIC_TEXTS, ...PUBLIC_TEXTS].flatMap(([path = '']) => [ask(path), ask(path, { method: 'HEAD' })])
    const answers = await Promise.all([...asked, agent('tools/list'), agent('tools/list')])
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200))
    expect(built.times).toBe(1)
  })

  test('is not made at all before somebody asks', async () => {
    const { ask, built } = freshApp()
    expect((await ask('/nothing')).status).toBe(404)
    expect(built.times).toBe(0)
  })

  test.each(PUBLIC_TEXTS)('%s may be kept for some minutes, and is not sent again to who has it', async (path = '') => {
    const whole = await request(path)
    expect(whole.headers.get('cache-control')).toMatch(/^public, max-age=\d+$/)
    const etag = whole.headers.get('etag') ?? ''
    expect(etag).toMatch(/^"[0-9a-f]{32}"$/)
    const text = await whole.text()
    expect(text.length).toBeGreaterThan(1000)

    const head = await request(path, { method: 'HEAD' })
    expect([head.status, head.headers.get('etag'), head.headers.get('content-type')]).toEqual([
      200,
      etag,
      whole.headers.get('content-type'),
    ])
    expect(await head.text()).toBe('')
    for (const method of ['GET', 'HEAD']) {
      for (const known of [etag, `W/${etag}`, `"other", ${etag}`, '*']) {
        const same = await request(path, { method, headers: { 'if-none-match': known } })
        expect([same.status, same.headers.get('etag'), await same.text()]).toEqual([304, etag, ''])
      }
    }
    expect((await request(path, { headers: { 'if-none-match': '"other"' } })).status).toBe(200)
    const refused = await request(path, { method: 'POST' })
    expect([refused.status, refused.headers.get('allow')]).toEqual([405, 'GET, HEAD'])
  })
})

describe('who is counted, and when', () => {
  /** KV and the strangers' limit of an isolate, in the order in which they are asked. */
  function watched({ refusing = false, ...bindings }: { refusing?: boolean; CLIENT_ADDRESS_HEADER?: string } = {}) {
    const asked: string[] = []
    const KEYS = {
      async get(hash: string, options: KVNamespaceGetOptions<'json'>) {
        asked.push('KV')
        return env.KEYS.get(hash, options)
      },
    }
    const STRANGER_LIMIT = {
      async limit({ key }: RateLimitOptions) {
        asked.push(`limit of ${key}`)
        return { success: !refusing }
      },
    }
    const { ask } = freshApp({ KEYS, STRANGER_LIMIT, ...bindings })
    const list = async (headers: Record<string, string>) => (await ask('/api/v1/commands', { headers })).status
    return { asked, list }
  }
  const ADDRESS = '203.0.113.9'
  const FROM = { 'cf-connecting-ip': ADDRESS }
  const COUNTED = `limit of ${ADDRESS}`

  test.each([
    ['without a key', {}],
    ['with a key of another shape', { 'x-api-key': 'secret' }],
  ])('a request %s is counted, and nothing else is done', async (_, headers) => {
    const { asked, list } = watched()
    expect(await list({ ...FROM, ...headers })).toBe(401)
    expect(asked).toEqual([COUNTED])
  })

  test('a key that may be good is looked up only while its address may ask', async () => {
    const [open, closed] = [watched(), watched({ refusing: true })]
    expect(await open.list({ ...FROM, 'x-api-key': newApiKey() })).toBe(401)
    expect(open.asked).toEqual([COUNTED, 'KV'])
    expect(await closed.list({ ...FROM, 'x-api-key': newApiKey() })).toBe(429)
    expect(closed.asked).toEqual([COUNTED])
  })

  test('a good key is counted as a stranger’s until it is known, and then no stranger can keep it out', async () => {
    const { apiKey } = await TestAccount.create()
    const first = watched()
    expect([await first.list({ ...FROM, 'x-api-key': apiKey }), first.asked]).toEqual([200, [COUNTED, 'KV']])
    const later = watched({ refusing: true })
    expect([await later.list({ ...FROM, 'x-api-key': apiKey }), later.asked]).toEqual([200, []])
  })

  test.each([
    ['nothing says from where it comes', {}, {}],
    ['no header is to be believed', { CLIENT_ADDRESS_HEADER: '' }, FROM],
    ['the header says no address', {}, { 'cf-connecting-ip': 'somewhere' }],
  ])('where %s, a good key gets in whatever strangers have done, and a bad one is counted with all of them', async (_, bindings, from) => {
    const { apiKey } = await TestAccount.create()
    const { asked, list } = watched({ refusing: true, ...bindings })
    expect(await list({ ...from, 'x-api-key': apiKey })).toBe(200)
    expect(asked).toEqual(['KV'])
    expect(await list({ ...from, 'x-api-key': newApiKey() })).toBe(429)
    expect(asked.slice(1)).toEqual(['KV', 'limit of unknown'])
    expect(await list(from)).toBe(429)
    expect(asked.slice(3)).toEqual(['limit of unknown'])
  })

  test('a bad key that is asked again and again is looked up once', async () => {
    const { asked, list } = watched()
    const key = newApiKey()
    for (let times = 0; times < 5; times++) expect(await list({ ...FROM, 'x-api-key': key })).toBe(401)
    expect(asked.filter((what) => what === 'KV')).toHaveLength(1)
    expect(
      asked.filter((what) => what === COUNTED),
      'and is counted each time',
    ).toHaveLength(5)
  })

  test('a key works soon after it was made, even where it has been tried before', async () => {
    const account = await TestAccount.create()
    const key = newApiKey()
    const { list } = watched()
    expect(await list({ ...FROM, 'x-api-key': key })).toBe(401)
    await account.addKey(key)
    await until('the key works', async () => (await list({ ...FROM, 'x-api-key': key })) === 200)
  })
})

describe('the health', () => {
  /** A container that counts what it is asked, and answers when it is let. */
  function countingExecutor() {
    const asked: string[] = []
    const gate = Promise.withResolvers<void>()
    const answer = { ok: true, protocol: 1, ffmpeg_version: '7.1', sandbox: 'landlock', cpus: 2, running_jobs: 0 }
    const fetch = async ({ url }: Request) => {
      asked.push(new URL(url).pathname)
      await gate.promise
      return Response.json(answer)
    }
    const EXECUTOR = { idFromName: (name: string) => name, get: () => ({ fetch }) }
    return { asked, open: gate.resolve, bindings: { EXECUTOR, EXECUTOR_URL: '' } }
  }

  test('says without a key that the service answers, and starts and asks nothing for it', async () => {
    const { asked, bindings } = countingExecutor()
    const untouchable = new Proxy({}, { get: (_, name) => expect.fail(`the health uses ${String(name)}`) })
    const { ask } = freshApp({ ...bindings, KEYS: untouchable, ACCOUNT: untouchable, COMMAND: untouchable, STORED_FILE: untouchable })
    for (let times = 0; times < 200; times++) {
      const answer = await ask('/api/v1/health')
      expect([answer.status, await answer.json()]).toEqual([200, { status: 'ok' }])
    }
    expect((await ask('/api/v1/health', { method: 'HEAD' })).status).toBe(200)
    expect(asked).toEqual([])
  })

  test('asks an executor once for many who have a key', async () => {
    const { asked, open, bindings } = countingExecutor()
    const { ask } = freshApp(bindings)
    const accounts = await Promise.all(Array.from({ length: 5 }, () => TestAccount.create()))
    const many = () => [...accounts, ...accounts].map(({ apiKey }) => ask('/api/v1/health', { headers: { 'x-api-key': apiKey } }))
    const first = many()
    await until('the executor is asked', async () => asked.length > 0)
    open()
    for (const answer of await Promise.all([...first, ...many()])) {
      expect([answer.status, await answer.json()]).toMatchObject([200, { executor: { ok: true, ffmpeg_version: '7.1' } }])
    }
    expect(asked).toEqual(['/v1/health'])
  })

  test('asks nobody for who has a wrong key', async () => {
    const { asked, bindings } = countingExecutor()
    const { ask } = freshApp(bindings)
    for (const headers of [{ 'x-api-key': newApiKey() }, { authorization: `Bearer ${newApiKey()}` }]) {
      const answer = await ask('/api/v1/health', { headers })
      expect(answer.status).toBe(401)
      expect((await errorOf(answer)).error).toBe('UNAUTHORIZED')
    }
    const { status } = await ask('/api/v1/health', { headers: { 'x-api-key': '' } })
    expect(status, 'an empty key is none').toBe(200)
    expect(asked).toEqual([])
  })
})

test.each([
  ['PUT', '/files/no-token/parts/1', 404],
  ['POST', '/files/no-token/name', 405],
  ['POST', '/nothing', 404],
  ['POST', '/api/v1/run-ffmpeg-command', 401],
  ['POST', '/api/v1/files/upload', 401],
  ['POST', '/v1/files/upload', 401],
  ['POST', '/api/mcp', 401],
])('the body of %s %s, which is a %d, is left unread', async (method, path, status) => {
  const { ask } = freshApp()
  let read = 0
  const body = new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        read += 1
        controller.enqueue(new Uint8Array(65_536))
        if (read === 1000) controller.close()
      },
    },
    { highWaterMark: 0 },
  )
  const answer = await ask(path, { method, body, headers: { 'content-type': 'application/json' } })
  expect(answer.status).toBe(status)
  if (status !== 401 || !path.startsWith('/v1/')) await errorOf(answer)
  expect(read).toBe(0)
})

test('an answer does not repeat a request id without end', async () => {
  const answer = await request('/nothing', { headers: { 'x-request-id': 'x'.repeat(10_000) } })
  expect(answer.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/)
})
