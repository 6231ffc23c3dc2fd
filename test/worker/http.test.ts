import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { anyText } from '../support/any-text.ts'
import { download, errorOf, faultsOf, ORIGIN, request, SUBMIT, TestAccount, until } from './client.ts'
import { copyOf, mediaUrl } from './media.ts'

const VALID = copyOf(mediaUrl('/status/404'))

async function expectNothingStored(account: TestAccount): Promise<void> {
  expect((await account.list()).total, 'nothing is stored').toBe(0)
}

describe('a body that cannot be read', () => {
  test.each([
    ['nothing', ''],
    ['white space', ' \n '],
    ['text', 'hello'],
    ['half an object', '{"ffmpeg_command":'],
    ['JavaScript', "{ffmpeg_command: '-i'}"],
    ['two objects', '{}{}'],
    ['a form', 'a=1&b=2'],
  ])('%s is a 400 that says so', async (_, body) => {
    const account = await TestAccount.create()
    const response = await account.post(body)
    expect(response.status).toBe(400)
    expect(await errorOf(response)).toMatchObject({ error: 'INVALID_REQUEST', message: expect.stringContaining('body') })
    await expectNothingStored(account)
  })

  test('no body at all is a 400', async () => {
    const account = await TestAccount.create()
    const response = await account.request(SUBMIT, { method: 'POST', headers: { 'content-type': 'application/json' } })
    expect(response.status).toBe(400)
    expect(await errorOf(response)).toMatchObject({ error: 'INVALID_REQUEST' })
  })

  test('no text, however strange, is answered with a 500', async () => {
    const account = await TestAccount.create()
    await fc.assert(
      fc.asyncProperty(anyText, async (text) => {
        const response = await account.post(text)
        expect([400, 422]).toContain(response.status)
        await response.body?.cancel()
      }),
    )
    await expectNothingStored(account)
  })

  test('bytes that are not UTF-8 are no 500', async () => {
    const account = await TestAccount.create()
    const body = new Uint8Array([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x3a, 0x31, 0x7d])
    const response = await account.request(SUBMIT, { method: 'POST', headers: { 'content-type': 'application/json' }, body })
    expect(response.status).toBe(422)
  })
})

describe('the size of a body', () => {
  const tooLarge = JSON.stringify({ ...VALID, padding: 'x'.repeat(1024 * 1024) })

  test('a body over 1 MiB is a 413, and nothing is stored', async () => {
    const account = await TestAccount.create()
    const response = await account.post(tooLarge)
    expect(response.status).toBe(413)
    expect(await errorOf(response)).toMatchObject({ error: 'PAYLOAD_TOO_LARGE', message: expect.stringContaining('1 MiB') })
    await expectNothingStored(account)
  })

  test('a body over 1 MiB that does not tell its length is a 413 too', async () => {
    const account = await TestAccount.create()
    const bytes = new TextEncoder().encode(tooLarge)
    const body = new ReadableStream({
      start(controller) {
        for (let start = 0; start < bytes.length; start += 65_536) controller.enqueue(bytes.slice(start, start + 65_536))
        controller.close()
      },
    })
    const response = await account.request(SUBMIT, { method: 'POST', headers: { 'content-type': 'application/json' }, body })
    expect(response.status).toBe(413)
    await expectNothingStored(account)
  })

  test('a body of 1 MiB is not too large', async () => {
    const account = await TestAccount.create()
    const body = JSON.stringify({ ...VALID, padding: '' })
    const response = await account.post(body.replace('"padding":""', `"padding":"${'x'.repeat(1024 * 1024 - body.length)}"`))
    expect(response.status).toBe(200)
  })

  test('what is accepted can be stored and listed, whatever its characters are', async () => {
    const account = await TestAccount.create()
    // Quotes double each time they are written as JSON, and one wide character makes all of a text wide.
    for (const text of ['"'.repeat(30_000), `日${'x'.repeat(140_000)}`, '日'.repeat(140_000), '\u0001'.repeat(20_000)]) {
      const command = await account.poll(await account.submit({ ...VALID, metadata: { text } }))
      expect(command.metadata).toEqual({ text })
    }
    expect((await account.list()).commands).toHaveLength(4)
  })

  test.each([
    ['metadata', { ...VALID, metadata: { text: 'x'.repeat(150_000) } }],
    ['an input’s URL', copyOf(`${mediaUrl('/status/404')}${'x'.repeat(150_000)}`)],
  ])('more than can be listed, by its %s, is a 422', async (_, body) => {
    const account = await TestAccount.create()
    expect(await faultsOf(await account.post(body))).toEqual([
      { loc: ['body'], msg: expect.stringContaining('characters'), type: 'value_error' },
    ])
    await expectNothingStored(account)
  })
})

describe('the content type', () => {
  test.each(['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x', 'application/jsonp', 'json', ''])(
    '%j is a 415, and nothing is stored',
    async (type) => {
      const account = await TestAccount.create()
      const response = await account.post(VALID, { headers: { 'content-type': type } })
      expect(response.status).toBe(415)
      expect(await errorOf(response)).toMatchObject({
        error: 'UNSUPPORTED_MEDIA_TYPE',
        message: expect.stringContaining('application/json'),
      })
      await expectNothingStored(account)
    },
  )

  test('a form, as curl sends it without being told otherwise, is told the header', async () => {
    const account = await TestAccount.create()
    const response = await account.post(VALID, { headers: { 'content-type': 'application/x-www-form-urlencoded' } })
    const { message } = await errorOf(response)
    expect(message).toContain('"Content-Type: application/json" (it says "application/x-www-form-urlencoded"): a form is not taken')
    expect(message).toContain("-H 'Content-Type: application/json'")
  })

  test('an absent one is a 415', async () => {
    const account = await TestAccount.create()
    const body = new TextEncoder().encode(JSON.stringify(VALID))
    const response = await account.request(SUBMIT, { method: 'POST', body })
    expect(response.status).toBe(415)
    await expectNothingStored(account)
  })
})

describe('what is not there', () => {
  test.each(['/', '/api/v1', '/api/v1/nothing', '/api/v1/commands/', '/api/v2/commands', '/files', '/files/only-one-part'])(
    '%s is a 404',
    async (path) => {
      const account = await TestAccount.create()
      const response = await account.request(path)
      expect(response.status).toBe(404)
      expect(await errorOf(response)).toMatchObject({ error: 'NOT_FOUND' })
    },
  )

  test.each(['00000000-0000-4000-8000-000000000000', 'not-a-uuid', '__proto__', '%00', '..%2f..', '%F0%9F%8E%AC', '%E0%A4%A'])(
    'a command with the id %s is a 404, by poll and by log',
    async (id) => {
      const account = await TestAccount.create()
      for (const path of [`/api/v1/commands/${id}`, `/api/v1/commands/${id}?wait=1`, `/api/v1/commands/${id}/log`]) {
        const response = await account.request(path)
        expect(response.status, path).toBe(404)
        expect(await errorOf(response)).toMatchObject({ error: 'NOT_FOUND' })
      }
    },
  )

  test.each([
    ['GET', SUBMIT, 'POST'],
    ['PUT', SUBMIT, 'POST'],
    ['POST', '/api/v1/commands', 'GET, HEAD'],
    ['PUT', '/api/v1/commands/00000000-0000-4000-8000-000000000000', 'GET, HEAD, DELETE'],
    ['POST', '/api/v1/commands/00000000-0000-4000-8000-000000000000/log', 'GET, HEAD'],
    ['POST', '/api/v1/health', 'GET, HEAD'],
    ['PUT', '/files/token/name', 'GET, HEAD, OPTIONS'],
  ])('%s %s is a 405 that allows %s', async (method, path, allow) => {
    const account = await TestAccount.create()
    const response = await account.request(path, { method })
    expect(response.status).toBe(405)
    expect(response.headers.get('allow')).toBe(allow)
    expect(await errorOf(response)).toMatchObject({ error: 'METHOD_NOT_ALLOWED' })
  })
})

describe('X-Request-Id', () => {
  test.each<[number, string, RequestInit]>([
    [200, '/api/v1/commands', {}],
    [400, '/api/v1/commands?limit=0', {}],
    [404, '/nothing', {}],
    [404, '/api/v1/commands/nothing', {}],
    [404, '/files/token/name', {}],
    [405, SUBMIT, {}],
    [413, SUBMIT, { method: 'POST', headers: { 'content-type': 'application/json' }, body: ' '.repeat(1024 * 1024 + 1) }],
    [415, SUBMIT, { method: 'POST', body: '{}' }],
    [422, SUBMIT, { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{}' }],
  ])('is on a %d (%s)', async (status, path, init) => {
    const account = await TestAccount.create()
    const response = await account.request(path, init)
    expect(response.status).toBe(status)
    expect(response.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/)
  })

  test('is on a 401', async () => {
    const response = await request('/api/v1/commands')
    expect(response.status).toBe(401)
    expect(response.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/)
  })

  test('is the client’s own where it sends a sound one', async () => {
    const response = await request('/api/v1/commands', { headers: { 'x-request-id': 'trace-17' } })
    expect(response.headers.get('x-request-id')).toBe('trace-17')
  })
})

describe('GET /health', () => {
  test('says with a key that the executor runs FFmpeg', async () => {
    const account = await TestAccount.create()
    // An executor whose machine is busy with something else may be too late; whoever asked is told to come again.
    const response = await until('the executor has answered in time', async () => {
      const answer = await account.request('/api/v1/health')
      expect(answer.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/)
      if (answer.status !== 200) expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '5'])
      return answer.status === 200 && answer
    })
    expect(await response.json()).toEqual({
      status: 'ok',
      executor: {
        ok: true,
        ffmpeg_version: expect.stringMatching(/\d/),
        sandbox: expect.stringMatching(/^(landlock|bwrap|none)$/),
        cpus: expect.any(Number),
        running_jobs: expect.any(Number),
      },
    })
  })
})

test('a URL that is longer than any of ours is a 414, whatever it would lead to', async () => {
  const answer = await download(`${ORIGIN}/api/${'a/'.repeat(4000)}`)
  expect([answer.status, answer.headers.has('x-request-id')]).toEqual([414, true])
  expect((await errorOf(answer)).message).toContain('4096')
})
