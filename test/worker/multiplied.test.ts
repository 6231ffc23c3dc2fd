/** One request that asks for several things is counted by the limits as that many, before any of them is done. */
import { createExecutionContext } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { z } from '@hono/zod-openapi'
import { describe, expect, test } from 'vitest'
import { createApp } from '../../src/app.ts'
import { errorOf, ORIGIN, SUBMIT, SUBMIT_CHAIN, SUBMIT_MULTIPLE, TestAccount, VALIDATE } from './client.ts'
import { FilesClient } from './files-client.ts'
import { copyOf, mediaUrl } from './media.ts'

const app = createApp()
const COMMAND = copyOf(mediaUrl('/status/404'))
const JSON_TYPE = { 'content-type': 'application/json' }

type Limit = 'REQUEST_LIMIT' | 'SUBMIT_LIMIT'

/** The Worker with a limit that lets so many through, and counts all that come. */
function limited(account: TestAccount, name: Limit, most: number) {
  const counted = { times: 0 }
  const limit = async () => {
    counted.times += 1
    return { success: counted.times <= most }
  }
  const ask = async (path: string, init: RequestInit = {}) => {
    const headers = { ...init.headers, 'x-api-key': account.apiKey }
    return app.fetch(new Request(new URL(path, ORIGIN), { ...init, headers }), { ...env, [name]: { limit } }, createExecutionContext())
  }
  const send = (path: string, body: unknown) => ask(path, { method: 'POST', headers: JSON_TYPE, body: JSON.stringify(body) })
  return { counted, ask, send }
}

async function expectRateLimited(answer: Response): Promise<void> {
  expect([answer.status, answer.headers.get('retry-after')]).toEqual([429, '10'])
  expect(await errorOf(answer)).toMatchObject({ error: 'RATE_LIMITED', message: 'too many requests; slow down' })
}

const CHAIN = { output_files: { out_a: 'a.wav' }, ffmpeg_commands: ['-f lavfi -i sine=d=0.1 m.wav', '-i m.wav {{out_a}}'] }
const SHARED = { output_files: { out_a: 'a.wav', out_b: 'b.wav' }, ffmpeg_commands: ['-i x {{out_a}}', '-i x {{out_b}}'] }

describe('the limit of submits', () => {
  test.each([
    ['one command', SUBMIT, COMMAND, 1],
    ['a chain, which is one command', SUBMIT_CHAIN, CHAIN, 1],
    ['three commands', SUBMIT_MULTIPLE, { commands: [COMMAND, COMMAND, COMMAND] }, 3],
    ['two commands that share their files', '/v1/run-multiple-ffmpeg-commands', SHARED, 2],
    ['a trial, which is checked as a submit is', VALIDATE, COMMAND, 1],
  ])('counts %s', async (_, path, body, times) => {
    const { counted, send } = limited(await TestAccount.create(), 'SUBMIT_LIMIT', 10)
    await send(path, body)
    expect(counted.times).toBe(times)
  })

  test.each([
    ['several commands', SUBMIT_MULTIPLE, { commands: [COMMAND, COMMAND, COMMAND] }, 2],
    ['a trial', VALIDATE, COMMAND, 0],
  ])('refuses %s beyond it, and stores nothing', async (_, path, body, most) => {
    const account = await TestAccount.create()
    const { send } = limited(account, 'SUBMIT_LIMIT', most)
    await expectRateLimited(await send(path, body))
    expect((await account.list()).total).toBe(0)
  })
})

describe('the limit of requests, under /v1', () => {
  test('counts every file of a deletion, and refuses one beyond it before anything is deleted', async () => {
    const account = await TestAccount.create()
    const files = new FilesClient(account)
    const file_ids = await Promise.all(['a', 'b', 'c'].map(async (name) => (await files.upload(name, `${name}.txt`)).file_id))
    const refusing = limited(account, 'REQUEST_LIMIT', 2)
    await expectRateLimited(await refusing.send('/v1/files/bulk-delete', { file_ids }))
    for (const id of file_ids) expect((await account.request(`/api/v1/files/${id}`)).status).toBe(200)
    const { counted, send } = limited(account, 'REQUEST_LIMIT', 3)
    expect(await (await send('/v1/files/bulk-delete', { file_ids })).json()).toEqual({ deleted_file_ids: file_ids })
    expect(counted.times).toBe(3)
  })

  test('counts every page of a list, and refuses one beyond it before it is begun', async () => {
    const account = await TestAccount.create()
    const files = new FilesClient(account)
    await Promise.all(Array.from({ length: 101 }, (_, n) => files.initUpload(`${n}.txt`, 1)))
    const refusing = limited(account, 'REQUEST_LIMIT', 1)
    await expectRateLimited(await refusing.ask('/v1/files'))
    const pages = async (query: string) => {
      const { counted, ask } = limited(account, 'REQUEST_LIMIT', 100)
      await (await ask(`/v1/files${query}`)).text()
      return counted.times
    }
    expect([await pages(''), await pages('?limit=101'), await pages('?limit=100'), await pages('?offset=1')]).toEqual([2, 2, 1, 1])
    expect(await pages('?offset=1000'), 'past the end').toBe(1)
  })
})

describe('a batch of an agent', () => {
  const MOST = 20
  const submit = (id: unknown) => ({
    jsonrpc: '2.0',
    id,
    method: 'tools/call',
    params: { name: 'run_ffmpeg_command', arguments: COMMAND },
  })
  const answersSchema = z.array(z.looseObject({ id: z.union([z.string(), z.number()]) }))

  async function batch(send: (path: string, init: RequestInit) => Promise<Response>, messages: unknown) {
    const headers = { ...JSON_TYPE, accept: 'application/json, text/event-stream' }
    return send('/api/mcp', { method: 'POST', headers, body: JSON.stringify(messages) })
  }

  test('is counted message by message; each call that is too many is told so, and how long to wait', async () => {
    const account = await TestAccount.create()
    const { counted, ask } = limited(account, 'REQUEST_LIMIT', 3)
    const list = { jsonrpc: '2.0', id: 'list', method: 'tools/list' }
    const answers = answersSchema.parse(await (await batch(ask, [submit(1), submit(2), submit(3), submit(4), submit(5), list])).json())
    const by = (id: unknown) => answers.find((answer) => answer.id === id)
    for (const id of [1, 2, 3]) expect(by(id)).toMatchObject({ result: { isError: false } })
    const error = {
      error: 'RATE_LIMITED',
      detail: 'too many requests; slow down',
      message: 'too many requests; slow down',
      retry_after_seconds: 10,
    }
    for (const id of [4, 5]) {
      expect(by(id)).toMatchObject({
        result: {
          isError: true,
          structuredContent: error,
          content: [{ type: 'text', text: expect.stringContaining('"retry_after_seconds":10') }],
        },
      })
    }
    expect(by('list')).toMatchObject({ error: { message: expect.stringContaining('slow down'), data: { retry_after_seconds: 10 } } })
    expect((await account.list()).total).toBe(3)
    expect(counted.times, 'until the first that was too many').toBe(4)
  })

  test('is told the same where the limit of submits ends it', async () => {
    const account = await TestAccount.create()
    const { ask } = limited(account, 'SUBMIT_LIMIT', 1)
    const answers = answersSchema.parse(await (await batch(ask, [submit(1), submit(2)])).json())
    const results = answers.map(
      (answer) => z.object({ result: z.looseObject({ structuredContent: z.looseObject({}) }) }).parse(answer).result,
    )
    expect(results.filter(({ isError }) => isError === true).map(({ structuredContent }) => structuredContent)).toMatchObject([
      { error: 'RATE_LIMITED', retry_after_seconds: 10 },
    ])
    expect((await account.list()).total).toBe(1)
  })

  test(`has ${MOST} messages at most; of a larger one nothing is done, and it says why`, async () => {
    const account = await TestAccount.create()
    const numbered = (length: number) => Array.from({ length }, (_, id) => submit(id))
    const refused = await batch((path, init) => account.request(path, init), numbered(MOST + 1))
    expect(refused.status).toBe(400)
    expect(await refused.json()).toMatchObject({
      jsonrpc: '2.0',
      id: null,
      error: { code: -32600, message: expect.stringMatching(/^a batch has 20 messages at most, and this one has 21/) },
    })
    expect((await account.list()).total).toBe(0)
    const pings = Array.from({ length: MOST }, (_, id) => ({ jsonrpc: '2.0', id, method: 'ping' }))
    expect(await (await batch((path, init) => account.request(path, init), pings)).json()).toHaveLength(MOST)
  })

  test('is answered whatever it cancels of itself', async () => {
    const account = await TestAccount.create()
    const cancel = { jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 1 } }
    const answer = await batch((path, init) => account.request(path, init), [submit(1), cancel, submit(2)])
    expect(answersSchema.parse(await answer.json()).map(({ id }) => id)).toEqual([1, 2])
  })

  test.each([
    ['no JSON', '{', 400],
    ['more than 4 MiB', JSON.stringify(submit('x'.repeat(4 * 1024 * 1024))), 413],
  ])('that is %s is an error of the protocol', async (_, body, status) => {
    const account = await TestAccount.create()
    const headers = { ...JSON_TYPE, accept: 'application/json, text/event-stream' }
    const answer = await account.request('/api/mcp', { method: 'POST', headers, body })
    expect(answer.status).toBe(status)
    expect(await answer.json()).toMatchObject({ jsonrpc: '2.0', id: null, error: { message: expect.any(String) } })
  })
})
