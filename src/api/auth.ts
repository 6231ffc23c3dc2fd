/** Who is asking: an API key, by its SHA-256 in KV, stands for an account. */
import type { Context } from 'hono'
import { createMiddleware } from 'hono/factory'
import { DEVELOPMENT_ACCOUNT, DEVELOPMENT_API_KEY } from '../development.ts'
import { settingsOf } from '../settings.ts'
import { API_KEY_PATTERN, apiKeyRecordSchema, hashApiKey } from './api-key.ts'
import type { ApiEnv } from './env.ts'
import { ApiError } from './errors.ts'
import { accountOfInProcess } from './in-process.ts'
import { KeyCache } from './key-cache.ts'
import { enforceLimit } from './rate-limit.ts'

/** How long an edge may go on believing in a key that has been revoked, in seconds; KV takes no less than 30. */
const KEY_CACHE_SECONDS = 30

const keyCache = new KeyCache()

/** Lets nobody through without a known key, and says whose it is in `c.var.account`. */
export const requireApiKey = createMiddleware<ApiEnv>(async (c, next) => {
  const known = accountOfInProcess(c.req.raw)
  if (known !== undefined) {
    c.set('account', known)
    return next()
  }
  const key = apiKeyIn(c)
  const hash = key !== undefined && API_KEY_PATTERN.test(key) ? await hashApiKey(key) : null
  const account = key === undefined || hash === null ? null : await accountOf(key, hash, c.env)
  if (hash === null || account === null) {
    await enforceLimit(c.env, c.env.STRANGER_LIMIT, c.req.header('cf-connecting-ip') ?? 'unknown')
    const message = key === undefined ? 'send your API key in the X-API-KEY header' : 'this API key is unknown or has been revoked'
    throw new ApiError('UNAUTHORIZED', message)
  }
  await enforceLimit(c.env, c.env.REQUEST_LIMIT, hash)
  c.set('account', account)
  await next()
})

async function accountOf(key: string, hash: string, env: Env): Promise<string | null> {
  // Everyone knows it, so elsewhere it is no key, whatever KV says.
  if (key === DEVELOPMENT_API_KEY) return settingsOf(env).development ? DEVELOPMENT_ACCOUNT : null
  const known = keyCache.get(hash, Date.now())
  if (known !== null) return known
  const stored = await env.KEYS.get(hash, { type: 'json', cacheTtl: KEY_CACHE_SECONDS })
  if (stored === null) return null
  const { account } = apiKeyRecordSchema.parse(stored)
  keyCache.set(hash, account, Date.now())
  return account
}

/** What the request has in the place of an API key; undefined where it has nothing there. */
export function apiKeyIn(c: Context<ApiEnv>): string | undefined {
  return c.req.header('x-api-key') ?? bearerToken(c.req.header('authorization'))
}

function bearerToken(header: string | undefined): string | undefined {
  return /^Bearer\s+(\S+)\s*$/i.exec(header ?? '')?.[1]
}
