/** Requests of the service to its own routes: whatever stands on top of the API has its checks, answers and errors from it. */
import type { OpenAPIHono } from '@hono/zod-openapi'
import type { Context } from 'hono'
import type { ApiEnv } from './env.ts'

/** Asks a route as whoever sent the request at hand. `path` begins with a slash and may have a query. */
export type Ask = (path: string, init: { method: string; headers?: Record<string, string>; body?: BodyInit | null }) => Promise<Response>

/** The caller that an API key belongs to. */
export type Caller = Pick<ApiEnv['Variables'], 'account' | 'keyHash'>

/** No request from outside is among these, whatever it says of itself. */
const callers = new WeakMap<Request, Caller>()

/** For whom the service asks itself; undefined for a request from outside. */
export function callerOfInProcess(request: Request): Caller | undefined {
  return callers.get(request)
}

/**
 * For a request whose key has been checked and which has been counted: neither happens again. A route that asks several times counts the further requests itself.
 * @param kept names of headers that go along as they came
 */
export function asCaller(app: OpenAPIHono<ApiEnv>, c: Context<ApiEnv>, kept: readonly string[] = []): Ask {
  return async (path, init) => {
    const headers = new Headers(init.headers)
    for (const name of kept) {
      const value = c.req.header(name)
      if (value !== undefined && !headers.has(name)) headers.set(name, value)
    }
    headers.set('x-request-id', c.var.requestId)
    const request = new Request(new URL(path, c.req.url), { method: init.method, headers, body: init.body ?? null })
    callers.set(request, { account: c.var.account, keyHash: c.var.keyHash })
    return app.fetch(request, c.env, c.executionCtx)
  }
}
