/**
 * Pages of other origins that may use the API (CORS, as the Fetch standard has it): those in ALLOWED_ORIGINS, with a key that they send
 * themselves. No cookie goes along, so that a page gets nothing that it could not ask for from elsewhere.
 */
import { cors } from 'hono/cors'
import { createMiddleware } from 'hono/factory'
import { settingsOf } from '../settings.ts'
import type { ApiEnv } from './env.ts'

/** How long a browser may remember an answer to a preflight, in seconds. */
const MAX_AGE_SECONDS = 86_400

const answerBrowsers = cors({
  origin: (origin, c) => {
    const allowed = settingsOf(c.env).browserOrigins
    if (allowed.everything) return '*'
    return allowed.origins.has(origin) ? origin : null
  },
  allowMethods: ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'],
  allowHeaders: [
    ...['X-API-KEY', 'Authorization', 'Content-Type', 'Idempotency-Key', 'Prefer', 'Last-Event-ID', 'X-Request-Id'],
    ...['If-None-Match', 'MCP-Protocol-Version', 'MCP-Session-Id'],
  ],
  exposeHeaders: ['X-Request-Id', 'Retry-After', 'ETag', 'Allow', 'WWW-Authenticate', 'MCP-Session-Id'],
  maxAge: MAX_AGE_SECONDS,
})

/** Answers preflights, which have no key, and lets pages of allowed origins read every answer. Does nothing where no origin is allowed. */
export const crossOrigin = createMiddleware<ApiEnv>((c, next) => {
  const allowed = settingsOf(c.env).browserOrigins
  return allowed.everything || allowed.origins.size > 0 ? answerBrowsers(c, next) : next()
})
