/** What remains when a command has ended: telling everyone, and in time deleting its files. */
import { type ExecutorClient, ExecutorFailure } from '../executor/client.ts'
import { storageUrl } from '../files/storage-url.ts'
import { settingsOf } from '../settings.ts'
import { deliver } from '../webhooks/deliver.ts'
import { afterAttempt, type DeliveryAttempt, type DeliveryState, type Outbox } from '../webhooks/outbox.ts'
import type { TerminalState } from './state.ts'
import { type CommandStore, outputKeys } from './store.ts'
import { commandView } from './view.ts'

/** A delivery that the queue does not remind of within this time after it was due is made without it. */
const OVERDUE_MS = 20_000

export interface Ending {
  store: CommandStore
  env: Env
  executor: (slot: number) => ExecutorClient
}

/** Does what is due after the end. Answers when something is due again, in ms since the epoch; null for never. */
export async function afterEnd(state: TerminalState, ending: Ending): Promise<number | null> {
  await settle(ending)
  await sendDueWebhook(ending)
  const times = [webhookAlarm(ending.store), await expireFiles(state, ending)].filter((time) => time !== null)
  return times.length > 0 ? Math.min(...times) : null
}

/** Frees what the command held, and has the account list how it ended. */
async function settle(ending: Ending): Promise<void> {
  const { store } = ending
  if (store.settled) return
  await wipeJob(ending)
  await deleteGarbage(ending)
  const target = await accountOf(ending).finish(store.mustExist)
  if (!store.mustExist.spec.webhookUrl && target.url === null) setState(store, { kind: 'unwanted' })
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

export async function deleteGarbage({ store, env }: Ending): Promise<void> {
  const { garbage } = store
  if (garbage.length === 0) return
  await env.FILES.delete(garbage)
  store.forgetGarbage()
}

async function expireFiles(state: TerminalState, ending: Ending): Promise<number | null> {
  const { store, env } = ending
  const { spec, filesDeletedAt } = store.mustExist
  if (state.status !== 'SUCCESS' || filesDeletedAt !== null) return null
  const expiresAt = state.endedAt + settingsOf(env).fileRetentionMs
  if (expiresAt > Date.now()) return expiresAt
  await env.FILES.delete(outputKeys(spec, state.outputs))
  await accountOf(ending).update(store.markFilesDeleted(Date.now()))
  return null
}

function webhookAlarm({ outbox }: CommandStore): number | null {
  return outbox?.state.kind === 'pending' ? outbox.state.dueAt + OVERDUE_MS : null
}

async function sendDueWebhook(ending: Ending): Promise<void> {
  const { outbox } = ending.store
  if (outbox?.state.kind === 'pending' && outbox.state.dueAt <= Date.now()) await sendWebhook(outbox, false, ending)
}

/** Makes one attempt and records it. Answers the attempt; null when there is nobody to send to. */
export async function sendWebhook(outbox: Outbox, manual: boolean, ending: Ending): Promise<DeliveryAttempt | null> {
  const { store, env } = ending
  const { spec } = store.mustExist
  const target = await accountOf(ending).webhookTarget()
  const url = spec.webhookUrl ?? target.url
  if (url === null) {
    if (!manual) setState(store, { kind: 'unwanted' })
    return null
  }
  const { allowedOrigins, webhookDelays } = settingsOf(env)
  const body = await webhookBody(ending)
  const result = await deliver({ url, eventId: outbox.eventId, body, secrets: target.secrets, allowed: allowedOrigins, manual })
  // What another attempt has recorded meanwhile must not be undone.
  const after = afterAttempt(store.outbox ?? outbox, result, webhookDelays, Date.now(), Math.random())
  const message = { command_id: spec.id, event_id: outbox.eventId }
  if (after.state.kind === 'failed' && !manual) await env.WEBHOOKS_DEAD.send(message)
  store.outbox = after
  if (spec.webhookUrl === null && (after.state.kind === 'delivered' || (after.state.kind === 'failed' && !manual))) {
    await accountOf(ending).reportDelivery(url, after.state.kind === 'delivered')
  }
  if (after.state.kind === 'pending' && !manual) {
    const delaySeconds = Math.max(0, Math.ceil((after.state.dueAt - Date.now()) / 1000))
    await env.WEBHOOKS.send(message, { delaySeconds })
  }
  return result.attempt
}

async function webhookBody({ store, env }: Ending): Promise<string> {
  const record = store.mustExist
  const { account, origin } = record.spec
  const data = await commandView(record, null, (file) => storageUrl({ account, ...file }, origin, settingsOf(env)))
  return JSON.stringify({ data, timestamp: Date.now() })
}

function setState(store: CommandStore, state: DeliveryState): void {
  if (store.outbox) store.outbox = { ...store.outbox, state }
}

function accountOf({ store, env }: Ending) {
  return env.ACCOUNT.get(env.ACCOUNT.idFromName(store.mustExist.spec.account))
}
