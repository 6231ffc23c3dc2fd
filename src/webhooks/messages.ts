/** What is sent through the queues. Ids and outcomes only: what is to be sent to a receiver stands with the command. */
import { z } from 'zod'

/** How the name of the dead-letter queue ends in `wrangler.toml`: a batch says only from which queue it is. */
export const DEAD_LETTER_SUFFIX = '-dead'

/** Rings when the next attempt is due. */
export const reminderSchema = z.object({ command_id: z.string(), event_id: z.string() })
export type WebhookReminder = z.infer<typeof reminderSchema>

/** A webhook that was given up. A reminder that never reached its command comes to the same queue, without these fields. */
export const deadLetterSchema = reminderSchema.extend({
  account: z.string(),
  /** Scheduled attempts. */
  attempts: z.number(),
  /** Of the last attempt: where it went, without credentials and query, and what came back; null where none was made. */
  url: z.string().nullable(),
  status: z.number().nullable(),
  error: z.string().nullable(),
})
export type DeadLetter = z.infer<typeof deadLetterSchema>
