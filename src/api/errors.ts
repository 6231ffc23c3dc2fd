/** The catalogue of errors that a request can be answered with, and the one shape they all have. */
import { z } from '@hono/zod-openapi'
import type { Fault } from '../ffmpeg/command.ts'
import { shortened } from '../ffmpeg/excerpt.ts'

const STATUS = {
  INVALID_REQUEST: 400,
  UNAUTHORIZED: 401,
  FORBIDDEN: 403,
  NOT_FOUND: 404,
  METHOD_NOT_ALLOWED: 405,
  CONFLICT: 409,
  IDEMPOTENCY_CONFLICT: 409,
  PAYLOAD_TOO_LARGE: 413,
  URI_TOO_LONG: 414,
  UNSUPPORTED_MEDIA_TYPE: 415,
  VALIDATION_ERROR: 422,
  RATE_LIMITED: 429,
  QUEUE_FULL: 429,
  INTERNAL_ERROR: 500,
  MISCONFIGURED: 500,
  NOT_IMPLEMENTED: 501,
  UNAVAILABLE: 503,
} as const

export type ErrorCode = keyof typeof STATUS

/*
 * Whatever was sent, an answer that refuses it has less than 64 KB: no more is told than somebody reads, and what is repeated of the request
 * is cut.
 */
const MAX_FAULTS = 100
/** Of all faults as JSON, in bytes; `message` repeats most of it. */
const MAX_FAULT_BYTES = 24 * 1024
/** In characters, of which JSON may make six bytes each. */
const MAX_FAULT_MESSAGE = 1_000
const MAX_LOCATION_PART = 100
const MAX_ERROR_MESSAGE = 4_000

/** A fault of the request, or of ours, told to the client. `message` says what is wrong, where, and what to do. */
export class ApiError extends Error {
  override readonly name = 'ApiError'
  readonly code: Exclude<ErrorCode, 'VALIDATION_ERROR'>
  readonly headers: Record<string, string>

  constructor(code: Exclude<ErrorCode, 'VALIDATION_ERROR'>, message: string, headers: Record<string, string> = {}) {
    super(shortened(message, MAX_ERROR_MESSAGE))
    this.code = code
    this.headers = headers
  }
}

/** A body that breaks the rules: every fault in it, not only the first, as far as an answer holds them. */
export class ValidationError extends Error {
  override readonly name = 'ValidationError'
  readonly faults: readonly Fault[]
  /** How many more there are. */
  readonly omitted: number

  /** @param omitted how many faults there are beside those that are given */
  constructor(faults: readonly Fault[], omitted = 0) {
    const told = tellable(faults)
    const more = omitted + faults.length - told.length
    super(
      entries(told, more)
        .map(({ loc, msg }) => `${loc.join('.')}: ${msg}`)
        .join('; '),
    )
    this.faults = told
    this.omitted = more
  }

  /** What the answer lists. */
  get detail(): Fault[] {
    return entries(this.faults, this.omitted)
  }
}

/** The first faults, shortened, as far as they fit into an answer. */
function tellable(faults: readonly Fault[]): Fault[] {
  const told: Fault[] = []
  let bytes = 0
  for (const { loc, msg, type } of faults.slice(0, MAX_FAULTS)) {
    const fault: Fault = {
      loc: loc.length === 0 ? WHOLE_BODY : loc.map((part) => (typeof part === 'string' ? shortened(part, MAX_LOCATION_PART) : part)),
      msg: shortened(msg, MAX_FAULT_MESSAGE),
      type,
    }
    bytes += new TextEncoder().encode(JSON.stringify(fault)).length
    if (bytes > MAX_FAULT_BYTES) break
    told.push(fault)
  }
  return told
}

function entries(told: readonly Fault[], more: number): Fault[] {
  if (more === 0) return [...told]
  return [...told, { loc: WHOLE_BODY, msg: NOT_LISTED + more, type: 'value_error' }]
}

const NOT_LISTED = 'faults that are not listed here: '

/** Where a fault is that the body has as a whole. */
const WHOLE_BODY: Fault['loc'] = ['body']

/** Where a fault of a body is in another body, which has that one at `prefix`. */
export function within(prefix: Fault['loc'], loc: Fault['loc']): Fault['loc'] {
  return loc.length === 1 && loc[0] === WHOLE_BODY[0] ? prefix : [...prefix, ...loc]
}

/** What an answer's `detail` tells: the faults that it lists, and how many more there are. */
export function toldOf(detail: readonly Fault[]): { faults: Fault[]; omitted: number } {
  const last = detail.at(-1)
  if (last === undefined || last.loc[0] !== WHOLE_BODY[0] || !last.msg.startsWith(NOT_LISTED)) return { faults: [...detail], omitted: 0 }
  return { faults: detail.slice(0, -1), omitted: Number(last.msg.slice(NOT_LISTED.length)) }
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

/** The answer that tells `error`, of less than 64 KB. Clients are known to read each of `detail`, `error` and `message`. */
export function errorResponse(error: ApiError | ValidationError): Response {
  if (error instanceof ValidationError) {
    const body: z.infer<typeof validationErrorSchema> = { detail: error.detail, error: 'VALIDATION_ERROR', message: error.message }
    return Response.json(body, { status: STATUS.VALIDATION_ERROR })
  }
  const body: z.infer<typeof errorSchema> = { detail: error.message, error: error.code, message: error.message }
  return Response.json(body, { status: STATUS[error.code], headers: error.headers })
}
