/**
 * Takes retries off the queue. The command's own object does the sending: it knows what is due, and a receiver that hangs
 * then holds up nobody but its own command.
 */
import { z } from 'zod'
import { log } from '../logging/log.ts'

/** A message is a doorbell: ids only. */
export const webhookMessageSchema = z.object({ command_id: z.string(), event_id: z.string() })
export type WebhookMessage = z.infer<typeof webhookMessageSchema>

export async function consumeWebhooks(batch: MessageBatch, env: Env): Promise<void> {
  await Promise.all(batch.messages.map((message) => ring(message, env)))
}

async function ring(message: Message, env: Env): Promise<void> {
  const parsed = webhookMessageSchema.safeParse(message.body)
  if (!parsed.success) {
    log('error', 'webhook.message_unreadable', { message_id: message.id })
    message.ack()
    return
  }
  try {
    await env.COMMAND.get(env.COMMAND.idFromName(parsed.data.command_id)).deliveryDue()
    message.ack()
  } catch (error) {
    log('warn', 'webhook.command_unreachable', { command_id: parsed.data.command_id, error })
    message.retry({ delaySeconds: 5 })
  }
}
