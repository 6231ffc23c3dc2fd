/** The links that the Worker signs, for whoever holds one. */
import type { OpenAPIHono } from '@hono/zod-openapi'
import { serveFile } from '../files/serve.ts'
import { settingsOf } from '../settings.ts'
import type { ApiEnv } from './env.ts'
import { ApiError } from './errors.ts'

export function registerDownload(app: OpenAPIHono<ApiEnv>): void {
  app.get('/files/:token/:filename', async (c) => {
    const { token, filename } = c.req.param()
    const served = await serveFile(c.req.raw, token, filename, c.env.FILES, settingsOf(c.env))
    if (!served.ok) throw new ApiError('NOT_FOUND', served.reason)
    return served.response
  })

  // A player in a page asks before it asks for a range.
  app.options('/files/:token/:filename', () => {
    const headers = {
      'Access-Control-Allow-Origin': '*',
      'Access-Control-Allow-Methods': 'GET, HEAD',
      'Access-Control-Allow-Headers': 'If-Match, If-None-Match, If-Range, Range',
      'Access-Control-Max-Age': '86400',
    }
    return new Response(null, { status: 204, headers })
  })
}
