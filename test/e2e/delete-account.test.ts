/** `npm run keys -- delete-account` as an operator of one machine meets it, beside a stack that runs and one that is stopped. */
import { execFile } from 'node:child_process'
import path from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ApiClient } from '../support/api-client.ts'
import { START_TIMEOUT_MS, startTestStack, type TestStack } from '../support/stack.ts'
import { waitUntil } from '../support/wait-until.ts'
import { keysInBucket } from './local-bucket.ts'

const ROOT = path.resolve(import.meta.dirname, '../..')
const TONE = { output_files: { out_a: 'a.wav' }, ffmpeg_command: '-f lavfi -i sine=d=0.1 {{out_a}}' }
const SLEEP = { output_files: { out_a: 'a.wav' }, ffmpeg_command: '-re -f lavfi -i sine=d=250 {{out_a}}' }

let stack: TestStack
beforeAll(async () => {
  stack = await startTestStack()
}, START_TIMEOUT_MS)
afterAll(() => stack.stop())

async function keys(...args: string[]): Promise<string> {
  const env = { ...process.env, STATE_DIR: stack.stateDir }
  return (await promisify(execFile)(process.execPath, [path.join(ROOT, 'src/cli/keys.ts'), ...args], { env })).stdout.trim()
}

/** An account with a command that has ended. */
async function accountWithFiles(name: string): Promise<ApiClient> {
  const client = new ApiClient({ url: stack.url, apiKey: await keys('create', '--account', name) })
  // A Worker that was asked for the key before it was there would not know it for some seconds.
  await client.ended(await client.submit(TONE))
  expect(await filesOf(name)).toHaveLength(1)
  return client
}

async function filesOf(account: string): Promise<string[]> {
  return (await keysInBucket(stack.stateDir)).filter((key) => key.startsWith(`${account}/`))
}

function erased(account: string): Promise<boolean> {
  return waitUntil(`${account} is erased`, async () =>
    new RegExp(`^${account} +\\S+Z +nothing of it is left`, 'm').test(await keys('list')),
  )
}

test('beside a stack that runs, its keys end, and everything that it owns goes, running commands too', {
  timeout: 4 * START_TIMEOUT_MS,
}, async () => {
  const client = await accountWithFiles('acme')
  await client.submit(SLEEP)
  await expect(keys('delete-account', 'acme'), 'it asks first').rejects.toThrow(/This revokes 1 API key of acme.*--yes/s)
  expect(await filesOf('acme')).toHaveLength(1)

  expect(await keys('delete-account', 'acme', '--yes')).toMatch(/^Revoked 1 API key\. The service deletes what acme owns/)
  expect(await keys('delete-account', 'acme', '--yes'), 'again').toMatch(/^Revoked 0 API keys\./)
  await erased('acme')
  expect(await filesOf('acme')).toEqual([])
  await waitUntil('its key is refused', async () => (await client.fetch('/api/v1/commands')).status === 401)
  await expect(keys('create', '--account', 'acme')).rejects.toThrow(/acme is being deleted, and its name is not free/)
  const own = new ApiClient(stack)
  expect((await own.ended(await own.submit(TONE))).status, 'others go on').toBe('SUCCESS')
})

test('of a stack that is stopped it is deleted when it starts again', { timeout: 4 * START_TIMEOUT_MS }, async () => {
  await accountWithFiles('beta')
  await stack.end()
  expect(await keys('delete-account', 'beta', '--yes')).toMatch(/at its next start/)
  expect(await keys('list')).toMatch(/^beta +\S+Z +going on$/m)
  expect(await filesOf('beta')).toHaveLength(1)
  await stack.start()
  await erased('beta')
  expect(await filesOf('beta')).toEqual([])
})

test.each([
  { args: ['delete-account'], complaint: /Usage: npm run keys/ },
  { args: ['delete-account', 'Not/OK', '--yes'], complaint: /is not the name of an account/ },
  { args: ['delete-account', 'default', '--yes'], complaint: /npm run dev.*delete the folder/s },
])('keys $args is refused with the reason', async ({ args, complaint }) => {
  await expect(keys(...args)).rejects.toThrow(complaint)
})
