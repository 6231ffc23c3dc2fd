/** Takes messages about webhooks off their two queues. */
import { log } from '../logging/log.ts'
import { DEAD_LETTER_SUFFIX, deadLetterSchema, reminderSchema } from './messages.ts'

/** How much later a command is reminded that cannot be reached now, in seconds. */
const UNREACHABLE_DELAY_SECONDS = 5

export async function consumeWebhooks(batch: MessageBatch, env: Env): Promise<void> {
  if (batch.queue.endsWith(DEAD_LETTER_SUFFIX)) for (const message of batch.messages) bury(message)
  else await Promise.all(batch.messages.map((message) => ring(message, env)))
}

/**
 * Has the command make the attempt that is due. Its own object does the sending: it knows what is due, and a receiver that hangs then holds up
 * nobody but its own command, where a queue without consumer concurrency would hold up everybody.
 */
async function ring(message: Message, env: Env): Promise<void> {
  const reminder = reminderSchema.safeParse(message.body)
  if (!reminder.success) {
    log('error', 'webhook.message_unreadable', { message_id: message.id })
    message.ack()
    return
  }
  const { command_id } = reminder.data
  try {
    await env.COMMAND.get(env.COMMAND.idFromName(command_id)).deliveryDue()
    message.ack()
  } catch (error) {
    log('warn', 'webhook.command_unreachable', { command_id, attempts: message.attempts, error })
    message.retry({ delaySeconds: UNREACHABLE_DELAY_SECONDS })
  }
}

/**
 * Tells the operator, by one line each, of a webhook that was given up, and of a reminder that never reached its command. Neither loses anything:
 * the command keeps every attempt and can be asked to send again, and its alarm makes the attempt of which nobody has reminded it.
 */
function bury(message: Message): void {
  const letter = deadLetterSchema.safeParse(message.body)
  const reminder = reminderSchema.safeParse(message.body)
  if (letter.success) log('error', 'webhook.given_up', letter.data)
  else if (reminder.success) log('error', 'webhook.reminder_dead', reminder.data)
  else log('error', 'webhook.message_unreadable', { message_id: message.id })
  message.ack()
}
