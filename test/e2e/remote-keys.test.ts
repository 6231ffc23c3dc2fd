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

test('an account on Cloudflare is deleted by a record beside its keys, which the service acts on; until that is done its name is taken', async () => {
  const api = await startCloudflareKvApi()
  onTestFinished(api.stop)
  const keys = await remoteKeys(api)
  await keys('create', '--account', 'acme')
  const other = await hashApiKey(await keys('create', '--account', 'other'))
  await expect(keys('delete-account', 'acme')).rejects.toThrow(/This revokes 1 API key of acme/)
  expect(api.values.size, 'without --yes nothing is done').toBe(2)

  expect(await keys('delete-account', 'acme', '--yes')).toMatch(/^Revoked 1 API key\..*within some minutes.*keys -- list --remote/)
  expect([...api.values.keys()].toSorted()).toEqual([other, 'deletion:acme'].toSorted())
  const record = JSON.parse(api.values.get('deletion:acme') ?? '')
  expect(record).toEqual({ requested_at: expect.any(String), erased_at: null, finished_at: null })
  expect(await keys('list')).toMatch(/^acme +\S+Z +going on$/m)
  await expect(keys('create', '--account', 'acme')).rejects.toThrow(/acme is being deleted/)

  const finished_at = new Date(Date.now() - 3600 * 1000).toISOString()
  api.values.set('deletion:acme', JSON.stringify({ ...record, erased_at: finished_at, finished_at }))
  expect(await keys('delete-account', 'acme', '--yes')).toBe('acme has been deleted')
  await keys('create', '--account', 'acme')
  expect(api.values.has('deletion:acme')).toBe(false)
})

test('what Cloudflare refuses is told', async () => {
  const api = await startCloudflareKvApi()
  onTestFinished(api.stop)
  const keys = await remoteKeys(api, 'wrong')
  await expect(keys('list')).rejects.toThrow(/wrangler kv key list failed: .*refused/s)
})
