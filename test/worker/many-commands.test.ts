import { evictDurableObject, runInDurableObject } from 'cloudflare:test'
import { beforeAll, describe, expect, test } from 'vitest'
import { type CommandFilter, CommandIndex } from '../../src/account/command-index.ts'
import type { CommandListing } from '../../src/command/record.ts'
import { TestAccount, until } from './client.ts'
import { countRows, queryPlans } from './counting-sql.ts'
import { copyOf, mediaUrl } from './media.ts'

const MANY = 20_000
const FAILING = copyOf(mediaUrl('/status/404'))
const NO_FILTER: CommandFilter = { status: null, type: null, createdAfter: null, createdBefore: null }

let account: TestAccount
/** One of the many, as it is listed. */
let sample: CommandListing

/** Rows of tables and indexes that `action` reads in the account's object. */
async function rowsRead(of: TestAccount, action: (index: CommandIndex) => unknown): Promise<number> {
  const { read } = await countRows(of, (sql) => {
    const index = new CommandIndex(sql)
    return () => action(index)
  })
  return read
}

beforeAll(async () => {
  account = await TestAccount.create()
  const { command_id } = await account.run(FAILING)
  await until('its end is listed', async () => (await account.list('?status=FAILED')).total === 1)
  sample = await runInDurableObject(account.stub, (_, { storage }) => {
    const { listing } = storage.sql.exec<{ listing: string }>('SELECT listing FROM commands WHERE id = ?', command_id).one()
    storage.sql.exec(
      `INSERT INTO commands (id, status, type, created_at, listing)
       WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)
       SELECT 'many-' || i, iif(i % 10, 'SUCCESS', 'FAILED'), iif(i % 7, 'FFMPEG_COMMAND', 'CHAINED_COMMAND'), i, ? FROM n`,
      MANY,
      listing,
    )
    storage.sql.exec('DELETE FROM command_counts')
    storage.sql.exec('INSERT INTO command_counts SELECT status, type, COUNT(*) FROM commands GROUP BY status, type')
    return JSON.parse(listing)
  })
})

describe(`an account of ${MANY} commands`, () => {
  test.each([
    ['the first page', NO_FILTER],
    ['a page of one status', { ...NO_FILTER, status: 'FAILED' }],
    ['a page of one type', { ...NO_FILTER, type: 'CHAINED_COMMAND' }],
  ] as const)('reads for %s no more than the page has', async (_, filter) => {
    // Each command as an entry of an index and as a listing, and a few counts.
    expect(await rowsRead(account, (index) => index.page(50, 0, filter))).toBeLessThan(3 * 50 + 20)
  })

  test('reads for the last page the entries of one index, and the listings of the page alone', async () => {
    const read = await rowsRead(account, (index) => index.page(50, MANY - 50, NO_FILTER))
    expect(read).toBeLessThan(MANY + 3 * 50 + 20)
  })

  test('reads for a page of a time the entries of one index, once for the page and once for the count', async () => {
    const filter = { ...NO_FILTER, status: 'SUCCESS', type: 'CHAINED_COMMAND', createdAfter: 5, createdBefore: MANY } as const
    expect(await rowsRead(account, (index) => index.page(50, 0, filter))).toBeLessThan(2 * MANY)
  })

  test('looks at no listing for what is not on the page', async () => {
    const plans = await queryPlans(account, /^SELECT listing/, (sql) => {
      const index = new CommandIndex(sql)
      for (const status of [null, 'FAILED'] as const) {
        for (const type of [null, 'CHAINED_COMMAND'] as const) {
          for (const createdAfter of [null, 7]) index.page(50, 500, { status, type, createdAfter, createdBefore: null })
        }
      }
    })
    const scans = plans.filter((detail) => /^(SCAN|SEARCH) commands/.test(detail) && !detail.includes('INTEGER PRIMARY KEY'))
    expect(scans).toHaveLength(8)
    expect(scans.filter((detail) => !detail.includes('COVERING INDEX'))).toEqual([])
    expect(plans.filter((detail) => detail.includes('TEMP B-TREE'))).toEqual([])
  })

  test('reads for a submit as much as an empty one', async () => {
    const empty = await TestAccount.create()
    const submit = (index: CommandIndex) => {
      const id = crypto.randomUUID()
      index.put({ ...sample, spec: { ...sample.spec, id }, state: { status: 'QUEUED' } })
      index.put({ ...sample, spec: { ...sample.spec, id } })
      index.remove(id)
    }
    expect(await rowsRead(account, submit)).toBeLessThanOrEqual((await rowsRead(empty, submit)) + 5)
  })

  test('answers list and submit', async () => {
    expect((await account.list('?status=FAILED&limit=1')).total).toBeGreaterThan(MANY / 10)
    expect((await account.list(`?limit=3&offset=${MANY - 2}`)).commands).toHaveLength(3)
    expect((await account.run(FAILING)).status).toBe('FAILED')
  })
})

test('a list that was made when commands had no type of their own goes on, with everything in its place', async () => {
  const old = await TestAccount.create()
  const { command_id } = await old.run(FAILING)
  await until('its end is listed', async () => (await old.list('?status=FAILED')).total === 1)
  await runInDurableObject(old.stub, (_, { storage }) => {
    const { listing } = storage.sql.exec<{ listing: string }>('SELECT listing FROM commands').one()
    storage.sql.exec('DROP TABLE commands')
    storage.sql.exec('DROP TABLE command_counts')
    storage.sql.exec(
      'CREATE TABLE commands (seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, status TEXT NOT NULL, listing TEXT NOT NULL)',
    )
    storage.sql.exec('CREATE INDEX commands_by_status ON commands (status, seq)')
    storage.sql.exec('CREATE TABLE command_counts (status TEXT PRIMARY KEY, n INTEGER NOT NULL)')
    storage.sql.exec("INSERT INTO commands (id, status, listing) VALUES (?, 'FAILED', ?)", command_id, listing)
    storage.sql.exec("INSERT INTO command_counts VALUES ('FAILED', 1)")
  })
  await evictDurableObject(old.stub)
  const found = { commands: [{ command_id }], total: 1 }
  for (const query of ['', '?status=FAILED', '?command_type=FFMPEG_COMMAND', '?created_after=2000-01-01T00:00:00Z']) {
    expect(await old.list(query)).toMatchObject(found)
  }
  await old.run(FAILING)
  await until('the next end is listed', async () => (await old.list('?status=FAILED')).total === 2)
})
