/** Why an executor did not do what it was asked, as its client tells it. */
import { explain, isLackOfRoom, platformEventOf } from './platform-event.ts'
import { executorErrorSchema } from './protocol.ts'

/**
 * Why an executor did not do what it was asked.
 * - `unreachable`: no answer, or one that says "not now". Nothing is known of the job.
 * - `no_room`: there is no container for it at the moment.
 * - `not_started`: there is none, and the message says how to start one.
 * - `too_old`: it does not know enough of the protocol to do it as it is meant.
 * - `job_unknown`: it answers, and knows nothing of the job or of a file it had: it was restarted.
 * - `input_too_large`: the input is past the limit it was given.
 * - `job_too_large`: all inputs of the job together are past theirs.
 * - `refused`: any other refusal; a fault of ours.
 */
export type ExecutorFault =
  | 'unreachable'
  | 'no_room'
  | 'not_started'
  | 'too_old'
  | 'job_unknown'
  | 'input_too_large'
  | 'job_too_large'
  | 'refused'

export class ExecutorFailure extends Error {
  override readonly name = 'ExecutorFailure'
  readonly fault: ExecutorFault

  constructor(fault: ExecutorFault, message: string, options?: ErrorOptions) {
    super(message, options)
    this.fault = fault
  }
}

/** What an answer that refuses says. */
export async function failureOf(response: Response): Promise<ExecutorFailure> {
  const text = await response.text().catch(() => '')
  const parsed = executorErrorSchema.safeParse(parseJson(text))
  if (!parsed.success) {
    const fault = response.status >= 500 ? 'unreachable' : 'refused'
    return platformFailure(text) ?? new ExecutorFailure(fault, `the executor answered ${response.status}: ${text.slice(0, 200)}`)
  }
  const { code, message, limit } = parsed.data.error
  switch (code) {
    case 'JOB_NOT_FOUND':
    case 'FILE_NOT_FOUND':
      return new ExecutorFailure('job_unknown', message)
    case 'INPUT_TOO_LARGE':
      return new ExecutorFailure(limit === 'job' ? 'job_too_large' : 'input_too_large', message)
    case 'SHUTTING_DOWN':
      return new ExecutorFailure('unreachable', message)
    case 'NO_EXECUTOR':
      return new ExecutorFailure('not_started', message)
    case 'BAD_REQUEST':
    case 'UNAUTHORIZED':
    case 'FORBIDDEN':
    case 'CONFLICT':
    case 'RANGE_NOT_SATISFIABLE':
    case 'INTERNAL_ERROR':
      return new ExecutorFailure('refused', message)
    default:
      return code satisfies never
  }
}

/** What was meant when the container platform answered in the executor's place; null when it did not. */
export function platformFailure(text: string, options?: ErrorOptions): ExecutorFailure | null {
  const event = platformEventOf(text)
  return event && new ExecutorFailure(isLackOfRoom(event) ? 'no_room' : 'unreachable', explain(event), options)
}

/** What a text says in JSON; null where it says nothing. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}
