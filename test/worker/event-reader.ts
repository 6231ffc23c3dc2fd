/** Reads a command's events as a client would. */
import { expect } from 'vitest'
import type { TestAccount } from './client.ts'

export interface ReceivedEvent {
  event: string
  id: string
  data: Record<string, unknown>
}

export class EventReader {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>
  readonly #decoder = new TextDecoder()
  #unread = ''

  private constructor(body: ReadableStream<Uint8Array>) {
    this.#reader = body.getReader()
  }

  static async open(account: TestAccount, commandId: string, lastEventId?: string): Promise<EventReader> {
    const headers = lastEventId === undefined ? {} : { 'last-event-id': lastEventId }
    const response = await account.request(`/api/v1/commands/${commandId}/events`, { headers })
    expect(response.status).toBe(200)
    expect(response.headers.get('content-type')).toBe('text/event-stream')
    if (!response.body) throw new Error('there is no stream')
    return new EventReader(response.body)
  }

  /** The next event or comment as it was sent; null at the end of the stream. */
  async nextBlock(): Promise<string | null> {
    for (;;) {
      const end = this.#unread.indexOf('\n\n')
      if (end !== -1) {
        const block = this.#unread.slice(0, end)
        this.#unread = this.#unread.slice(end + 2)
        return block
      }
      const { done, value } = await this.#reader.read()
      if (done) {
        expect(this.#unread, 'the stream does not end within an event').toBe('')
        return null
      }
      this.#unread += this.#decoder.decode(value, { stream: true })
    }
  }

  /** The next event, comments passed over; null at the end of the stream. */
  async next(): Promise<ReceivedEvent | null> {
    for (;;) {
      const block = await this.nextBlock()
      if (block === null) return null
      if (block.startsWith(':')) continue
      const fields = Object.fromEntries(block.split('\n').map((line) => line.split(/: (.*)/s).slice(0, 2)))
      return { event: fields.event, id: fields.id, data: JSON.parse(fields.data) }
    }
  }

  async rest(): Promise<ReceivedEvent[]> {
    const events: ReceivedEvent[] = []
    for (let event = await this.next(); event; event = await this.next()) events.push(event)
    return events
  }

  /** Leaves, as a client that closes the connection. */
  close(): Promise<void> {
    return this.#reader.cancel()
  }
}
