/** What a stored file tells its account, how it stands, and asks of it: a slot. */
import type { EngineLimits } from '../durable/limits.ts'
import { SlotLease } from '../durable/slot-lease.ts'
import { type FileSpec, listingOf } from './record.ts'
import type { FileStore } from './store.ts'

/**
 * Has the account list the file as it stands, if that is news; a file that needs its slot no longer gives it back.
 * The body of a request is listed once it is whole: until then nobody knows of it.
 * Answers false when the account is being deleted, and the file is to go as well.
 */
export async function tellAccount(store: FileStore, env: Env): Promise<boolean> {
  const { spec, state } = store.mustExist
  const listing = listingOf({ spec, state })
  const isListed = spec.source.type !== 'REQUEST' || state.status !== 'UPLOADING'
  if (!store.untold || !listing || !isListed) return true
  const isProbed = state.status === 'STORED' && state.probe.stage === 'DONE'
  // Its slot is the next one's only when the executor was told to wipe its job.
  const isDone = isProbed && !store.leftJobs.hasUntried
  if ((await accountOf(spec, env).putFile(listing, isDone)) === 'account_deleted') return false
  if (store.record?.state === state && isProbed === isDone) store.markTold()
  // Deleted meanwhile, it must not be on the list because this came last.
  if (!store.record || store.record.state.status === 'DELETED') await takeOffList(spec, env)
  return true
}

/** The file is no more. */
export async function takeOffList(spec: FileSpec, env: Env): Promise<void> {
  await accountOf(spec, env).removeFile(spec.id)
}

/** The file's place among those that need a slot. */
export function leaseOf(spec: FileSpec, env: Env, limits: EngineLimits): SlotLease {
  const account = accountOf(spec, env)
  return new SlotLease({
    holder: spec.id,
    admit: (id) => account.admit(id),
    enqueue: () => account.enqueueFile(spec.id),
    limits,
  })
}

function accountOf(spec: FileSpec, env: Env) {
  return env.ACCOUNT.get(env.ACCOUNT.idFromName(spec.account))
}
