/** What a stored file and its account say to each other: how the file stands, and whose slot is whose. */
import { log } from '../logging/log.ts'
import { type FileSpec, listingOf } from './record.ts'
import type { FileStore } from './store.ts'

/** A waiting file asks for a slot by itself so often, in case the poke was lost. */
const ASK_AGAIN_MS = 10_000

/**
 * Has the account list the file as it stands, if that is news; a file that needs its slot no longer gives it back.
 * The body of a request is listed once it is whole: until then nobody knows of it.
 */
export async function tellAccount(store: FileStore, env: Env): Promise<void> {
  const { spec, state } = store.mustExist
  const listing = listingOf({ spec, state })
  const isListed = spec.source.type !== 'REQUEST' || state.status !== 'UPLOADING'
  if (!store.untold || !listing || !isListed) return
  const isProbed = state.status === 'STORED' && state.probe.stage === 'DONE'
  // Its slot is the next one's only when its job is wiped.
  const isDone = isProbed && store.leftJob === null
  await accountOf(spec, env).putFile(listing, isDone)
  if (store.record?.state === state && isProbed === isDone) store.markTold()
  // Deleted meanwhile, it must not be on the list because this came last.
  if (!store.record || store.record.state.status === 'DELETED') await takeOffList(spec, env)
}

/** Asks for a slot. Answers which one it is, or when to ask again, in ms since the epoch. */
export async function askForSlot(spec: FileSpec, env: Env): Promise<{ slot: number } | { askAgainAt: number }> {
  const admission = await accountOf(spec, env).admit(spec.id)
  switch (admission.kind) {
    case 'slot':
      return { slot: admission.slot }
    case 'waiting':
      return { askAgainAt: Date.now() + ASK_AGAIN_MS }
    case 'unknown':
      await accountOf(spec, env).enqueueFile(spec.id)
      return { askAgainAt: Date.now() }
    default:
      return admission satisfies never
  }
}

/** Renews the lease of a slot. Answers false when the slot was taken back. */
export async function renewLease(spec: FileSpec, slot: number, env: Env): Promise<boolean> {
  try {
    const admission = await accountOf(spec, env).admit(spec.id)
    return admission.kind === 'slot' && admission.slot === slot
  } catch (error) {
    // The lease outlasts a renewal or two.
    log('warn', 'file.lease_not_renewed', { file_id: spec.id, error })
    return true
  }
}

/** The file is no more. */
export async function takeOffList(spec: FileSpec, env: Env): Promise<void> {
  await accountOf(spec, env).removeFile(spec.id)
}

function accountOf(spec: FileSpec, env: Env) {
  return env.ACCOUNT.get(env.ACCOUNT.idFromName(spec.account))
}
