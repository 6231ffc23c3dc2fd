/** Whether the Worker and, through it, an executor that really runs FFmpeg are there. */
import { createRoute, type OpenAPIHono } from '@hono/zod-openapi'
import { ExecutorFailure } from '../executor/client.ts'
import { executorFor } from '../executor/connect.ts'
import { log } from '../logging/log.ts'
import type { ApiEnv } from './env.ts'
import { healthSchema } from './schemas.ts'

const content = { 'application/json': { schema: healthSchema } }

const health = createRoute({
  method: 'get',
  path: '/api/v1/health',
  operationId: 'getHealth',
  tags: ['Service'],
  summary: 'Is it working?',
  description: 'Asks an executor whether its FFmpeg runs. Needs no API key.',
  security: [],
  responses: {
    200: { description: 'An executor ran FFmpeg.', content },
    503: { description: 'No executor answers, or its FFmpeg does not run.', content },
  },
})

/** No customer's slot: whoever asks for the health must not meet, nor wake, an account's executor. */
const HEALTH_ACCOUNT = 'health'

export function registerHealth(app: OpenAPIHono<ApiEnv>): void {
  app.openapi(health, async (c) => {
    try {
      const { ok, ffmpeg_version, sandbox, cpus, running_jobs } = await executorFor(c.env, HEALTH_ACCOUNT, 0).health()
      if (ok) return c.json({ status: 'ok' as const, executor: { ok, ffmpeg_version, sandbox, cpus, running_jobs } }, 200)
    } catch (error) {
      log('warn', 'health.executor_silent', { request_id: c.var.requestId, error })
      return unavailable(error instanceof ExecutorFailure && error.fault === 'not_started' ? error.message : 'no executor answers')
    }
    return unavailable('the executor’s FFmpeg does not run')

    function unavailable(message: string) {
      return c.json({ status: 'unavailable' as const, executor: { ok: false as const, message } }, 503, { 'Retry-After': '5' })
    }
  })
}
