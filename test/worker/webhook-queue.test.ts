import { createExecutionContext, createMessageBatch, getQueueResult } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { expect, test } from 'vitest'
import worker from '../../src/index.ts'
import { TestAccount } from './client.ts'
import { deliveriesIn, ENDING, Hook } from './webhooks.ts'

/** Hands messages to the consumer; answers which it has taken off the queue, and which are to come again. */
async function consume(bodies: unknown[]): Promise<{ acknowledged: string[]; repeated: string[] }> {
  const messages = bodies.map((body, n) => ({ id: String(n), timestamp: new Date(), attempts: 1, body }))
  const batch = createMessageBatch('renderio-webhooks', messages)
  const context = createExecutionContext()
  await worker.queue(batch, env)
  const { explicitAcks, retryMessages } = await getQueueResult(batch, context)
  return { acknowledged: explicitAcks, repeated: retryMessages.map(({ msgId }) => msgId) }
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
