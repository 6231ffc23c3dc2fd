/** The demo's other side: a web server that has the sample video, and an endpoint that takes the webhook. */
import { once } from 'node:events'
import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { pipeline } from 'node:stream/promises'
import { LOOPBACK } from './ports.ts'

const VIDEO_PATH = '/sample.mp4'
const WEBHOOK_PATH = '/webhook'

export interface Delivery {
  /** Names in lower case. */
  headers: Record<string, string>
  body: string
}

export class SampleServer {
  /** `host:port`. */
  readonly origin: string
  readonly videoUrl: string
  readonly webhookUrl: string
  /** Resolves with the first webhook. */
  readonly delivery: Promise<Delivery>
  readonly #server: Server

  private constructor(server: Server, port: number, delivery: Promise<Delivery>) {
    this.#server = server
    this.origin = `${LOOPBACK}:${port}`
    this.videoUrl = `http://${this.origin}${VIDEO_PATH}`
    this.webhookUrl = `http://${this.origin}${WEBHOOK_PATH}`
    this.delivery = delivery
  }

  /** Serves `videoFile` on a free port of this machine. */
  static async start(videoFile: string): Promise<SampleServer> {
    const { promise, resolve } = Promise.withResolvers<Delivery>()
    const server = createServer((request, response) => {
      answer(videoFile, request, response, resolve).catch(() => response.destroy())
    }).listen(0, LOOPBACK)
    await once(server, 'listening')
    const address = server.address()
    if (address === null || typeof address === 'string') throw new Error('a TCP server has a numeric address')
    return new SampleServer(server, address.port, promise)
  }

  stop(): void {
    this.#server.close()
    this.#server.closeAllConnections()
  }
}

async function answer(
  videoFile: string,
  request: IncomingMessage,
  response: ServerResponse,
  onWebhook: (delivery: Delivery) => void,
): Promise<void> {
  if (request.url === VIDEO_PATH && request.method === 'GET') {
    response.writeHead(200, { 'Content-Type': 'video/mp4', 'Content-Length': (await stat(videoFile)).size })
    return pipeline(createReadStream(videoFile), response)
  }
  if (request.url === WEBHOOK_PATH && request.method === 'POST') {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk)
    const headers = Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, String(value)]))
    onWebhook({ headers, body: Buffer.concat(chunks).toString('utf8') })
    response.writeHead(204).end()
    return
  }
  response.writeHead(404).end()
}
