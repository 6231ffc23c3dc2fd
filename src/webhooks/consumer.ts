/**
 * Takes reminders off the queue. The command's own object does the sending: it knows what is due, and a receiver that hangs
 * then holds up nobody but its own command, where a queue without consumer concurrency would hold up everybody.
 */
import { z } from 'zod'
import { log } from '../logging/log.ts'

/** Ids only: what is to be sent stands with the command. */
const reminderSchema = z.object({ command_id: z.string(), event_id: z.string() })
export type WebhookReminder = z.infer<typeof reminderSchema>

/** How much later a command is reminded that cannot be reached now, in seconds. */
const UNREACHABLE_DELAY_SECONDS = 5

export async function consumeWebhooks(batch: MessageBatch, env: Env): Promise<void> {
  await Promise.all(batch.messages.map((message) => ring(message, env)))
}

async function ring(message: Message, env: Env): Promise<void> {
  const reminder = reminderSchema.safeParse(message.body)
  if (!reminder.success) {
    log('error', 'webhook.reminder_unreadable', { message_id: message.id })
    message.ack()
    return
  }
  const { command_id } = reminder.data
  try {
    await env.COMMAND.get(env.COMMAND.idFromName(command_id)).deliveryDue()
    message.ack()
  } catch (error) {
    log('warn', 'webhook.command_unreachable', { command_id, error })
    message.retry({ delaySeconds: UNREACHABLE_DELAY_SECONDS })
  }
}
