/** Answers 429 to who asks too often, by the limits that stand in wrangler.toml. */
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

/** Limits what makes work, account by account. */
export const limitSubmits = createMiddleware<ApiEnv>(async (c, next) => {
  await enforceLimit(c.env, c.env.SUBMIT_LIMIT, c.var.account)
  await next()
})
