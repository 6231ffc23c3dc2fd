/** `npm run keys -- --remote`, as far as it goes without an account: wrangler asks a stand-in of Cloudflare's API. */
import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { expect, onTestFinished, test } from 'vitest'
import { fingerprintOf, hashApiKey } from '../../src/api/api-key.ts'
import { type CloudflareKvApi, startCloudflareKvApi } from '../support/cloudflare-kv-api.ts'

const KEYS = path.resolve(import.meta.dirname, '../../src/cli/keys.ts')

async function remoteKeys(api: CloudflareKvApi, token = 'secret'): Promise<(...args: string[]) => Promise<string>> {
  const stateDir = await mkdtemp(path.join(tmpdir(), 'renderio-keys-'))
  onTestFinished(() => rm(stateDir, { recursive: true, force: true }))
  const cloudflare = { CLOUDFLARE_API_TOKEN: token, CLOUDFLARE_ACCOUNT_ID: 'acc', CLOUDFLARE_API_BASE_URL: api.url }
  return async (...args) => {
    const env = { ...process.env, ...cloudflare, STATE_DIR: stateDir }
    return (await promisify(execFile)(process.execPath, [KEYS, ...args, '--remote'], { env })).stdout.trim()
  }
}

test('keys on Cloudflare are made, listed, more than one request may name, and revoked; of a key its hash alone is sent', async () => {
  const api = await startCloudflareKvApi()
  onTestFinished(api.stop)
  const keys = await remoteKeys(api)
  expect(await keys('list')).toBe('There are no keys yet: npm run keys -- create')
  const key = await keys('create', '--account', 'acme')
  const hash = await hashApiKey(key)
  expect([...api.values.keys()]).toEqual([hash])
  expect(JSON.parse(api.values.get(hash) ?? '')).toMatchObject({ account: 'acme', label: '' })
  const record = JSON.stringify({ account: 'another', label: '', created_at: '2026-01-01T00:00:00.000Z' })
  for (let n = 0; n < 100; n++) api.values.set(`${n}`.padStart(64, '0'), record)
  const listed = await keys('list')
  expect(listed).toMatch(new RegExp(`^${fingerprintOf(hash)}  acme +\\S+Z$`, 'm'))
  expect(listed.split('\n')).toHaveLength(102)
  expect(await keys('revoke', key)).toBe(`Revoked ${fingerprintOf(hash)}`)
  expect([api.values.has(hash), api.values.size]).toEqual([false, 100])
})

test('what Cloudflare refuses is told', async () => {
  const api = await startCloudflareKvApi()
  onTestFinished(api.stop)
  const keys = await remoteKeys(api, 'wrong')
  await expect(keys('list')).rejects.toThrow(/wrangler kv key list failed: .*refused/s)
})
