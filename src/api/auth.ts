/** Who is asking: an API key, by its SHA-256 in KV, stands for an account. Who has none is counted before anything is done. */
import type { Context } from 'hono'
import { createMiddleware } from 'hono/factory'
import { DEVELOPMENT_ACCOUNT, DEVELOPMENT_API_KEY } from '../development.ts'
import { settingsOf } from '../settings.ts'
import { API_KEY_PATTERN, apiKeyRecordSchema, hashApiKey } from './api-key.ts'
import { addressIn } from './client-address.ts'
import type { ApiEnv } from './env.ts'
import { ApiError } from './errors.ts'
import { type Caller, callerOfInProcess } from './in-process.ts'
import { KeyCache } from './key-cache.ts'
import { enforceLimit } from './rate-limit.ts'

/** How long an edge may go on believing in a key that has been revoked, in seconds; KV takes no less than 30. */
const KEY_CACHE_SECONDS = 30

/** Where it is not known from where a request comes, all strangers are one. */
const SOMEWHERE = 'unknown'

const CHALLENGE = 'Bearer realm="RenderIO"'

const keyCache = new KeyCache()

/** Lets nobody through without a known key, and says whose it is in `c.var`. */
export const requireApiKey = createMiddleware<ApiEnv>(async (c, next) => {
  const known = callerOfInProcess(c.req.raw)
  if (known !== undefined) {
    admit(c, known)
    return next()
  }
  const key = apiKeyIn(c)
  if (key === undefined || !API_KEY_PATTERN.test(key)) {
    await countStranger(c.env, addressOf(c))
    throw refusal(key)
  }
  const hash = await hashApiKey(key)
  const account = await accountOf(key, hash, c)
  await enforceLimit(c.env, c.env.REQUEST_LIMIT, hash)
  admit(c, { account, keyHash: hash })
  await next()
})

function admit(c: Context<ApiEnv>, { account, keyHash }: Caller): void {
  c.set('account', account)
  c.set('keyHash', keyHash)
}

/**
 * What the request has in the place of an API key; undefined where it has nothing there. `X-API-KEY` counts where both headers are there,
 * unless it is empty, as automation tools send a field that is not filled in.
 */
export function apiKeyIn(c: Context<ApiEnv>): string | undefined {
  return c.req.header('x-api-key')?.trim() || bearerToken(c.req.header('authorization'))
}

/**
 * The account of a key that has the right shape. Throws the 401 for one that nobody has, and the 429 for who asks for too many such.
 * Where addresses are known, the lookup is counted first. Where they are not, only those that have failed are: the count is everybody's
 * then, and a good key is not refused because of what others do.
 */
async function accountOf(key: string, hash: string, c: Context<ApiEnv>): Promise<string> {
  const isDevelopment = key === DEVELOPMENT_API_KEY
  if (isDevelopment && settingsOf(c.env).development) return DEVELOPMENT_ACCOUNT
  const remembered = isDevelopment ? null : keyCache.get(hash, Date.now())
  if (remembered !== null) return remembered
  const address = addressOf(c)
  // Whoever was good of late is not refused because of others at the same address.
  const countFirst = address !== null && !keyCache.wasGood(hash, Date.now())
  if (countFirst) await countStranger(c.env, address)
  // Everyone knows the key for development, so elsewhere it is no key, whatever KV says.
  const account = isDevelopment ? null : await lookUp(hash, c.env)
  if (account !== null) return account
  if (!countFirst) await countStranger(c.env, address)
  throw refusal(key)
}

async function lookUp(hash: string, env: Env): Promise<string | null> {
  if (keyCache.isUnknown(hash, Date.now())) return null
  const stored = await env.KEYS.get(hash, { type: 'json', cacheTtl: KEY_CACHE_SECONDS })
  if (stored === null) {
    keyCache.setUnknown(hash, Date.now())
    return null
  }
  const { account } = apiKeyRecordSchema.parse(stored)
  keyCache.set(hash, account, Date.now())
  return account
}

/** The address that the request comes from; null if no trusted header gives it. */
function addressOf(c: Context<ApiEnv>): string | null {
  const { clientAddressHeader } = settingsOf(c.env)
  return clientAddressHeader === null ? null : addressIn(c.req.header(clientAddressHeader))
}

function countStranger(env: Env, address: string | null): Promise<void> {
  return enforceLimit(env, env.STRANGER_LIMIT, address ?? SOMEWHERE)
}

/** With the challenge of RFC 6750, section 3: without a key it names no error. */
function refusal(key: string | undefined): ApiError {
  if (key === undefined) {
    const message = 'send your API key in the header X-API-KEY, or as Authorization: Bearer and the key'
    return new ApiError('UNAUTHORIZED', message, { 'WWW-Authenticate': CHALLENGE })
  }
  return unauthorized(
    API_KEY_PATTERN.test(key)
      ? 'this API key is unknown or has been revoked'
      : 'this is not an API key: a key is ffsk_ followed by 64 characters from 0 to 9 and a to f, without quotes or anything else around it',
  )
}

/** The 401 for a key that is not good, or not any more. */
export function unauthorized(message: string): ApiError {
  return new ApiError('UNAUTHORIZED', message, { 'WWW-Authenticate': `${CHALLENGE}, error="invalid_token"` })
}

function bearerToken(header: string | undefined): string | undefined {
  return /^Bearer\s+(\S+)\s*$/i.exec(header ?? '')?.[1]
}
