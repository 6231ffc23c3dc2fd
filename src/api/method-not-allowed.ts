/** 405 for a path that exists, asked with a method that it does not have. */
import type { OpenAPIHono } from '@hono/zod-openapi'
import type { ApiEnv } from './env.ts'
import { ApiError } from './errors.ts'

/** Adds the answer to every path registered so far; call it after the last route. */
export function methodNotAllowed(app: OpenAPIHono<ApiEnv>): void {
  const methods = new Map<string, Set<string>>()
  for (const { method, path } of app.routes) {
    if (method === 'ALL') continue
    const known = methods.get(path) ?? new Set<string>()
    known.add(method)
    if (method === 'GET') known.add('HEAD')
    methods.set(path, known)
  }
  for (const [path, known] of methods) {
    const allowed = [...known].join(', ')
    app.all(path, (c) => {
      throw new ApiError('METHOD_NOT_ALLOWED', `${c.req.method} is not possible here; possible: ${allowed}`, { Allow: allowed })
    })
  }
}
