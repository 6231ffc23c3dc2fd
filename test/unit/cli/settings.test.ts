import { expect, test } from 'vitest'
import { readSettings } from '../../../src/cli/settings.ts'
import { DEVELOPMENT_API_KEY } from '../../../src/development.ts'

test('a variable that is empty is not set, but no private address is allowed where ALLOWED_PRIVATE_ORIGINS names none', () => {
  expect(readSettings({ RATE_LIMITS: '', ALLOWED_PRIVATE_ORIGINS: '' }).workerVars).toEqual({ ALLOWED_PRIVATE_ORIGINS: '' })
  expect(readSettings({}).workerVars).toEqual({})
})

test('npm run dev refuses the key that everyone knows', () => {
  expect(() => readSettings({ RENDERIO_API_KEY: DEVELOPMENT_API_KEY })).toThrow(/^RENDERIO_API_KEY=… is not usable: .* everyone knows$/)
})
