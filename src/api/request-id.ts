/** `X-Request-Id` on every answer: the client's own where it sends a sound one, else a fresh one. */
import { every } from 'hono/combine'
import { createMiddleware } from 'hono/factory'
import { requestId as assignId } from 'hono/request-id'
import type { ApiEnv } from './env.ts'

/** hono puts the header on answers made by its context only: not on errors, nor on files. */
const showId = createMiddleware<ApiEnv>(async (c, next) => {
  await next()
  c.header('X-Request-Id', c.var.requestId)
})

export const requestId = every(assignId(), showId)
