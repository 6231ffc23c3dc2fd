/** Keeps a Worker whose secrets everyone knows from answering anybody but its own machine. */
import { createMiddleware } from 'hono/factory'
import { isLoopback } from '../development.ts'
import { settingsOf } from '../settings.ts'
import type { ApiEnv } from './env.ts'
import { ApiError } from './errors.ts'

/** Throws a MISCONFIGURED where a setting has a value for development and the request is for another host than this machine. */
export const onThisMachineOnly = createMiddleware<ApiEnv>(async (c, next) => {
  const { publiclyKnown } = settingsOf(c.env)
  const { hostname } = new URL(c.req.url)
  if (publiclyKnown.length === 0 || isLoopback(hostname)) return next()
  throw new ApiError(
    'MISCONFIGURED',
    `this service has values for development, which everyone knows (${publiclyKnown.join(', ')}), and therefore answers on localhost only, not on ${hostname}: deploy it by \`npm run deploy\`, or run it by \`npm run dev\`, and set secrets of your own`,
  )
})
