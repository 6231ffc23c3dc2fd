/** A request as the webhook receiver saw it. */
export interface ReceivedWebhook {
  /** Path and query. */
  target: string
  method: string
  /** Names in lower case. */
  headers: Record<string, string>
  /** The bytes as UTF-8 text. */
  body: string
  /** When its first byte came, in ms since the epoch. */
  at: number
  /** How many senders had by then given up waiting for an answer. */
  givenUp: number
}
