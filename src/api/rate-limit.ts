/** Answers 429 to who asks too often, by the limits that stand in wrangler.toml. */
import type { Context } from 'hono'
import { createMiddleware } from 'hono/factory'
import { settingsOf } from '../settings.ts'
import type { ApiEnv } from './env.ts'
import { ApiError } from './errors.ts'

/** The period of every limit in wrangler.toml, in seconds: after it, all is forgotten. */
const PERIOD_SECONDS = '10'

/** Counts one request of `key` against the limit. Throws the 429 when there were too many. */
export async function enforceLimit(env: Env, limit: RateLimit, key: string): Promise<void> {
  if (!settingsOf(env).rateLimits) return
  const { success } = await limit.limit({ key })
  if (!success) throw new ApiError('RATE_LIMITED', 'too many requests; slow down', { 'Retry-After': PERIOD_SECONDS })
}

/** Counts what one request asks for beyond the first, before any of it is done. Throws the 429 at the first that is too many. */
export async function countFurtherRequests(c: Context<ApiEnv>, further: number): Promise<void> {
  for (let n = 0; n < further; n++) await enforceLimit(c.env, c.env.REQUEST_LIMIT, c.var.keyHash)
}

/** As `countFurtherRequests`, of commands: `limitSubmits` has counted the first. */
export async function countFurtherSubmits(c: Context<ApiEnv>, further: number): Promise<void> {
  for (let n = 0; n < further; n++) await enforceLimit(c.env, c.env.SUBMIT_LIMIT, c.var.account)
}

/** Limits what makes work, account by account. */
export const limitSubmits = createMiddleware<ApiEnv>(async (c, next) => {
  await enforceLimit(c.env, c.env.SUBMIT_LIMIT, c.var.account)
  await next()
})
