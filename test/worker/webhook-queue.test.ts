import { createExecutionContext, createMessageBatch, getQueueResult, runInDurableObject } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { Command } from '../../src/command/command.ts'
import { OVERDUE_MS } from '../../src/command/delivery.ts'
import worker from '../../src/index.ts'
import type { DeadLetter } from '../../src/webhooks/messages.ts'
import type { Outbox } from '../../src/webhooks/outbox.ts'
import { commandStub, TestAccount, until } from './client.ts'
import { deliveriesIn, deliveriesOf, ENDING, Hook } from './webhooks.ts'

/** Hands messages to the consumer; answers which it has taken off the queue, and which are to come again. */
async function consume(
  bodies: unknown[],
  { queue = 'renderio-webhooks', bindings = env }: { queue?: string; bindings?: Env } = {},
): Promise<{ acknowledged: string[]; repeated: string[] }> {
  const messages = bodies.map((body, n) => ({ id: String(n), timestamp: new Date(), attempts: 1, body }))
  const batch = createMessageBatch(queue, messages)
  const context = createExecutionContext()
  await worker.queue(batch, bindings)
  const { explicitAcks, retryMessages } = await getQueueResult(batch, context)
  return { acknowledged: explicitAcks, repeated: retryMessages.map(({ msgId }) => msgId) }
}

/** As `env`, with a queue of reminders that takes nothing. */
const WITHOUT_QUEUE: Env = {
  ...env,
  WEBHOOKS: {
    send: () => Promise.reject(new Error('the queue is not there')),
    sendBatch: () => Promise.reject(new Error('the queue is not there')),
    metrics: () => Promise.reject(new Error('the queue is not there')),
  },
}

test('a message that nobody can read is taken off the queue, and does not hold up the others', async () => {
  const unreadable = [null, 'text', {}, { command_id: 7, event_id: 'msg_1' }]
  const unknown = { command_id: crypto.randomUUID(), event_id: 'msg_1' }
  expect(await consume([...unreadable, unknown])).toEqual({ acknowledged: ['0', '1', '2', '3', '4'], repeated: [] })
})

test('a reminder that comes twice, or after the end, sends nothing more', async () => {
  const account = await TestAccount.create()
  const hook = new Hook('200')
  const command_id = await account.submit({ ...ENDING, webhook_url: hook.url })
  const { webhook_id } = await deliveriesIn(account, command_id, 'delivered')
  const reminder = { command_id, event_id: webhook_id }
  expect(await consume([reminder, reminder])).toEqual({ acknowledged: ['0', '1'], repeated: [] })
  expect((await deliveriesIn(account, command_id, 'delivered')).deliveries).toHaveLength(1)
})

test('a reminder of a command that cannot be reached comes again', async () => {
  const reminder = { command_id: crypto.randomUUID(), event_id: 'msg_1' }
  const COMMAND = new Proxy(env.COMMAND, {
    get(commands, property) {
      if (property === 'get') return () => ({ deliveryDue: () => Promise.reject(new Error('overloaded')) })
      const value: unknown = Reflect.get(commands, property, commands)
      return typeof value === 'function' ? value.bind(commands) : value
    },
  })
  const bindings: Env = { ...env, COMMAND }
  expect(await consume([reminder], { bindings })).toEqual({ acknowledged: [], repeated: ['0'] })
})

describe('an attempt that is due again', () => {
  test('is made by the queue’s reminder, long before the command’s own alarm would make it', async () => {
    const account = await TestAccount.create()
    const hook = new Hook('500,200')
    const id = await account.submit({ ...ENDING, webhook_url: hook.url })
    const [alarm, dueAt] = await until('the second attempt is due', () =>
      runInDurableObject(commandStub(id), async (_, { storage }) => {
        const outbox = storage.kv.get<Outbox>('outbox')
        const isWaiting = outbox?.state.kind === 'pending' && outbox.scheduled === 1 && outbox.untold.length === 0
        return isWaiting && outbox.state.kind === 'pending' && ([await storage.getAlarm(), outbox.state.dueAt] as const)
      }),
    )
    expect(alarm).toBe(dueAt + OVERDUE_MS)
    const [, second] = await hook.arrived(2)
    expect(second?.at).toBeLessThan(dueAt + OVERDUE_MS)
  })

  test('is made by the command’s own alarm where the queue takes no reminder', async () => {
    const account = await TestAccount.create()
    const hook = new Hook('410,500,200')
    const id = await account.submit({ ...ENDING, webhook_url: hook.url })
    await deliveriesIn(account, id, 'failed')
    const overdueAt = await runInDurableObject(commandStub(id), async (_, state) => {
      const outbox = state.storage.kv.get<Outbox>('outbox')
      if (!outbox) throw new Error('the command has no outbox')
      const due: Outbox = { ...outbox, scheduled: 0, untold: [], state: { kind: 'pending', dueAt: Date.now() } }
      state.storage.kv.put('outbox', due)
      await new Command(state, WITHOUT_QUEUE).alarm()
      return state.storage.getAlarm()
    })
    const { deliveries, next_attempt_at } = await deliveriesOf(account, id)
    expect(deliveries.map(({ response_status }) => response_status)).toEqual([410, 500])
    expect(overdueAt, 'nothing else wakes the command, and nothing counts as a fault').toBe(Date.parse(next_attempt_at ?? '') + OVERDUE_MS)
    await runInDurableObject(commandStub(id), async (_, state) => {
      const outbox = state.storage.kv.get<Outbox>('outbox')
      if (!outbox) throw new Error('the command has no outbox')
      const overdue: Outbox = { ...outbox, state: { kind: 'pending', dueAt: Date.now() - OVERDUE_MS } }
      state.storage.kv.put('outbox', overdue)
      await new Command(state, WITHOUT_QUEUE).alarm()
    })
    await deliveriesIn(account, id, 'delivered')
    expect(await hook.received()).toHaveLength(3)
  })
})

test('what comes to the dead-letter queue is told in the log, by kind, and taken off it', async () => {
  const lines: string[] = []
  const log = vi.spyOn(console, 'log').mockImplementation((line) => void lines.push(String(line)))
  onTestFinished(() => log.mockRestore())
  const command_id = crypto.randomUUID()
  const reminder = { command_id, event_id: 'msg_1' }
  const letter: DeadLetter = { ...reminder, account: 'a', attempts: 8, url: 'https://hooks.example.com/', status: 500, error: null }
  const outcome = await consume([letter, reminder, 'text'], { queue: 'renderio-webhooks-dead' })
  expect(outcome).toEqual({ acknowledged: ['0', '1', '2'], repeated: [] })
  const told = lines.map((line) => JSON.parse(line)).filter((line) => line.command_id === command_id || line.message_id === '2')
  expect(told).toEqual([
    expect.objectContaining({ level: 'error', event: 'webhook.given_up', ...letter }),
    expect.objectContaining({ level: 'error', event: 'webhook.reminder_dead', ...reminder }),
    expect.objectContaining({ level: 'error', event: 'webhook.message_unreadable' }),
  ])
})
