/** The common way of everything that makes commands: all are checked, then all are accepted, or none. */
import type { Context } from 'hono'
import type { IdempotencyClaim } from '../account/idempotency.ts'
import type { CommandSpec, CommandType } from '../command/record.ts'
import { submitCommands } from '../command/submit.ts'
import { unauthorized } from './auth.ts'
import type { CommandIdentity } from './check-submit.ts'
import type { ApiEnv } from './env.ts'
import { ApiError, errorSchema } from './errors.ts'
import { json } from './responses.ts'

/** What every route that makes commands can answer. */
export const acceptErrors = {
  409: json(errorSchema, 'The `Idempotency-Key` was used for another request in the last 24 hours.'),
  429: json(errorSchema, 'Too many requests, or too many commands that wait; `Retry-After` says for how long.'),
}

/** A fresh command of whoever asks. */
export function newIdentity(c: Context<ApiEnv>, type: CommandType): CommandIdentity {
  return { id: crypto.randomUUID(), account: c.var.account, type, createdAt: Date.now(), origin: new URL(c.req.url).origin }
}

/** Stores the checked commands and sets them going. Answers their ids, those of the first time where the request is a repetition. */
export async function accept(c: Context<ApiEnv>, specs: CommandSpec[], claim: IdempotencyClaim | null): Promise<string[]> {
  const outcome = await submitCommands(c.env, c.var.account, specs, claim)
  switch (outcome.kind) {
    case 'accepted':
      return outcome.commandIds
    case 'queue_full':
      throw new ApiError('QUEUE_FULL', 'too many of your commands are waiting; submit again when some have ended', { 'Retry-After': '30' })
    case 'account_deleted':
      throw unauthorized('this API key has been revoked')
    case 'key_conflict':
      throw new ApiError(
        'IDEMPOTENCY_CONFLICT',
        'this Idempotency-Key was used for another request in the last 24 hours; send the request under a key of its own',
      )
    default:
      return outcome satisfies never
  }
}
