/** The webhook of an ended command: sends it when it is due, records what came of it, and tells whoever must know. */
import type { WebhookTarget } from '../account/webhook-endpoint.ts'
import { storageUrl } from '../files/storage-url.ts'
import { log } from '../logging/log.ts'
import { settingsOf } from '../settings.ts'
import { deliver } from '../webhooks/deliver.ts'
import type { DeadLetter, WebhookReminder } from '../webhooks/messages.ts'
import { afterAttempt, afterTelling, isDue, type Notice, type Outbox, withoutAddress } from '../webhooks/outbox.ts'
import type { CommandRecord } from './record.ts'
import type { CommandStore } from './store.ts'
import { commandView } from './view.ts'

/**
 * An attempt of which the queue has not reminded this long after it was due, in milliseconds, is made without it. Much longer than a queue takes that
 * works, so that the two do not compete.
 */
export const OVERDUE_MS = 60_000

export interface DeliveryContext {
  store: CommandStore
  env: Env
}

/** Makes the attempt that is due, if one is. @param target what the account has just said; null where it is yet to be asked */
export async function sendDueWebhook(context: DeliveryContext, target: WebhookTarget | null): Promise<void> {
  const { outbox } = context.store
  if (!outbox || !isDue(outbox, Date.now())) return
  const sent = await sendWebhook(outbox, { manual: false, target }, context)
  if (!sent) context.store.outbox = withoutAddress(context.store.outbox ?? outbox)
}

/**
 * Makes one attempt and records it. A crash in between repeats the attempt, with the same id.
 * An attempt by hand also goes to an endpoint that is disabled.
 * @returns whether there is an address to send to.
 */
export async function sendWebhook(
  outbox: Outbox,
  { manual, target }: { manual: boolean; target: WebhookTarget | null },
  { store, env }: DeliveryContext,
): Promise<boolean> {
  const record = store.mustExist
  const { spec } = record
  const { endpoint, secrets } = target ?? (await accountOf(record, env).webhookTarget())
  const endpointUrl = endpoint && (manual || endpoint.isActive) ? endpoint.url : null
  const url = spec.webhookUrl ?? endpointUrl
  if (url === null) return false

  const { privateOrigins: allowed, webhookDelays: delays } = settingsOf(env)
  const data = await commandView(record, null, store.printed, {
    origin: spec.origin,
    file: (file) => storageUrl({ account: spec.account, ...file }, spec.origin, settingsOf(env)),
  })
  const result = await deliver({ url, eventId: outbox.eventId, data, secrets, allowed, manual })
  const { status, error, durationMs } = result.attempt
  log('info', 'webhook.attempt', { command_id: spec.id, account: spec.account, url, status, error, duration_ms: durationMs, manual })

  const clock = { delays, now: Date.now(), random: Math.random() }
  // What another attempt has recorded meanwhile must not be undone.
  store.outbox = afterAttempt(store.outbox ?? outbox, result, spec.webhookUrl === null ? url : null, clock)
  return true
}

/** Tells what is untold. Only the command's alarm does, so that no two at once take the same notice off the list. */
export async function tellOthers({ store, env }: DeliveryContext): Promise<void> {
  for (;;) {
    const { outbox } = store
    const notice = outbox?.untold[0]
    if (!outbox || !notice) return
    await tell(notice, outbox, store.mustExist, env)
    // An attempt by hand may have added to it.
    store.outbox = afterTelling(store.outbox ?? outbox)
  }
}

/** When the command has to see to its webhook by itself, in ms since the epoch; null for never. */
export function webhookOverdueAt({ outbox }: CommandStore): number | null {
  return outbox?.state.kind === 'pending' ? outbox.state.dueAt + OVERDUE_MS : null
}

async function tell(notice: Notice, outbox: Outbox, record: CommandRecord, env: Env): Promise<void> {
  const { id: command_id, account } = record.spec
  const reminder: WebhookReminder = { command_id, event_id: outbox.eventId }
  switch (notice.to) {
    case 'queue':
      return remind(reminder, outbox, env)
    case 'dead_letter_queue': {
      const { url = null, status = null, error = null } = outbox.attempts.findLast(({ manual }) => !manual) ?? {}
      const letter: DeadLetter = { ...reminder, account, attempts: outbox.scheduled, url, status, error }
      await env.WEBHOOKS_DEAD.send(letter)
      return
    }
    case 'account':
      await accountOf(record, env).reportDelivery(outbox.eventId, notice.url, notice.delivered)
      return
    default:
      notice satisfies never
  }
}

/** Without the queue the command's own alarm makes the attempt, somewhat later: that is no reason to stop here. */
async function remind(reminder: WebhookReminder, { state }: Outbox, env: Env): Promise<void> {
  if (state.kind !== 'pending') return
  const delaySeconds = Math.max(0, Math.ceil((state.dueAt - Date.now()) / 1000))
  try {
    await env.WEBHOOKS.send(reminder, { delaySeconds })
  } catch (error) {
    log('warn', 'webhook.queue_unavailable', { ...reminder, error })
  }
}

function accountOf({ spec }: CommandRecord, env: Env) {
  return env.ACCOUNT.get(env.ACCOUNT.idFromName(spec.account))
}
