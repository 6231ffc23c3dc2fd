/** The values for development, which everyone knows: they serve this machine and nobody else. */
import { createExecutionContext } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { describe, expect, test } from 'vitest'
import { hashApiKey } from '../../src/api/api-key.ts'
import { createApp } from '../../src/app.ts'
import { DEVELOPMENT_API_KEY } from '../../src/development.ts'
import { ExecutorClient } from '../../src/executor/client.ts'
import { askLocalExecutor } from '../../src/executor/local.ts'
import { settingsOf } from '../../src/settings.ts'
import { errorOf, ORIGIN, request, until } from './client.ts'

const app = createApp()
const DEVELOPMENT = { ...env, DEVELOPMENT_DEFAULTS: 'on' }
const KEY = { 'x-api-key': DEVELOPMENT_API_KEY }

function ask(url: string, variables: object, init: RequestInit = {}): Promise<Response> {
  return Promise.resolve(app.fetch(new Request(url, init), variables, createExecutionContext()))
}

const UNDER_ANY_OTHER_NAME = ['https://renderio.example.com', 'http://192.168.0.2:8787', 'http://localhost.example.com']
const EVERYWHERE = [
  ['GET', '/api/v1/health'],
  ['GET', '/api/v1/commands'],
  ['POST', '/api/v1/run-ffmpeg-command'],
  ['GET', '/v1/commands'],
  ['POST', '/api/mcp'],
  ['GET', '/files/token/video.mp4'],
  ['PUT', '/files/token/parts/1'],
  ['GET', '/openapi.json'],
  ['GET', '/nothing'],
] as const

describe('a Worker with values for development', () => {
  test.each(EVERYWHERE)('answers %s %s on this machine only, and says what to do', async (method, path) => {
    for (const origin of UNDER_ANY_OTHER_NAME) {
      const refused = await ask(origin + path, DEVELOPMENT, { method, headers: KEY })
      expect(refused.status).toBe(500)
      expect(await errorOf(refused)).toMatchObject({
        error: 'MISCONFIGURED',
        message: expect.stringMatching(/DEVELOPMENT_DEFAULTS.*npm run deploy/),
      })
    }
    const here = await ask(`http://localhost:8787${path}`, DEVELOPMENT, { method, headers: KEY })
    expect(await here.text()).not.toContain('MISCONFIGURED')
  })

  test('takes the key for development there', async () => {
    for (const origin of ['http://localhost:8787', 'http://127.0.0.1:8787', 'http://[::1]:8787']) {
      expect((await ask(`${origin}/api/v1/commands`, DEVELOPMENT, { headers: KEY })).status).toBe(200)
    }
  })
})

test.each(['URL_SIGNING_SECRET', 'EXECUTOR_TOKEN'])('a deployed Worker whose %s everyone knows answers nobody', async (name) => {
  const { urlSigningSecret, localExecutor } = settingsOf({ DEVELOPMENT_DEFAULTS: 'on' })
  const value = name === 'EXECUTOR_TOKEN' ? localExecutor?.token : urlSigningSecret
  const refused = await ask(`${ORIGIN}/api/v1/health`, { ...env, DEVELOPMENT_DEFAULTS: 'off', [name]: value })
  expect((await errorOf(refused)).message).toContain(name)
})

test('elsewhere the key for development is no key, even if it is among the known ones', async () => {
  const record = { account: 'default', label: '', created_at: new Date().toISOString() }
  await env.KEYS.put(await hashApiKey(DEVELOPMENT_API_KEY), JSON.stringify(record))
  expect((await request('/api/v1/commands', { headers: KEY })).status).toBe(401)
  const own = { ...env, DEVELOPMENT_DEFAULTS: 'off' }
  expect((await ask('http://localhost:8787/api/v1/commands', own, { headers: KEY })).status).toBe(401)
})

describe('without containers', () => {
  const clientOf = (place: { url: string; token: string }) =>
    new ExecutorClient({ fetch: (sent) => askLocalExecutor(sent, place) }, 'http://executor', null)

  test('the executor on this machine is asked', async () => {
    const url = settingsOf(env).executor?.url ?? ''
    // On a busy machine its FFmpeg may be too late to be counted.
    await until('it has run FFmpeg', async () => (await clientOf({ url, token: 'any' }).health()).ok)
  })

  test('one that is not there is known at once, with what starts it', async () => {
    await expect(clientOf({ url: 'http://127.0.0.1:1', token: 'any' }).health()).rejects.toMatchObject({
      fault: 'not_started',
      message: 'no executor answers at http://127.0.0.1:1: start one by `npm run executor`',
    })
  })

  test('the health says what is missing', async () => {
    const answer = await ask('http://localhost/api/v1/health', { ...DEVELOPMENT, EXECUTOR_URL: '' }, { headers: KEY })
    expect(answer.status).toBe(503)
    expect(await answer.json()).toMatchObject({ executor: { message: expect.stringContaining('containers are switched off') } })
  })
})
