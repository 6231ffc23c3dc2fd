import { evictDurableObject, runInDurableObject } from 'cloudflare:test'
import { describe, expect, test } from 'vitest'
import { OVERDUE_MS } from '../../src/command/delivery.ts'
import type { Outbox } from '../../src/webhooks/outbox.ts'
import { commandStub, TestAccount, until } from './client.ts'
import { deliveriesIn, deliveriesOf, ENDING, Hook, setWebhook, webhookConfig } from './webhooks.ts'

// The schedule of these tests is 0, 1 and 1 seconds.

async function submitTo(account: TestAccount, hook: Hook): Promise<string> {
  return account.submit({ ...ENDING, webhook_url: hook.url })
}

/** What the command keeps of its webhook. */
function outboxOf(commandId: string): Promise<Outbox> {
  return until('the command has ended', () =>
    runInDurableObject(commandStub(commandId), (_, state) => state.storage.kv.get<Outbox>('outbox') ?? null),
  )
}

/** Resolves once the account has heard of so many failures in a row. */
async function untilFailures(account: TestAccount, count: number): Promise<void> {
  await until(`the account knows of ${count} failures`, async () => {
    const config = await webhookConfig(account)
    return config.configured && config.consecutive_failures === count
  })
}

test('a command whose webhook was taken is not kept in memory for the rest of the time an attempt may take', async () => {
  const account = await TestAccount.create()
  const id = await submitTo(account, new Hook('200'))
  await deliveriesIn(account, id, 'delivered')
  const asked = performance.now()
  // Waits for all that the object has pending.
  await evictDurableObject(commandStub(id))
  expect(performance.now() - asked).toBeLessThan(10_000)
})

describe('an attempt that fails', () => {
  test('is repeated as the schedule has it, with the same id and a new timestamp, until it succeeds', async () => {
    const account = await TestAccount.create()
    const hook = new Hook('500,503,204')
    await setWebhook(account, { url: hook.url, secret: 'a secret' })
    const id = await account.submit(ENDING)
    const { deliveries, webhook_id } = await deliveriesIn(account, id, 'delivered')
    expect(deliveries.map(({ response_status }) => response_status)).toEqual([500, 503, 204])
    const events = await hook.received()
    expect(events.map(({ headers }) => headers['webhook-id'])).toEqual([webhook_id, webhook_id, webhook_id])
    const pauses = events.slice(1).map(({ at }, n) => at - (events[n]?.at ?? 0))
    // A second, varied by a tenth and rounded up, then the way through the queue.
    for (const pause of pauses) expect(pause).toBeGreaterThan(700)
    const stamps = events.map(({ body }) => JSON.parse(body).timestamp)
    expect(new Set(stamps).size).toBe(3)
    expect(new Set(events.map(({ headers }) => headers['x-webhook-signature'])).size).toBe(3)
  })

  test('for the last time is given up, and then the event goes to the dead-letter queue', async () => {
    const account = await TestAccount.create()
    const hook = new Hook('500')
    const id = await submitTo(account, hook)
    const given = await deliveriesIn(account, id, 'failed')
    expect(given).toMatchObject({ next_attempt_at: null })
    expect(given.deliveries).toHaveLength(3)
    // Nobody reads that queue here; a notice is off the list when the queue has taken it.
    await until('everybody is told', async () => (await outboxOf(id)).untold.length === 0)
    expect(await hook.received()).toHaveLength(3)
  })

  test('for want of a receiver is repeated too, and says so', async () => {
    const account = await TestAccount.create()
    const id = await account.submit({ ...ENDING, webhook_url: 'http://127.0.0.1:1/hook' })
    const { deliveries } = await deliveriesIn(account, id, 'failed')
    expect(deliveries).toHaveLength(3)
    expect(deliveries[0]).toMatchObject({ success: false, response_status: null, error: '127.0.0.1:1 could not be connected to' })
  })

  test('waits as long as Retry-After asks, up to twice the pause', async () => {
    const account = await TestAccount.create()
    const hook = new Hook('503,200', '?retry-after=3600')
    await submitTo(account, hook)
    const [first, second = first] = await hook.arrived(2)
    expect(second.at - first.at).toBeGreaterThan(1_700)
  })

  test('shows when the next one is due', async () => {
    const account = await TestAccount.create()
    // The second attempt is recorded when its patience is over: there is time to look at the first alone.
    const hook = new Hook('500,hang,200')
    const id = await submitTo(account, hook)
    const pending = await until('the first attempt is recorded', async () => {
      const answer = await deliveriesOf(account, id)
      return answer.deliveries.length === 1 && answer
    })
    expect(pending.status).toBe('pending')
    expect(Date.parse(pending.next_attempt_at ?? '')).toBeGreaterThanOrEqual(Date.parse(pending.deliveries[0]?.created_at ?? '') + 1000)
    await deliveriesIn(account, id, 'delivered')
  })

  test('with 410 stops at once', async () => {
    const account = await TestAccount.create()
    const hook = new Hook('410')
    const { deliveries } = await deliveriesIn(account, await submitTo(account, hook), 'failed')
    expect(deliveries).toHaveLength(1)
    expect(await hook.received()).toHaveLength(1)
  })

  test.each([301, 302, 307, 308])('with a redirect (%i) is not followed', async (status) => {
    const account = await TestAccount.create()
    const hook = new Hook(`${status},200`)
    const { deliveries } = await deliveriesIn(account, await submitTo(account, hook), 'delivered')
    expect(deliveries.map(({ response_status }) => response_status)).toEqual([status, 200])
    expect(await hook.redirected.received()).toEqual([])
  })
})

test('a webhook at an address that may not be asked is never sent, and not tried again', async () => {
  const account = await TestAccount.create()
  // Past the API, which would refuse it: the operator's rules may have changed since.
  await account.stub.putWebhook('http://10.0.0.1/hook', null)
  const { deliveries } = await deliveriesIn(account, await account.submit(ENDING), 'failed')
  expect(deliveries).toEqual([expect.objectContaining({ response_status: null, error: expect.stringContaining('not public') })])
})

test('a command sets its own alarm for a little after its next attempt is due, in case the queue forgets it', async () => {
  const account = await TestAccount.create()
  const id = await submitTo(account, new Hook('410'))
  await deliveriesIn(account, id, 'failed')
  const outbox = await outboxOf(id)
  const dueAt = Date.now() + 600_000
  await runInDurableObject(commandStub(id), async (_, { storage }) => {
    const waiting: Outbox = { ...outbox, state: { kind: 'pending', dueAt } }
    storage.kv.put('outbox', waiting)
    await storage.setAlarm(Date.now())
  })
  await until('the alarm is set', () =>
    runInDurableObject(commandStub(id), async (_, { storage }) => (await storage.getAlarm()) === dueAt + OVERDUE_MS),
  )
})

test('an attempt that is due is made by the command’s own alarm, without the queue', async () => {
  const account = await TestAccount.create()
  const hook = new Hook('410,200')
  const id = await submitTo(account, hook)
  await deliveriesIn(account, id, 'failed')
  const outbox = await outboxOf(id)
  await runInDurableObject(commandStub(id), async (_, { storage }) => {
    const forgotten: Outbox = { ...outbox, state: { kind: 'pending', dueAt: Date.now() - 2 * OVERDUE_MS } }
    storage.kv.put('outbox', forgotten)
    await storage.setAlarm(Date.now())
  })
  await deliveriesIn(account, id, 'delivered')
})

test('a command whose object is lost between two attempts goes on with the next', async () => {
  const account = await TestAccount.create()
  const id = await until('one is lost before its second attempt', async () => {
    const hook = new Hook('500,200')
    const submitted = await submitTo(account, hook)
    await until('the first attempt is recorded', async () => (await outboxOf(submitted)).scheduled === 1)
    const lost = runInDurableObject(commandStub(submitted), (_, state) => state.abort('killed by a test'))
    await expect(lost).rejects.toThrow('killed by a test')
    return (await hook.received()).length === 1 && submitted
  })
  const { deliveries } = await deliveriesIn(account, id, 'delivered')
  expect(deliveries).toHaveLength(2)
})

describe('an endpoint that fails', () => {
  test('for 8 commands in a row is disabled, gets nothing more, and is enabled by a PUT', async () => {
    const account = await TestAccount.create()
    const hook = new Hook('410,410,410,410,410,410,410,410,200')
    await setWebhook(account, { url: hook.url })
    for (let n = 1; n <= 8; n++) {
      expect(await webhookConfig(account)).toMatchObject({ is_active: true, consecutive_failures: n - 1, disabled_at: null })
      await deliveriesIn(account, await account.submit(ENDING), 'failed')
      await untilFailures(account, n)
    }
    const disabled = await webhookConfig(account)
    expect(disabled).toEqual({
      configured: true,
      url: hook.url,
      is_active: false,
      consecutive_failures: 8,
      disabled_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
    })
    await deliveriesIn(account, await account.submit(ENDING), 'unwanted')
    expect(await hook.received()).toHaveLength(8)

    await setWebhook(account, { url: hook.url })
    expect(await webhookConfig(account)).toMatchObject({ is_active: true, consecutive_failures: 0, disabled_at: null })
    await deliveriesIn(account, await account.submit(ENDING), 'delivered')
  })

  test('and then succeeds starts from none', async () => {
    const account = await TestAccount.create()
    const hook = new Hook('410,410,200')
    await setWebhook(account, { url: hook.url })
    for (const n of [1, 2]) {
      await deliveriesIn(account, await account.submit(ENDING), 'failed')
      await untilFailures(account, n)
    }
    await deliveriesIn(account, await account.submit(ENDING), 'delivered')
    await untilFailures(account, 0)
  })

  test('counts each command once, however often it is told', async () => {
    const account = await TestAccount.create()
    const { url } = new Hook('200')
    await setWebhook(account, { url })
    for (let n = 0; n < 9; n++) await account.stub.reportDelivery('msg_same', url, false)
    expect(await webhookConfig(account)).toMatchObject({ is_active: true, consecutive_failures: 1 })
  })

  test('does not count against the address that replaced it', async () => {
    const account = await TestAccount.create()
    const { url } = new Hook('200')
    await setWebhook(account, { url })
    await account.stub.reportDelivery('msg_late', new Hook('410').url, false)
    expect(await webhookConfig(account)).toMatchObject({ consecutive_failures: 0 })
  })

  test('does not count where the command has an address of its own', async () => {
    const account = await TestAccount.create()
    await setWebhook(account, { url: new Hook('200').url })
    const id = await submitTo(account, new Hook('410'))
    await deliveriesIn(account, id, 'failed')
    await until('everybody is told', async () => (await outboxOf(id)).untold.length === 0)
    expect(await webhookConfig(account)).toMatchObject({ consecutive_failures: 0 })
  })
})
