import { beforeAll, describe, expect, test } from 'vitest'
import { errorOf, TestAccount, until } from './client.ts'
import { copyOf, Gate, mediaUrl, SHORT_TONE } from './media.ts'

const FAILING = copyOf(mediaUrl('/status/404'))

describe('pages', () => {
  let account: TestAccount
  /** Newest first. */
  const ids: string[] = []
  beforeAll(async () => {
    account = await TestAccount.create()
    for (let n = 0; n < 7; n++) ids.unshift(await account.submit(FAILING))
  })

  const idsOf = async (query: string) => (await account.list(query)).commands.map(({ command_id }) => command_id)

  test('commands are listed newest first', async () => {
    expect(await idsOf('')).toEqual(ids)
  })

  test('a page is 50 commands from the first unless said otherwise, and tells how many there are', async () => {
    const { limit, offset, total } = await account.list()
    expect({ limit, offset, total }).toEqual({ limit: 50, offset: 0, total: 7 })
  })

  test('limit and offset choose a page and are told with it', async () => {
    expect(await idsOf('?limit=3')).toEqual(ids.slice(0, 3))
    expect(await idsOf('?limit=3&offset=3')).toEqual(ids.slice(3, 6))
    expect(await idsOf('?limit=3&offset=6')).toEqual(ids.slice(6))
    expect(await idsOf('?offset=2')).toEqual(ids.slice(2))
    expect(await account.list('?limit=3&offset=6')).toMatchObject({ limit: 3, offset: 6, total: 7 })
  })

  test('a page past the end is empty', async () => {
    expect(await account.list('?offset=7')).toMatchObject({ commands: [], total: 7 })
    expect(await account.list(`?offset=${Number.MAX_SAFE_INTEGER}`)).toMatchObject({ commands: [], total: 7 })
  })

  test('the largest page is 100 commands', async () => {
    expect(await account.list('?limit=100')).toMatchObject({ limit: 100, total: 7 })
  })

  test.each([
    'limit=0',
    'limit=101',
    'limit=-1',
    'limit=1.5',
    'limit=many',
    'limit=',
    'offset=-1',
    'offset=x',
    'offset=1e99',
    'status=DONE',
    'status=',
  ])('?%s is a 400 that names the parameter', async (query) => {
    const response = await account.request(`/api/v1/commands?${query}`)
    expect(response.status).toBe(400)
    const { error, message } = await errorOf(response)
    expect(error).toBe('INVALID_REQUEST')
    expect(message).toContain(query.split('=')[0])
  })
})

describe('entries', () => {
  test('each is the poll response', async () => {
    const account = await TestAccount.create()
    const polled = [await account.run({ ...FAILING, metadata: { n: 1 } }), await account.succeed({ ...SHORT_TONE, metadata: { n: 2 } })]
    const listed = await until('the list has heard of both ends', async () => {
      const { commands } = await account.list()
      return commands.every(({ status }) => status !== 'PROCESSING') && commands.toReversed()
    })
    const withoutLinks = (value: unknown) => JSON.parse(JSON.stringify(value, (key, inner) => (key === 'storage_url' ? 'fresh' : inner)))
    expect(withoutLinks(listed)).toEqual(withoutLinks(polled))
  })

  test('a command is listed as soon as its submit is answered', async () => {
    const account = await TestAccount.create()
    const id = await account.submit(FAILING)
    expect((await account.list()).commands).toMatchObject([{ command_id: id }])
  })
})

describe('by status', () => {
  test('each command is under its own status, and counted there', async () => {
    const account = await TestAccount.create()
    const failed = (await account.run(FAILING)).command_id
    const succeeded = (await account.succeed(SHORT_TONE)).command_id
    const gates = [new Gate(), new Gate()]
    const running = await Promise.all(gates.map((gate) => account.submit(copyOf(gate.url))))
    const queued = await account.submit(FAILING)
    const under = async (status: string) => {
      const { commands, total } = await account.list(`?status=${status}`)
      expect(new Set([status, ...commands.map((command) => command.status)])).toEqual(new Set([status]))
      expect(total).toBe(commands.length)
      return new Set(commands.map(({ command_id }) => command_id))
    }
    await until(
      'the list has heard of everything',
      async () => (await under('PROCESSING')).size === 2 && (await under('SUCCESS')).size === 1,
    )
    expect(await under('PROCESSING')).toEqual(new Set(running))
    expect(await under('QUEUED')).toEqual(new Set([queued]))
    expect(await under('FAILED')).toEqual(new Set([failed]))
    expect(await under('SUCCESS')).toEqual(new Set([succeeded]))
    expect((await account.list('?status=SUCCESS&limit=1&offset=1')).commands).toEqual([])
    for (const gate of gates) await gate.open()
  })
})
