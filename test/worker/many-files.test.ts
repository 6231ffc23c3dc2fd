import { runInDurableObject } from 'cloudflare:test'
import { beforeAll, describe, expect, test } from 'vitest'
import { type FileFilter, FileIndex } from '../../src/account/file-index.ts'
import type { FileListing } from '../../src/stored-file/record.ts'
import { TestAccount } from './client.ts'
import { countRows, queryPlans } from './counting-sql.ts'

const MANY = 20_000
/** Entries of the index and listings of a page, the counts, and some more. */
const PAGE_ROWS = 3 * 50 + 40

const TYPES = ['OUTPUT', 'STORED_FILE', 'UPLOAD'] as const
const STATUSES = ['PROCESSING', 'STORED', 'FAILED'] as const
const FILTERS: FileFilter[] = [null, ...TYPES].flatMap((storeType) => [null, ...STATUSES].map((status) => ({ storeType, status })))
const NO_FILTER: FileFilter = { storeType: null, status: null }

function listingOf(n: number): FileListing {
  const storeType = n % 10 === 0 ? 'UPLOAD' : 'OUTPUT'
  return {
    id: `file-${n}`,
    account: 'a',
    storeType,
    commandId: null,
    filename: `${n}.mp4`,
    originalUrl: null,
    createdAt: n,
    // Nothing is PROCESSING, and of the uploads alone some have failed.
    status: n % 100 === 0 ? 'FAILED' : 'STORED',
    sizeBytes: n,
    media: null,
    error: null,
  }
}

let account: TestAccount

beforeAll(async () => {
  account = await TestAccount.create()
  await runInDurableObject(account.stub, (_, { storage }) => {
    const index = new FileIndex(storage.sql)
    storage.transactionSync(() => {
      for (let n = 1; n <= MANY; n++) index.put(listingOf(n))
    })
  })
})

async function rowsRead(action: (index: FileIndex) => unknown): Promise<number> {
  const { read } = await countRows(account, (sql) => {
    const index = new FileIndex(sql)
    return () => action(index)
  })
  return read
}

describe(`an account of ${MANY} files`, () => {
  test.each(FILTERS)('reads for a page of type $storeType and status $status no more than the page has', async (filter) => {
    expect(await rowsRead((index) => index.page(50, 0, filter))).toBeLessThan(PAGE_ROWS)
  })

  test('reads for the last page the entries of one index, and the listings of the page alone', async () => {
    expect(await rowsRead((index) => index.page(50, MANY - 50, NO_FILTER))).toBeLessThan(MANY + PAGE_ROWS)
  })

  test('looks at no listing for what is not on the page, and sorts nothing', async () => {
    const plans = await queryPlans(account, /^SELECT listing/, (sql) => {
      const index = new FileIndex(sql)
      for (const filter of FILTERS) index.page(50, 500, filter)
    })
    expect(plans.filter((detail) => /^(SCAN|SEARCH) files/.test(detail) && !/COVERING INDEX|INTEGER PRIMARY KEY/.test(detail))).toEqual([])
    expect(plans.filter((detail) => detail.includes('TEMP B-TREE'))).toEqual([])
    expect(plans.filter((detail) => detail.includes('files_of_place')).length).toBeGreaterThan(0)
  })

  test.each(FILTERS)('has on a page of type $storeType and status $status what belongs there, newest first', async (filter) => {
    const fits = ({ storeType, status }: FileListing) =>
      (filter.storeType ?? storeType) === storeType && (filter.status ?? status) === status
    const all = Array.from({ length: MANY }, (_, n) => listingOf(MANY - n)).filter(fits)
    const page = await runInDurableObject(account.stub, (_, { storage }) => new FileIndex(storage.sql).page(50, 30, filter))
    expect(page).toEqual({ files: all.slice(30, 80), total: all.length })
  })
})
