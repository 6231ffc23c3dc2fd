/** The catalogue of errors that a request can be answered with, and the one shape they all have. */
import { z } from '@hono/zod-openapi'
import type { Fault } from '../ffmpeg/command.ts'

const STATUS = {
  INVALID_REQUEST: 400,
  UNAUTHORIZED: 401,
  FORBIDDEN: 403,
  NOT_FOUND: 404,
  METHOD_NOT_ALLOWED: 405,
  CONFLICT: 409,
  IDEMPOTENCY_CONFLICT: 409,
  PAYLOAD_TOO_LARGE: 413,
  UNSUPPORTED_MEDIA_TYPE: 415,
  VALIDATION_ERROR: 422,
  RATE_LIMITED: 429,
  QUEUE_FULL: 429,
  INTERNAL_ERROR: 500,
  MISCONFIGURED: 500,
  UNAVAILABLE: 503,
} as const

export type ErrorCode = keyof typeof STATUS

/** A fault of the request, or of ours, told to the client. `message` says what is wrong, where, and what to do. */
export class ApiError extends Error {
  override readonly name = 'ApiError'
  readonly code: Exclude<ErrorCode, 'VALIDATION_ERROR'>
  readonly headers: Record<string, string>

  constructor(code: Exclude<ErrorCode, 'VALIDATION_ERROR'>, message: string, headers: Record<string, string> = {}) {
    super(message)
    this.code = code
    this.headers = headers
  }
}

/** A body that breaks the rules: every fault in it, not only the first. */
export class ValidationError extends Error {
  override readonly name = 'ValidationError'
  readonly faults: Fault[]

  constructor(faults: Fault[]) {
    super(faults.map((fault) => `${fault.loc.join('.') || 'body'}: ${fault.msg}`).join('; '))
    this.faults = faults
  }
}

export const faultSchema = z
  .object({
    loc: z.array(z.union([z.string(), z.number()])).openapi({ example: ['ffmpeg_command'] }),
    msg: z.string(),
    type: z.enum(['value_error', 'type_error']),
  })
  .openapi('Fault')

export const validationErrorSchema = z
  .object({ detail: z.array(faultSchema), error: z.literal('VALIDATION_ERROR'), message: z.string() })
  .openapi('ValidationError')

export const errorSchema = z
  .object({ detail: z.string(), error: z.string().openapi({ example: 'NOT_FOUND' }), message: z.string() })
  .openapi('Error')

/** The answer that tells `error`. Clients are known to read each of `detail`, `error` and `message`. */
export function errorResponse(error: ApiError | ValidationError): Response {
  if (error instanceof ValidationError) {
    const body: z.infer<typeof validationErrorSchema> = { detail: error.faults, error: 'VALIDATION_ERROR', message: error.message }
    return Response.json(body, { status: STATUS.VALIDATION_ERROR })
  }
  const body: z.infer<typeof errorSchema> = { detail: error.message, error: error.code, message: error.message }
  return Response.json(body, { status: STATUS[error.code], headers: error.headers })
}

/** zod's issues as faults, flattened to one entry each. */
export function faultsOf(issues: z.core.$ZodIssue[]): Fault[] {
  return issues.map((issue) => ({
    loc: issue.path.map((part) => (typeof part === 'symbol' ? part.toString() : part)),
    msg: issue.code === 'invalid_key' ? (issue.issues[0]?.message ?? issue.message) : issue.message,
    type: issue.code === 'invalid_type' ? 'type_error' : 'value_error',
  }))
}
