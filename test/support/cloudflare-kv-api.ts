/** A stand-in for the part of Cloudflare's API that reads and writes KV, on the loopback interface. */
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'

export interface CloudflareKvApi {
  /** For `CLOUDFLARE_API_BASE_URL`. */
  url: string
  /** Name and value of all that is stored. */
  values: Map<string, string>
  stop: () => Promise<void>
}

/** Knows one account, `acc`, and lets in who brings the token `secret`. */
export async function startCloudflareKvApi(): Promise<CloudflareKvApi> {
  const values = new Map<string, string>()
  const server = createServer((request, response) => void answer(request, response, values)).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}/client/v4`,
    values,
    stop: async () => {
      server.closeAllConnections()
      await server[Symbol.asyncDispose]()
    },
  }
}

async function answer(request: IncomingMessage, response: ServerResponse, values: Map<string, string>): Promise<void> {
  const body = await text(request)
  const reply = (status: number, result: unknown) => {
    const errors = status === 200 ? [] : [{ code: status, message: 'refused' }]
    response.writeHead(status, { 'content-type': 'application/json' })
    response.end(JSON.stringify({ success: status === 200, errors, messages: [], result, result_info: { cursor: '' } }))
  }
  const { pathname } = new URL(request.url ?? '/', 'http://localhost')
  const [, what, encoded = ''] =
    /^\/client\/v4\/accounts\/acc\/storage\/kv\/namespaces\/[^/]+\/(keys|bulk|values)(?:\/(.+))?$/.exec(pathname) ?? []
  const name = decodeURIComponent(encoded)
  if (request.headers.authorization !== 'Bearer secret') return reply(403, null)
  switch (`${request.method} ${what}`) {
    case 'GET keys':
      return reply(
        200,
        [...values.keys()].map((key) => ({ name: key })),
      )
    case 'POST bulk': {
      const { keys }: { keys: string[] } = JSON.parse(body)
      if (keys.length > 100) return reply(400, null)
      return reply(200, { values: Object.fromEntries(keys.map((key) => [key, values.get(key) ?? null])) })
    }
    case 'PUT values':
      values.set(name, body)
      return reply(200, null)
    case 'DELETE values':
      values.delete(name)
      return reply(200, null)
    default:
      return reply(404, null)
  }
}
