/** Whatever dies, and whoever hangs, every event arrives, and is recognisable when it comes again. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { deliveriesSchema } from '../../src/api/webhook-schemas.ts'
import { makeAccounts } from '../support/accounts.ts'
import { ApiClient } from '../support/api-client.ts'
import type { ReceivedWebhook } from '../support/received-webhook.ts'
import { START_TIMEOUT_MS, startTestStack, type TestStack } from '../support/stack.ts'
import { waitUntil } from '../support/wait-until.ts'
import { WebhookReceiver } from '../support/webhook-receiver.ts'

/** Between two looks at deliveries, which are tried again every two seconds. */
const LOOK_MS = 200
/** Of an endpoint that hangs the last attempt is minutes away. */
const SCHEDULE = `0${',2'.repeat(30)}`
/** What is recorded of an attempt that hung. */
const CUT_OFF = 'no answer within 15 seconds'

let stateDir: string
let stack: TestStack
let api: ApiClient
let others: ApiClient

beforeAll(async () => {
  stateDir = await mkdtemp(path.join(tmpdir(), 'renderio-webhooks-'))
  const { others: othersKey = '' } = await makeAccounts(stateDir, ['others'])
  stack = await startTestStack({ stateDir, env: { MAX_CONCURRENT_COMMANDS: '4', WEBHOOK_RETRY_SCHEDULE: SCHEDULE } })
  api = new ApiClient(stack)
  others = new ApiClient({ url: stack.url, apiKey: othersKey })
})
afterAll(async () => {
  await stack?.stop()
  await rm(stateDir, { recursive: true, force: true })
})

async function startReceiver(): Promise<WebhookReceiver> {
  const receiver = await WebhookReceiver.start()
  onTestFinished(() => receiver.stop())
  return receiver
}

/** Submits a command that ends at once, without an executor, as its input does not exist. */
function submitTo(webhookUrl: string, client = api): Promise<string> {
  return client.submit({
    input_files: { in_file: `${stack.url}/nothing` },
    output_files: { out_file: 'copy.wav' },
    ffmpeg_command: '-i {{in_file}} {{out_file}}',
    webhook_url: webhookUrl,
  })
}

/** One command for each of `count` paths that begin like this. */
function submitMany(count: number, webhookUrl: string, client = api): Promise<string[]> {
  return Promise.all(Array.from({ length: count }, (_, n) => submitTo(`${webhookUrl}/${n}`, client)))
}

async function deliveriesOf(id: string, client = api) {
  const response = await client.fetch(`/api/v1/commands/${id}/webhook-deliveries`)
  return deliveriesSchema.parse(await response.json())
}

/** A stack that is down for a moment is asked again. A reminder that died with the queue is made good for by the alarm, a minute later. */
function delivered(id: string) {
  return waitUntil(
    `the webhook of ${id} is delivered`,
    async () => {
      const deliveries = await deliveriesOf(id).catch(() => null)
      return deliveries?.status === 'delivered' && deliveries
    },
    120_000,
    LOOK_MS,
  )
}

function arrived(receiver: WebhookReceiver, target: string, count: number): Promise<ReceivedWebhook[]> {
  return waitUntil(`${count} webhooks are at ${target}`, () => receiver.received(target).length >= count && receiver.received(target))
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

describe('kill -9 of everything, and a restart on the same state', () => {
  /** Refuses connections until the restart. */
  let down: WebhookReceiver
  let up: WebhookReceiver
  let unsent: string[]
  let tried: string[]
  let held: string
  let heldBefore: ReceivedWebhook

  beforeAll(async () => {
    down = await WebhookReceiver.start()
    await down.stop()
    up = await WebhookReceiver.start()
    // A second attempt that begins before the kill hangs: it is either not recorded then, or as cut off.
    tried = await submitMany(5, `${up.url}/500,hang`)
    await Promise.all(
      tried.map((id) => waitUntil('the first attempt is recorded', async () => (await deliveriesOf(id)).deliveries.length === 1)),
    )
    unsent = await submitMany(5, `${down.url}/200`)
    await Promise.all(unsent.map((id) => api.ended(id)))
    ;({ id: held, event: heldBefore } = await frozenWhileHeld())
    await stack.killAll()
    await down.start()
    await stack.start()
  }, 2 * START_TIMEOUT_MS)
  afterAll(() => Promise.all([down.stop(), up.stop()]))

  /** Freezes the stack while a receiver of an event that it has sent has not answered; an event that was cut off before is none. */
  async function frozenWhileHeld(): Promise<{ id: string; event: ReceivedWebhook }> {
    for (let n = 0; ; n++) {
      const target = `/hang,200/held-${n}`
      const id = await submitTo(up.url + target)
      const [event] = await arrived(up, target, 1)
      await stack.freeze()
      if (event && up.isHeld(target)) return { id, event }
      await stack.thaw()
    }
  }

  test('before an event is sent: it arrives', async () => {
    await Promise.all(unsent.map(delivered))
    expectOneIdEach(down.all, unsent)
  })

  test('between sending and recording: the event arrives again, with the same id', async () => {
    const [, after] = await arrived(up, heldBefore.target, 2)
    expect(after?.headers['webhook-id']).toBe(heldBefore.headers['webhook-id'])
    const { deliveries, webhook_id } = await delivered(held)
    expect(webhook_id).toBe(heldBefore.headers['webhook-id'])
    expect(deliveries, 'nobody knows of the first').toMatchObject([{ response_status: 200 }])
  })

  test('between two attempts: the next is made all the same, with the same id', async () => {
    await waitUntil('the next attempts are answered', async () => {
      up.release()
      return (await Promise.all(tried.map((id) => deliveriesOf(id)))).every(({ status }) => status === 'delivered')
    })
    for (const { deliveries } of await Promise.all(tried.map((id) => deliveriesOf(id)))) {
      const answered = deliveries.filter(({ error }) => error !== CUT_OFF)
      expect(answered.map(({ response_status }) => response_status)).toEqual([500, 200])
    }
    expectOneIdEach(
      up.all.filter(({ target }) => target.startsWith('/500,hang/')),
      tried,
    )
  })
})

test('kill -9 of workerd while events are on their way: each arrives, with one id', async () => {
  const receiver = await startReceiver()
  const ids = await submitMany(20, `${receiver.url}/500,200`)
  await waitUntil('some have been tried', () => receiver.all.length >= 5)
  await stack.killWorker()
  for (const id of ids) await delivered(id)
  expectOneIdEach(receiver.all, ids)
})

test('endpoints that hang, at first and when they are tried again, hold up neither another account’s deliveries nor its commands', async () => {
  const receiver = await startReceiver()
  const hanging = await Promise.all(['/hang/1', '/hang/2', '/500,hang/3', '/500,hang/4'].map((target) => submitTo(receiver.url + target)))
  await waitUntil('all four hang', () => receiver.hanging === 4)
  let left = Array.from({ length: 50 }, (_, n) => n)
  for (let round = 0; left.length > 0; round++) {
    await waitUntil('all four hang', () => receiver.hanging === 4)
    const { givenUp } = receiver
    const targetOf = (n: number) => `/500,200/${round}-${n}`
    const ids = await Promise.all(left.map((n) => submitTo(receiver.url + targetOf(n), others)))
    const isDelivered = (n: number) => receiver.received(targetOf(n)).length === 2
    await waitUntil('each is delivered, after a retry', () => left.every(isDelivered), 120_000)
    for (const id of ids) expect((await others.poll(id)).status).toBe('FAILED')
    // Whoever was delivered after one of the four had been cut off may have waited for that, and must do without it the next time.
    left = left.filter((n) => receiver.received(targetOf(n)).some((webhook) => webhook.givenUp > givenUp))
  }

  for (const id of hanging) {
    const { deliveries } = await waitUntil(
      'it is cut off after 15 seconds',
      async () => {
        const found = await deliveriesOf(id)
        return found.deliveries.some(({ error }) => error !== null) && found
      },
      60_000,
      LOOK_MS,
    )
    expect(deliveries.find(({ error }) => error !== null)?.error).toBe(CUT_OFF)
  }
})
