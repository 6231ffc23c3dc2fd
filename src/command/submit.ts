/** Accepts commands that have passed every check: a place in the account's queue, then the command itself. */
import type { CommandListing, CommandSpec } from './record.ts'
import { INITIAL_STATE } from './state.ts'

/**
 * Stores the commands, all of one account; answers false, and stores nothing, when the account's queue is full. The queue comes first, so that a list already shows what has just been answered;
 * what a crash leaves between the two is taken off the list when its turn comes.
 */
export async function submitCommands(env: Env, account: string, specs: CommandSpec[]): Promise<boolean> {
  const listings = specs.map((spec): CommandListing => ({ spec, state: INITIAL_STATE, filesDeletedAt: null }))
  if (!(await env.ACCOUNT.get(env.ACCOUNT.idFromName(account)).submit(listings))) return false
  await Promise.all(specs.map((spec) => env.COMMAND.get(env.COMMAND.idFromName(spec.id)).submit(spec)))
  return true
}
