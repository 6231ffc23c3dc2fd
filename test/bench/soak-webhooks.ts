/** The receiver of the soak: it answers late, or with 500 at first, and every event must reach it at least once. */
import { randomUUID } from 'node:crypto'
import { z } from 'zod'
import { waitUntil } from '../support/wait-until.ts'
import { WebhookReceiver } from '../support/webhook-receiver.ts'

/** What the receiver answers to the first attempt, the second, and so on. One that hangs is answered late. */
const ANSWERS = ['200', '500,200', 'hang,200', '500,hang,200']
/** Less than the service waits for an answer. */
const RELEASE_EVERY_MS = 4_000
/** Longer than the longest pause of the schedule. */
const ARRIVAL_TIMEOUT_MS = 120_000

const bodySchema = z.object({ data: z.object({ command_id: z.string(), status: z.enum(['SUCCESS', 'FAILED']) }) })

export class SoakWebhooks {
  readonly #receiver: WebhookReceiver
  /** The command whose end is told there, by URL. */
  readonly #expected = new Map<string, string>()
  readonly #releases: ReturnType<typeof setInterval>

  constructor(receiver: WebhookReceiver) {
    this.#receiver = receiver
    this.#releases = setInterval(() => receiver.release(), RELEASE_EVERY_MS)
  }

  static async start(): Promise<SoakWebhooks> {
    return new SoakWebhooks(await WebhookReceiver.start())
  }

  /** An address for one command. */
  newUrl(random: () => number): string {
    return `${this.#receiver.url}/${ANSWERS[Math.floor(random() * ANSWERS.length)]}/${randomUUID()}`
  }

  /** The end of this command is to be told at `url`. */
  expect(url: string, commandId: string): void {
    this.#expected.set(url, commandId)
  }

  /** How many commands tell of their end. */
  get expected(): number {
    return this.#expected.size
  }

  get received(): number {
    return this.#receiver.all.length
  }

  /** Waits for what is under way. Answers a sentence about each command whose end was not told as it should be. */
  async faults(): Promise<string[]> {
    await waitUntil('every event has arrived', () => this.#faultsNow().length === 0, ARRIVAL_TIMEOUT_MS).catch(() => undefined)
    return this.#faultsNow()
  }

  async stop(): Promise<void> {
    clearInterval(this.#releases)
    await this.#receiver.stop()
  }

  #faultsNow(): string[] {
    return [...this.#expected].flatMap(([url, commandId]) => this.#faultOf(url, commandId) ?? [])
  }

  #faultOf(url: string, commandId: string): string | null {
    const { pathname } = new URL(url)
    const received = this.#receiver.received(pathname)
    const refusals =
      pathname
        .split('/')[1]
        ?.split(',')
        .filter((answer) => answer === '500').length ?? 0
    if (received.length <= refusals) return `the webhook of ${commandId} came ${received.length} times, of which ${refusals} were refused`
    const events = new Set(received.map(({ headers }) => headers['webhook-id']))
    if (events.size > 1) return `the webhook of ${commandId} told ${events.size} different events`
    const told = new Set(received.map(({ body }) => bodySchema.parse(JSON.parse(body)).data.command_id))
    return told.size === 1 && told.has(commandId) ? null : `the webhook of ${commandId} was about ${[...told].join(', ')}`
  }
}
