import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { TestAccount } from '../worker/client.ts'

/** The minute of KV, and what the Worker itself goes on believing of a good key. */
const LONGEST_MS = 90_000
const MINUTE_MS = 60_000
/** How long the Worker itself goes on believing that there is no such key. */
const UNKNOWN_MS = 3_000

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'] })
})

afterEach(() => {
  vi.useRealTimers()
})

async function status(account: TestAccount): Promise<number> {
  const answer = await account.request('/api/v1/commands')
  await answer.body?.cancel()
  return answer.status
}

function later(milliseconds: number): void {
  vi.setSystemTime(Date.now() + milliseconds)
}

test('a key that was just made works at once where nobody has asked for it, though KV is a minute late', async () => {
  expect(await status(await TestAccount.create())).toBe(200)
})

test('a key that was asked for before it was made works when KV has caught up, and not before', async () => {
  const account = new TestAccount()
  expect(await status(account)).toBe(401)
  await account.addKey(account.apiKey)
  later(UNKNOWN_MS)
  expect(await status(account), 'KV still says that there is none').toBe(401)
  later(MINUTE_MS)
  expect(await status(account)).toBe(200)
})

test('a key that was revoked is good for a minute and a half at most, however often it is used', async () => {
  const account = await TestAccount.create()
  expect(await status(account)).toBe(200)
  await account.revokeKey(account.apiKey)
  const statuses: number[] = []
  for (let waited = 0; waited < LONGEST_MS; waited += 5_000) {
    later(5_000)
    statuses.push(await status(account))
  }
  expect(statuses.at(-1)).toBe(401)
  expect(statuses.indexOf(401)).toBe(statuses.lastIndexOf(200) + 1)
})
