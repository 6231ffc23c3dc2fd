/** A text that is the same for everyone until the next deployment: made once, and sent only to who does not have it yet. */
import type { OpenAPIHono } from '@hono/zod-openapi'
import { ifNoneMatch } from '../files/range.ts'
import type { ApiEnv } from './env.ts'
import { once } from './once.ts'

/** How long a client or a cache may use it without asking, in seconds: about as long as one may be behind after a deployment. */
const MAX_AGE_SECONDS = 300

/**
 * Answers GET and HEAD (RFC 9110, sections 8.8.3 and 13.1.2).
 * @param make called at the first request, and never again
 */
export function serveText(app: OpenAPIHono<ApiEnv>, path: string, contentType: string, make: () => string): void {
  const bytes = once(() => new Uint8Array(new TextEncoder().encode(make())))
  let etag: string | null = null
  app.get(path, async (c) => {
    etag ??= await etagOf(bytes())
    const headers = { ETag: etag, 'Cache-Control': `public, max-age=${MAX_AGE_SECONDS}` }
    if (ifNoneMatch(c.req.header('if-none-match') ?? null, etag)) return c.body(null, 304, headers)
    return c.body(bytes(), 200, { ...headers, 'Content-Type': contentType })
  })
}

/** With its quotes, as it is sent. */
async function etagOf(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes))
  return `"${Array.from(digest.subarray(0, 16), (byte) => byte.toString(16).padStart(2, '0')).join('')}"`
}
