/** Whatever dies, and whoever hangs, every event arrives, and is recognisable when it comes again. */
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { hashApiKey, newApiKey } from '../../src/api/api-key.ts'
import { deliveriesSchema } from '../../src/api/webhook-schemas.ts'
import { KeyStore } from '../../src/cli/key-store.ts'
import { ApiClient } from '../support/api-client.ts'
import type { ReceivedWebhook } from '../support/received-webhook.ts'
import { startTestStack, type TestStack } from '../support/stack.ts'
import { waitUntil } from '../support/wait-until.ts'
import { WebhookReceiver } from '../support/webhook-receiver.ts'

let stack: TestStack
let api: ApiClient
let receiver: WebhookReceiver

beforeAll(async () => {
  stack = await startTestStack({ env: { MAX_CONCURRENT_COMMANDS: '4', WEBHOOK_RETRY_SCHEDULE: '0,2,2,2,2,2,2,2' } })
  api = new ApiClient(stack)
})
afterAll(() => stack.stop())
beforeEach(async () => {
  receiver = await WebhookReceiver.start()
})
afterEach(() => receiver.stop())

/** Submits a command that ends at once, without an executor, as its input does not exist. */
function submitTo(target: string, client = api): Promise<string> {
  return client.submit({
    input_files: { in_file: `${stack.url}/nothing` },
    output_files: { out_file: 'copy.wav' },
    ffmpeg_command: '-i {{in_file}} {{out_file}}',
    webhook_url: receiver.url + target,
  })
}

async function deliveriesOf(id: string, client = api) {
  const response = await client.fetch(`/api/v1/commands/${id}/webhook-deliveries`)
  return deliveriesSchema.parse(await response.json())
}

/** Whoever waits for the receiver's answer meanwhile gets it. */
function delivered(id: string) {
  return waitUntil(`the webhook of ${id} is delivered`, async () => {
    receiver.release()
    const deliveries = await deliveriesOf(id)
    return deliveries.status === 'delivered' && deliveries
  })
}

function arrived(target: string, count: number): Promise<ReceivedWebhook[]> {
  return waitUntil(
    `${count} webhooks are at ${target}`,
    () => receiver.received(target).length >= count && receiver.received(target),
    60_000,
  )
}

/** The events name their commands, and each has one id however often it came. */
function expectOneIdEach(events: readonly ReceivedWebhook[], commandIds: string[]): void {
  const idsOf = new Map<string, Set<string>>()
  for (const { body, headers } of events) {
    const { command_id } = JSON.parse(body).data
    idsOf.set(command_id, (idsOf.get(command_id) ?? new Set()).add(headers['webhook-id'] ?? ''))
  }
  expect([...idsOf.keys()].sort()).toEqual([...commandIds].sort())
  expect([...idsOf.values()].map((ids) => ids.size)).toEqual(commandIds.map(() => 1))
}

test('kill -9 of everything before an event is sent: it arrives after a restart on the same state', async () => {
  await receiver.stop()
  const ids = await Promise.all(Array.from({ length: 5 }, (_, n) => submitTo(`/200/${n}`)))
  await Promise.all(ids.map((id) => api.ended(id)))
  await stack.killAll()
  await receiver.start()
  await stack.start()
  for (const id of ids) await delivered(id)
  expectOneIdEach(receiver.all, ids)
})

test('kill -9 of everything between sending and recording: the event arrives again, with the same id', async () => {
  const id = await submitTo('/hang,200/held')
  const [before] = await arrived('/hang,200/held', 1)
  await stack.killAll()
  await stack.start()
  const [, after] = await arrived('/hang,200/held', 2)
  expect(after?.headers['webhook-id']).toBe(before?.headers['webhook-id'])
  const { deliveries, webhook_id } = await delivered(id)
  expect(webhook_id).toBe(before?.headers['webhook-id'])
  expect(deliveries, 'nobody knows of the first').toMatchObject([{ response_status: 200 }])
})

test('kill -9 of everything between two attempts: the next is made all the same, with the same id', async () => {
  // A second attempt that begins before the kill hangs, so that it is not recorded then.
  const ids = await Promise.all(Array.from({ length: 5 }, (_, n) => submitTo(`/500,hang/${n}`)))
  await Promise.all(
    ids.map((id) => waitUntil('the first attempt is recorded', async () => (await deliveriesOf(id)).deliveries.length === 1)),
  )
  await stack.killAll()
  await stack.start()
  for (const { deliveries } of await Promise.all(ids.map(delivered))) {
    expect(deliveries.map(({ response_status }) => response_status)).toEqual([500, 200])
  }
  expectOneIdEach(receiver.all, ids)
})

test('kill -9 of workerd while events are on their way: each arrives, with one id', async () => {
  const ids = await Promise.all(Array.from({ length: 20 }, (_, n) => submitTo(`/500,200/${n}`)))
  await waitUntil('some have been tried', () => receiver.all.length >= 5)
  await stack.killWorker()
  for (const id of ids) {
    await waitUntil(
      `the webhook of ${id} is delivered`,
      async () => (await deliveriesOf(id).catch(() => null))?.status === 'delivered',
      60_000,
    )
  }
  expectOneIdEach(receiver.all, ids)
})

test('endpoints that hang, at first and when they are tried again, hold up neither another account’s deliveries nor its commands', async () => {
  const other = { url: stack.url, apiKey: newApiKey() }
  const keys = new KeyStore({ stateDir: stack.stateDir, remote: false })
  await keys.put(await hashApiKey(other.apiKey), { account: 'other', label: '', created_at: new Date().toISOString() })
  const others = new ApiClient(other)

  const hanging = await Promise.all(['/hang/1', '/hang/2', '/500,hang/3', '/500,hang/4'].map((target) => submitTo(target)))
  await waitUntil('all four hang', () => receiver.hanging === 4)
  const started = Date.now()
  const targets = Array.from({ length: 50 }, (_, n) => `/500,200/${n}`)
  const ids = await Promise.all(targets.map((target) => submitTo(target, others)))
  await waitUntil(
    'fifty are delivered, after a retry each',
    () => targets.every((target) => receiver.received(target).length === 2),
    120_000,
  )
  const times = targets.flatMap((target) => receiver.received(target).map(({ at }) => at)).sort((a, b) => a - b)
  const silences = times.map((at, index) => at - (times[index - 1] ?? started))
  expect(Math.max(...silences), 'less than one that hangs is waited for').toBeLessThan(12_000)
  for (const id of ids) expect((await others.poll(id)).status).toBe('FAILED')

  for (const id of hanging) {
    const { deliveries } = await waitUntil('it is cut off after 15 seconds', async () => {
      const found = await deliveriesOf(id)
      return found.deliveries.some(({ error }) => error !== null) && found
    })
    expect(deliveries.find(({ error }) => error !== null)?.error).toBe('no answer within 15 seconds')
  }
})
