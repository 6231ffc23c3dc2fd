import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { defaultStateDir, readSettings } from '../../../src/cli/settings.ts'
import { DEVELOPMENT_API_KEY } from '../../../src/development.ts'

test('a variable that is empty is not set, but no private address is allowed where ALLOWED_PRIVATE_ORIGINS names none', () => {
  expect(readSettings({ RATE_LIMITS: '', ALLOWED_PRIVATE_ORIGINS: '' }).workerVars).toEqual({ ALLOWED_PRIVATE_ORIGINS: '' })
  expect(readSettings({}).workerVars).toEqual({})
})

test('the state is in .renderio, but stays in the folder of wrangler where npm run dev has it already', async () => {
  const root = await mkdtemp(path.join(tmpdir(), 'renderio-settings-'))
  onTestFinished(() => rm(root, { recursive: true }))
  expect(defaultStateDir(root)).toBe('.renderio')
  // What wrangler itself leaves there is no state of `npm run dev`.
  await mkdir(path.join(root, '.wrangler/state/v3'), { recursive: true })
  expect(defaultStateDir(root)).toBe('.renderio')
  await writeFile(path.join(root, '.wrangler/state/secrets.json'), '{}')
  expect(defaultStateDir(root)).toBe('.wrangler/state')
  await mkdir(path.join(root, '.renderio'))
  await writeFile(path.join(root, '.renderio/secrets.json'), '{}')
  expect(defaultStateDir(root)).toBe('.renderio')
})

test('npm run dev refuses the key that everyone knows', () => {
  expect(() => readSettings({ RENDERIO_API_KEY: DEVELOPMENT_API_KEY })).toThrow(/^RENDERIO_API_KEY=… is not usable: .* everyone knows$/)
})
