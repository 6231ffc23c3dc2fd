/** What a JSON request must be before its schema is looked at. */
import { bodyLimit } from 'hono/body-limit'
import { every } from 'hono/combine'
import { createMiddleware } from 'hono/factory'
import type { ApiEnv } from './env.ts'
import { ApiError } from './errors.ts'
import { jsonFault } from './json-syntax.ts'
import { quoted } from './wanted.ts'

const MAX_BODY_BYTES = 1024 * 1024

const limitBody = bodyLimit({
  maxSize: MAX_BODY_BYTES,
  onError: () => {
    throw new ApiError('PAYLOAD_TOO_LARGE', 'the body is larger than 1 MiB; pass files by URL')
  },
})

const parseBody = createMiddleware<ApiEnv>(async (c, next) => {
  const type = c.req.header('content-type')?.split(';')[0]?.trim().toLowerCase() ?? ''
  if (type !== 'application/json' && !type.endsWith('+json')) {
    const sent = type === '' ? 'there is none' : `it says ${quoted(type)}`
    const form = type === 'application/x-www-form-urlencoded' || type === 'multipart/form-data' ? FORM : ''
    throw new ApiError('UNSUPPORTED_MEDIA_TYPE', `send the body as JSON, with the header "Content-Type: application/json" (${sent})${form}`)
  }
  const text = await c.req.text()
  if (text.trim() === '') throw new ApiError('INVALID_REQUEST', 'the body is empty; send a JSON object')
  try {
    JSON.parse(text)
  } catch (error) {
    throw new ApiError('INVALID_REQUEST', jsonFault(text, error))
  }
  await next()
})

/** What sends a form without being asked to. */
const FORM = ": a form is not taken. With curl, add -H 'Content-Type: application/json'; in Python, send json=body rather than data=body"

/** 413, 415 and 400 for what is no JSON body at all. */
export const jsonBody = every(limitBody, parseBody)
