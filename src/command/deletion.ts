/** Deleting a command with everything that it has left anywhere. That it is to go is recorded first, and its alarm sees it through. */
import type { AlarmLoop } from '../durable/alarm-loop.ts'
import { log } from '../logging/log.ts'
import { deleteGarbage, type Ending } from './ending.ts'
import type { CommandRecord, CommandSpec } from './record.ts'

/** Deletes the command: nobody sees it from now on. What is done here at once, the alarm does after a crash. */
export async function beginDeletion(ending: Ending, alarms: Pick<AlarmLoop, 'wake'>): Promise<void> {
  const { store } = ending
  store.delete()
  await alarms.wake()
  try {
    await removeFromSight(ending)
  } catch (error) {
    log('warn', 'command.not_removed', { command_id: store.record?.spec.id, error })
  }
}

/**
 * Removes the command from the bucket, the account and the executors, and then the last trace of it. Idempotent.
 * @returns when an executor that has not confirmed it is to be asked again, in ms since the epoch; null when nothing is left
 */
export async function erase(ending: Ending): Promise<number | null> {
  const { store, executor } = ending
  await removeFromSight(ending)
  await deleteGarbage(ending)
  await store.leftJobs.wipe(executor)
  if (store.leftJobs.dueAt !== null) return store.leftJobs.dueAt
  await store.erase()
  return null
}

/**
 * Whether a command that is not stored may still be: its account, which knows of a deletion before the command forgets itself, knows of none.
 * An account of the version before cannot be asked.
 */
export async function isExpected({ id, account }: Pick<CommandSpec, 'id' | 'account'>, env: Env): Promise<boolean> {
  try {
    return await env.ACCOUNT.get(env.ACCOUNT.idFromName(account)).expects(id)
  } catch (error) {
    log('warn', 'command.not_asked_for', { command_id: id, error })
    return true
  }
}

/** The account knows neither the command nor its outputs any more. */
export async function takeOffLists({ spec, state }: CommandRecord, env: Env): Promise<void> {
  const fileIds = state.status === 'SUCCESS' ? Object.values(state.outputs).map(({ fileId }) => fileId) : []
  await env.ACCOUNT.get(env.ACCOUNT.idFromName(spec.account)).removeCommand({ id: spec.id, createdAt: spec.createdAt, fileIds })
}

/** What links lead to goes at once, and the rest in the alarm: only there is it known that nothing is being stored any more. */
async function removeFromSight(ending: Ending): Promise<void> {
  const { record } = ending.store
  // The alarm may have been through already.
  if (record === null) return
  const hasLinks = record.state.status === 'SUCCESS'
  await Promise.all([takeOffLists(record, ending.env), hasLinks ? deleteGarbage(ending) : null])
}
