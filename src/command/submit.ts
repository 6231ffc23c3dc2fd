/** Accepts commands that have passed every check: a place in the account's queue, then the command itself. */
import type { SubmitOutcome } from '../account/account.ts'
import type { IdempotencyClaim } from '../account/idempotency.ts'
import type { CommandListing, CommandSpec } from './record.ts'
import { INITIAL_STATE } from './state.ts'

/**
 * Stores the commands, all of one account; stores nothing when the account does not take them. The queue comes first, so that a list
 * already shows what has just been answered; what a crash leaves between the two is taken off the list when its turn comes.
 * A repetition goes all the way too, under the ids of the first time: what the first time has stored stays, what it has not is made good.
 */
export async function submitCommands(
  env: Env,
  account: string,
  specs: CommandSpec[],
  claim: IdempotencyClaim | null,
): Promise<SubmitOutcome> {
  const listings = specs.map((spec): CommandListing => ({ spec, state: INITIAL_STATE, deletedFiles: [] }))
  const outcome = await env.ACCOUNT.get(env.ACCOUNT.idFromName(account)).submit(listings, claim)
  if (outcome.kind !== 'accepted') return outcome
  const { commandIds, createdAt, admissions } = outcome
  await Promise.all(
    specs.map(async (spec, index) => {
      const id = commandIds[index] ?? spec.id
      // Who is not told how it stands asks by itself.
      const admission = admissions === undefined ? ({ kind: 'unknown' } as const) : admissions[id]
      const isRepetition = id !== spec.id
      if (admission) await env.COMMAND.get(env.COMMAND.idFromName(id)).submit({ ...spec, id, createdAt }, admission, isRepetition)
    }),
  )
  return outcome
}
