/** Refuses requests with a URL that is longer than any of this service's, before a route is looked for. */
import { ApiError, errorResponse } from './errors.ts'

const MAX_URL_CHARACTERS = 4096

/** The 414 for a URL that is too long; null for any other. */
export function refuseLongUrl({ url }: Request): Response | null {
  if (url.length <= MAX_URL_CHARACTERS) return null
  const message = `the URL has ${url.length} characters, and ${MAX_URL_CHARACTERS} at most are taken; send large values in the body`
  const response = errorResponse(new ApiError('URI_TOO_LONG', message))
  response.headers.set('X-Request-Id', crypto.randomUUID())
  return response
}
