/** What remains when a command has ended: letting go of what it held, telling everyone, and in time deleting its files, and itself. */

import type { WebhookTarget } from '../account/webhook-endpoint.ts'
import type { ExecutorClient } from '../executor/client.ts'
import { abortMultipart } from '../files/bucket-object.ts'
import { deleteFiles } from '../files/delete.ts'
import { settingsOf } from '../settings.ts'
import { takeOffLists } from './deletion.ts'
import { sendDueWebhook, tellOthers, webhookOverdueAt } from './delivery.ts'
import { jobLog } from './job-log.ts'
import { isTerminal, type TerminalState } from './state.ts'
import type { CommandStore } from './store.ts'

export interface Ending {
  store: CommandStore
  env: Env
  executor: (slot: number) => ExecutorClient
}

/** How long a slot is kept for a job that does not end; an FFmpeg may ignore SIGTERM for as long as the executor lets it. */
const WIPE_PATIENCE_MS = 300

/** Does what is due after the end. Answers when something is due again, in ms since the epoch; null for never. */
export async function afterEnd(state: TerminalState, ending: Ending): Promise<number | null> {
  const { store } = ending
  const target = await settle(ending)
  // Deleted meanwhile, nobody is to hear of it any more.
  if (!store.isDeleted) await sendDueWebhook(ending, target)
  if (store.isDeleted) return Date.now()
  await tellOthers(ending)
  const times = [webhookOverdueAt(store), expireFiles(state, ending), retire(state, ending), store.leftJobs.dueAt].filter(
    (time) => time !== null,
  )
  return times.length > 0 ? Math.min(...times) : null
}

/**
 * Frees what the command held, deletes what nobody is to see any more, and has the account list how it stands. Idempotent.
 * @returns where its webhook goes; null where the account knew of the end already, and was not asked
 */
export async function settle(ending: Ending): Promise<WebhookTarget | null> {
  const wiped = wipeJobs(ending)
  const [target] = await Promise.all([tellAccount(ending, wiped), wiped, deleteGarbage(ending)])
  return target
}

/** The slot is free with this, so the job should be gone before; of one that has succeeded only files are left, which are in nobody's way. */
async function tellAccount({ store, env }: Ending, wiped: Promise<void>): Promise<WebhookTarget | null> {
  if (store.settled) return null
  if (store.mustExist.state.status !== 'SUCCESS') await Promise.race([wiped, scheduler.wait(WIPE_PATIENCE_MS)])
  const record = store.mustExist
  const target = await env.ACCOUNT.get(env.ACCOUNT.idFromName(record.spec.account)).finish(record)
  if (store.record === record) store.settle()
  // Deleted meanwhile, it must not be on the list because this came last.
  if (store.record === null || store.isDeleted) await takeOffLists(record, env)
  return target
}

/** Has the executor wipe what attempts have left, and keeps of it what the end of the command is still to tell. */
export async function wipeJobs({ store, executor }: Ending): Promise<void> {
  const { leftJobs } = store
  const latest = leftJobs.all.at(-1)
  // A command that was cancelled has not said anything yet.
  if (latest && leftJobs.hasUntried && isTerminal(store.mustExist.state) && store.log === '') {
    const log = await jobLog(executor(latest.slot), latest.name)
    // To keep that there is nothing would be a row for nothing.
    if (log) store.log = log
  }
  await leftJobs.wipe(executor)
}

/** Deletes what lost attempts have stored, in whole or in part, and what was stored for so long only. Not to be called while outputs are stored. */
export async function deleteGarbage({ store, env }: Ending): Promise<void> {
  for (const { place, uploadId } of store.uploads.all) {
    await abortMultipart(env.FILES, place, uploadId)
    store.uploads.of(place).forget()
  }
  const { garbage } = store
  if (garbage.length === 0) return
  await deleteFiles(env.FILES, garbage)
  store.forgetGarbage(garbage)
}

function expireFiles(state: TerminalState, { store, env }: Ending): number | null {
  if (Object.keys(store.visibleOutputs).length === 0) return null
  const expiresAt = state.endedAt + settingsOf(env).fileRetentionMs
  if (expiresAt > Date.now()) return expiresAt
  store.deleteFiles('all')
  return Date.now()
}

/** A command that has been kept for long enough is deleted, once nobody is to hear of it any more. */
function retire({ endedAt }: TerminalState, { store, env }: Ending): number | null {
  const expiresAt = endedAt + settingsOf(env).commandRetentionMs
  if (expiresAt > Date.now()) return expiresAt
  if (store.outbox?.state.kind === 'pending') return null
  store.delete()
  return Date.now()
}
