/** What remains when a command has ended: letting go of what it held, telling everyone, and in time deleting its files. */
import { type ExecutorClient, ExecutorFailure } from '../executor/client.ts'
import { deleteFiles } from '../files/delete.ts'
import { settingsOf } from '../settings.ts'
import { sendDueWebhook, tellOthers, webhookOverdueAt } from './delivery.ts'
import type { TerminalState } from './state.ts'
import { type CommandStore, outputKeys } from './store.ts'

export interface Ending {
  store: CommandStore
  env: Env
  executor: (slot: number) => ExecutorClient
}

/** Does what is due after the end. Answers when something is due again, in ms since the epoch; null for never. */
export async function afterEnd(state: TerminalState, ending: Ending): Promise<number | null> {
  await settle(ending)
  await sendDueWebhook(ending)
  await tellOthers(ending)
  const times = [webhookOverdueAt(ending.store), await expireFiles(state, ending)].filter((time) => time !== null)
  return times.length > 0 ? Math.min(...times) : null
}

/** Frees what the command held, and has the account list how it ended. */
async function settle(ending: Ending): Promise<void> {
  const { store } = ending
  if (store.settled) return
  await wipeJob(ending)
  await deleteGarbage(ending)
  await accountOf(ending).finish(store.mustExist)
  store.settle()
}

/** The executor keeps a job until it is told not to. One that is gone has wiped it already. */
export async function wipeJob({ store, executor }: Ending): Promise<void> {
  const job = store.leftJob
  if (!job) return
  try {
    await executor(job.slot).remove(job.name)
  } catch (error) {
    if (!(error instanceof ExecutorFailure)) throw error
  }
  store.forgetJob()
}

/** Deletes what lost attempts have stored. */
export async function deleteGarbage({ store, env }: Ending): Promise<void> {
  const { garbage } = store
  await deleteFiles(env.FILES, garbage)
  store.forgetGarbage()
}

async function expireFiles(state: TerminalState, ending: Ending): Promise<number | null> {
  const { store, env } = ending
  const { spec, filesDeletedAt } = store.mustExist
  if (state.status !== 'SUCCESS' || filesDeletedAt !== null) return null
  const expiresAt = state.endedAt + settingsOf(env).fileRetentionMs
  if (expiresAt > Date.now()) return expiresAt
  await deleteFiles(env.FILES, outputKeys(spec, state.outputs))
  const now = Date.now()
  await accountOf(ending).update({ ...store.mustExist, filesDeletedAt: now })
  store.markFilesDeleted(now)
  return null
}

function accountOf({ store, env }: Ending) {
  return env.ACCOUNT.get(env.ACCOUNT.idFromName(store.mustExist.spec.account))
}
