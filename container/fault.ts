/** Requests that cannot be granted. */
import type { ExecutorError } from '../src/executor/protocol.ts'

type FaultCode = Exclude<ExecutorError['error']['code'], 'NO_EXECUTOR'>

export const FAULT_STATUS = {
  BAD_REQUEST: 400,
  UNAUTHORIZED: 401,
  FORBIDDEN: 403,
  JOB_NOT_FOUND: 404,
  FILE_NOT_FOUND: 404,
  CONFLICT: 409,
  INPUT_TOO_LARGE: 413,
  RANGE_NOT_SATISFIABLE: 416,
  INTERNAL_ERROR: 500,
  SHUTTING_DOWN: 503,
} as const satisfies Record<FaultCode, number>

/** Thrown where a request cannot be granted; `app.ts` answers it with its status and message. */
export class Fault extends Error {
  readonly code: FaultCode
  readonly limit: ExecutorError['error']['limit']

  /** @param limit what an `INPUT_TOO_LARGE` is about */
  constructor(code: FaultCode, message: string, limit?: ExecutorError['error']['limit']) {
    super(message)
    this.name = 'Fault'
    this.code = code
    this.limit = limit
  }
}
