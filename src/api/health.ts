/** Whether the Worker is there and, for who has a key, an executor that really runs FFmpeg. */
import { createRoute, type OpenAPIHono, type z } from '@hono/zod-openapi'
import type { Context } from 'hono'
import { createMiddleware } from 'hono/factory'
import { executorFor } from '../executor/connect.ts'
import { ExecutorFailure } from '../executor/failure.ts'
import { log } from '../logging/log.ts'
import { apiKeyIn, requireApiKey } from './auth.ts'
import type { ApiEnv } from './env.ts'
import { requestErrors } from './responses.ts'
import { healthSchema } from './schemas.ts'

type Health = z.output<typeof healthSchema>

const content = { 'application/json': { schema: healthSchema } }

/** A key is optional, but a wrong one is refused. */
const keyIfSent = createMiddleware<ApiEnv>((c, next) => (apiKeyIn(c) === undefined ? next() : requireApiKey(c, next)))

const health = createRoute({
  method: 'get',
  path: '/api/v1/health',
  operationId: 'getHealth',
  tags: ['Service'],
  summary: 'Is it working?',
  description:
    'Without an API key it says that the service answers, and asks nobody. With one it also asks an executor whether its FFmpeg runs; that answer may be three seconds old.',
  security: [{}, { ApiKey: [] }, { Bearer: [] }],
  middleware: keyIfSent,
  responses: {
    200: { description: 'The service answers; with a key, an executor has run FFmpeg too.', content },
    ...requestErrors,
    503: { description: 'No executor answers, or its FFmpeg does not run.', content },
  },
})

/** No customer's slot: whoever asks for the health must not meet, nor wake, an account's executor. */
const HEALTH_ACCOUNT = 'health'

/** How long an executor that works is believed to work, in milliseconds. */
const FRESH_MS = 3000
/** How long the executor is waited for, in milliseconds: less than the platform lets a request live on whose client has gone away. */
const QUESTION_MS = 25_000

export function registerHealth(app: OpenAPIHono<ApiEnv>): void {
  const latest = new WeakMap<Env, { until: number; answer: Promise<Health> }>()

  app.openapi(health, async (c) => {
    if (apiKeyIn(c) === undefined) return c.json({ status: 'ok' as const }, 200)
    const answer = await latestAnswer(c)
    return answer.status === 'ok' ? c.json(answer, 200) : c.json(answer, 503, { 'Retry-After': '5' })
  })

  /** Many who ask are one question to the executor. One that did not work is asked again by whoever comes next. */
  function latestAnswer(c: Context<ApiEnv>): Promise<Health> {
    const known = latest.get(c.env)
    if (known !== undefined && Date.now() < known.until) return known.answer
    const asked = { until: Date.now() + QUESTION_MS, answer: askExecutor(c.env, c.var.requestId) }
    latest.set(c.env, asked)
    const kept = asked.answer.then(({ status }) => {
      asked.until = status === 'ok' ? Date.now() + FRESH_MS : 0
    })
    // Others wait for the same answer, even when who asked first has gone away.
    c.executionCtx.waitUntil(kept)
    return asked.answer
  }
}

async function askExecutor(env: Env, requestId: string): Promise<Health> {
  try {
    const { ok, ffmpeg_version, sandbox, cpus, running_jobs } = await executorFor(env, HEALTH_ACCOUNT, 0).health(QUESTION_MS)
    return ok
      ? { status: 'ok', executor: { ok, ffmpeg_version, sandbox, cpus, running_jobs } }
      : unavailable('the executor’s FFmpeg does not run')
  } catch (error) {
    log('warn', 'health.executor_silent', { request_id: requestId, error })
    return unavailable(error instanceof ExecutorFailure && error.fault === 'not_started' ? error.message : 'no executor answers')
  }
}

function unavailable(message: string): Health {
  return { status: 'unavailable', executor: { ok: false, message } }
}
