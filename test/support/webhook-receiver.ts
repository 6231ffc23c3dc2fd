/** Receives webhooks, remembers them, and answers as it is told by their path. */
import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { findFreePort } from '../../src/cli/ports.ts'
import type { ReceivedWebhook } from './received-webhook.ts'

/**
 * Paths:
 * - `/<answers>/<name>`: the first request is answered with the first of the comma-separated answers, and so on; the last repeats.
 *   An answer is a status, or `hang` for none until `release()`. A 3xx redirects to `/200/<name>`.
 *   The query may have `retry-after` for that header, and `length` for the characters of the answer's body.
 * - `/received?<target>` the webhooks for that path and query so far, as JSON
 */
export class WebhookReceiver {
  readonly #received: ReceivedWebhook[] = []
  /** Of senders that wait for an answer, by their target. */
  readonly #held = new Map<ServerResponse, string>()
  #givenUp = 0
  #server: Server | null = null
  /** Without a trailing slash; the same in all its lives. */
  url = ''

  static async start(): Promise<WebhookReceiver> {
    const receiver = new WebhookReceiver()
    await receiver.start()
    return receiver
  }

  /** Listens, after `stop()` on the same port again. */
  async start(): Promise<void> {
    const server = createServer((request, response) => {
      this.#answer(request, response).catch(() => response.destroy())
    })
    // A client that reuses a connection must not meet its end.
    server.keepAliveTimeout = 10 * 60_000
    const port = this.url === '' ? await findFreePort() : Number(new URL(this.url).port)
    server.listen(port, '127.0.0.1')
    await once(server, 'listening')
    this.url = `http://127.0.0.1:${port}`
    this.#server = server
  }

  /** Refuses connections from now on, and breaks those there are. */
  async stop(): Promise<void> {
    const closed = this.#server?.listening ? once(this.#server, 'close') : null
    this.#server?.close()
    this.#server?.closeAllConnections()
    await closed
  }

  received(target: string): ReceivedWebhook[] {
    return this.#received.filter((webhook) => webhook.target === target)
  }

  /** Every webhook so far. */
  get all(): readonly ReceivedWebhook[] {
    return this.#received
  }

  /** How many senders wait for an answer that does not come. */
  get hanging(): number {
    return this.#held.size
  }

  /** Whether a sender waits at this target. */
  isHeld(target: string): boolean {
    return [...this.#held.values()].includes(target)
  }

  /** How many senders have given up waiting for one. */
  get givenUp(): number {
    return this.#givenUp
  }

  /** Answers those that wait with 200. */
  release(): void {
    for (const response of this.#held.keys()) response.end()
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const at = Date.now()
    const target = request.url ?? '/'
    const { pathname, search, searchParams } = new URL(target, 'http://localhost')
    const [, answers = '', name = ''] = pathname.split('/')
    if (answers === 'received') {
      response.end(JSON.stringify(this.received(decodeURIComponent(search.slice(1)))))
      return
    }
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk)
    const headers = Object.fromEntries(Object.entries(request.headers).map(([header, value]) => [header, String(value)]))
    this.#received.push({
      target,
      method: request.method ?? '',
      headers,
      body: Buffer.concat(chunks).toString('utf8'),
      at,
      givenUp: this.#givenUp,
    })

    const script = answers.split(',')
    const answer = script[Math.min(this.received(target).length, script.length) - 1] ?? '404'
    if (answer === 'hang') {
      this.#held.set(response, target)
      response.once('close', () => {
        this.#held.delete(response)
        if (!response.writableEnded) this.#givenUp += 1
      })
      return
    }
    const retryAfter = searchParams.get('retry-after')
    response.writeHead(Number(answer), {
      ...(answer.startsWith('3') && { location: `/200/${name}` }),
      ...(retryAfter !== null && { 'retry-after': retryAfter }),
    })
    // A 204 has no body.
    response.end(answer === '204' ? '' : 'x'.repeat(Number(searchParams.get('length') ?? 2)))
  }
}
