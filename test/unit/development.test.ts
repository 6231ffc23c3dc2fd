import { expect, test } from 'vitest'
import { API_KEY_PATTERN } from '../../src/api/api-key.ts'
import { readWranglerConfig } from '../../src/cli/wrangler-config.ts'
import {
  DEVELOPMENT_API_KEY,
  DEVELOPMENT_EXECUTOR_TOKEN,
  DEVELOPMENT_SIGNING_SECRET,
  isLoopback,
  publiclyKnown,
} from '../../src/development.ts'
import { settingsOf } from '../../src/settings.ts'

test('the key for development is one that the service could have made', () => {
  expect(DEVELOPMENT_API_KEY).toMatch(API_KEY_PATTERN)
})

test('values for development stand in only where they are switched on, and only for what is not set', () => {
  expect(settingsOf({})).toMatchObject({ development: false, urlSigningSecret: null, localExecutor: null, publiclyKnown: [] })
  expect(settingsOf({ DEVELOPMENT_DEFAULTS: 'on' })).toMatchObject({
    development: true,
    urlSigningSecret: DEVELOPMENT_SIGNING_SECRET,
    executor: null,
    localExecutor: { url: 'http://127.0.0.1:8790', token: DEVELOPMENT_EXECUTOR_TOKEN },
  })
  const own = { DEVELOPMENT_DEFAULTS: 'on', URL_SIGNING_SECRET: 'own', EXECUTOR_PORT: '9000', EXECUTOR_TOKEN: 'mine' }
  expect(settingsOf(own)).toMatchObject({ urlSigningSecret: 'own', localExecutor: { url: 'http://127.0.0.1:9000', token: 'mine' } })
  expect(settingsOf({ ...own, EXECUTOR_URL: 'http://gpu:8080' }).executor).toEqual({ url: 'http://gpu:8080', token: 'mine' })
})

test('what everyone knows is found by its name, in a secret too', () => {
  expect(publiclyKnown({ DEVELOPMENT_DEFAULTS: 'on', URL_SIGNING_SECRET: 'own' })).toEqual(['DEVELOPMENT_DEFAULTS'])
  expect(settingsOf({ URL_SIGNING_SECRET: DEVELOPMENT_SIGNING_SECRET }).publiclyKnown).toEqual(['URL_SIGNING_SECRET'])
  expect(settingsOf({ EXECUTOR_TOKEN: DEVELOPMENT_EXECUTOR_TOKEN }).publiclyKnown).toEqual(['EXECUTOR_TOKEN'])
})

test('only what nobody else can reach is this machine', () => {
  const hostname = (url: string) => new URL(url).hostname
  for (const url of ['http://localhost:8787', 'http://127.0.0.1', 'https://[::1]:8787']) expect(isLoopback(hostname(url)), url).toBe(true)
  for (const url of ['http://localhost.example.com', 'http://127.0.0.1.nip.io', 'http://0.0.0.0', 'http://192.168.0.2', 'http://[::2]']) {
    expect(isLoopback(hostname(url)), url).toBe(false)
  }
})

test('wrangler.toml has values for development for this machine, and none in production', () => {
  expect(publiclyKnown(readWranglerConfig().vars)).toEqual(['DEVELOPMENT_DEFAULTS'])
  expect(publiclyKnown(readWranglerConfig('production').vars)).toEqual([])
})
