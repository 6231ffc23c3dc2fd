/** The real executor behind a transport that counts what passes, and that a test may hold up. */
import { env } from 'cloudflare:workers'
import { ExecutorClient } from '../../src/executor/client.ts'
import { settingsOf } from '../../src/settings.ts'

export interface SentPiece {
  path: string
  contentRange: string | null
  bytes: number
}

export class CountedExecutor {
  /** Every PUT so far, in the order in which they ended. */
  readonly pieces: SentPiece[] = []
  /** What was asked for with GET so far: path and range. */
  readonly reads: { path: string; range: string | null }[] = []
  /** The most transfers that went on at once. */
  most = 0
  #now = 0
  /** Called after each answer and before it is given; what it does not resolve nobody ever hears of. */
  beforeAnswer: (request: Request) => Promise<void> = async () => undefined
  /** Answers in the executor's place where it answers anything. */
  instead: (request: Request) => Response | null = () => null

  readonly client = new ExecutorClient(this, 'http://executor', null)

  async fetch(request: Request): Promise<Response> {
    const replacement = this.instead(request)
    if (replacement) return replacement
    const isTransfer = request.method === 'PUT' || request.url.includes('/outputs/')
    if (isTransfer) this.most = Math.max(this.most, ++this.#now)
    try {
      const response = await this.#pass(request)
      await this.beforeAnswer(request)
      return response
    } finally {
      if (isTransfer) this.#now -= 1
    }
  }

  async #pass(request: Request): Promise<Response> {
    const { pathname: path, search } = new URL(request.url)
    const url = `${settingsOf(env).executor?.url}${path}${search}`
    if (request.method === 'GET') this.reads.push({ path, range: request.headers.get('range') })
    if (request.method !== 'PUT' || !request.body) return fetch(new Request(url, request))
    const piece: SentPiece = { path, contentRange: request.headers.get('content-range'), bytes: 0 }
    const counting = new TransformStream<Uint8Array, Uint8Array>({
      transform(chunk, controller) {
        piece.bytes += chunk.length
        controller.enqueue(chunk)
      },
    })
    const { headers, signal } = request
    try {
      return await fetch(url, { method: 'PUT', headers, body: request.body.pipeThrough(counting), signal })
    } finally {
      this.pieces.push(piece)
    }
  }

  /** An input as the executor has it. */
  async input(job: string, filename: string): Promise<Uint8Array> {
    const response = await fetch(`${settingsOf(env).executor?.url}/v1/jobs/${job}/inputs/${filename}`)
    return new Uint8Array(await response.arrayBuffer())
  }
}
