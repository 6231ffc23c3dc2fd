import { beforeAll, describe, expect, test } from 'vitest'
import { errorOf, SUBMIT_CHAIN, SUBMIT_MULTIPLE, TestAccount, until } from './client.ts'
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
    'command_type=CHAIN',
    'command_type=',
    'created_after=yesterday',
    'created_after=2026-01-31',
    'created_after=2026-01-31T08:00:00',
    'created_before=2026-13-01T00:00:00Z',
    'created_before=',
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
      async () => (await under('PROCESSING')).size === 2 && (await under('SUCCESS')).size === 1 && (await under('FAILED')).size === 1,
    )
    expect(await under('PROCESSING')).toEqual(new Set(running))
    expect(await under('QUEUED')).toEqual(new Set([queued]))
    expect(await under('FAILED')).toEqual(new Set([failed]))
    expect(await under('SUCCESS')).toEqual(new Set([succeeded]))
    expect((await account.list('?status=SUCCESS&limit=1&offset=1')).commands).toEqual([])
    for (const gate of gates) await gate.open()
  })
})

describe('by type and time', () => {
  let account: TestAccount
  /** Oldest first: a chain, two of several, one alone. */
  let ids: [string, string, string, string]
  let times: string[]
  const CHAIN = { ...FAILING, ffmpeg_command: undefined, ffmpeg_commands: [FAILING.ffmpeg_command] }
  beforeAll(async () => {
    account = await TestAccount.create()
    const chain = await account.submit(CHAIN, SUBMIT_CHAIN)
    const response = await account.send(SUBMIT_MULTIPLE, { commands: [FAILING, FAILING] })
    const { command_ids } = await response.json<{ command_ids: [string, string] }>()
    ids = [chain, ...command_ids, await account.submit(FAILING)]
    for (const id of ids) await account.ended(id)
    times = (await Promise.all(ids.map((id) => account.poll(id)))).map(({ created_at }) => created_at)
    await until('the list has heard of every end', async () => (await account.list('?status=FAILED')).total === ids.length)
  })

  const listed = async (query: string) => {
    const { commands, total } = await account.list(query)
    expect(total).toBe(commands.length)
    return commands.map(({ command_id }) => command_id).toReversed()
  }

  test('each command is under its own type, and counted there', async () => {
    expect(await listed('?command_type=CHAINED_COMMAND')).toEqual([ids[0]])
    expect(await listed('?command_type=MULTIPLE_COMMAND')).toEqual([ids[1], ids[2]])
    expect(await listed('?command_type=FFMPEG_COMMAND')).toEqual([ids[3]])
  })

  test('a bound in time leaves itself out, whatever its zone', async () => {
    const [first = '', , , last = ''] = times
    const later = (created: string) => ids.filter((_, n) => (times[n] ?? '') > created)
    const earlier = (created: string) => ids.filter((_, n) => (times[n] ?? '') < created)
    expect(await listed(`?created_after=${first}`)).toEqual(later(first))
    expect(await listed(`?created_before=${last}`)).toEqual(earlier(last))
    const inParis = new Date(Date.parse(last) + 3_600_000).toISOString().replace('Z', '%2B01:00')
    expect(await listed(`?created_before=${inParis}`)).toEqual(earlier(last))
    expect(await listed('?created_after=2000-01-01T00:00:00Z&created_before=2100-01-01T00:00:00Z')).toEqual(ids)
    expect(await listed('?created_after=2100-01-01T00:00:00Z')).toEqual([])
  })

  test('all filters hold together', async () => {
    const ever = 'created_after=2000-01-01T00:00:00Z'
    expect(await listed(`?command_type=MULTIPLE_COMMAND&status=FAILED&${ever}`)).toEqual([ids[1], ids[2]])
    expect(await listed('?command_type=MULTIPLE_COMMAND&status=SUCCESS')).toEqual([])
    expect((await account.list(`?command_type=MULTIPLE_COMMAND&${ever}&limit=1&offset=1`)).commands).toMatchObject([{ command_id: ids[1] }])
  })
})
