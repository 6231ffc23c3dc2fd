import { expect, test } from 'vitest'
import { readSettings } from '../../../src/cli/settings.ts'

test('a variable that is empty is not set, but no private address is allowed where ALLOWED_PRIVATE_ORIGINS names none', () => {
  expect(readSettings({ RATE_LIMITS: '', ALLOWED_PRIVATE_ORIGINS: '' }).workerVars).toEqual({ ALLOWED_PRIVATE_ORIGINS: '' })
  expect(readSettings({}).workerVars).toEqual({})
})
