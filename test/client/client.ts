/** The typed client that the quickstart recommends: what does not fit the OpenAPI document does not compile. */
import createClient, { type Client } from 'openapi-fetch'
import type { components, paths } from './openapi.ts'

export type Command = components['schemas']['Command']

/** @param send what sends a request, where that is not the network */
export function typedClient(baseUrl: string, apiKey: string, send?: (request: Request) => Promise<Response>): Client<paths> {
  return createClient<paths>({ baseUrl, headers: { 'X-API-KEY': apiKey }, ...(send && { fetch: send }) })
}

/** What a call answered. Throws its error where it is one. */
export async function dataOf<Data>(call: Promise<{ data?: Data; error?: unknown; response: Response }>): Promise<Data> {
  const { data, error, response } = await call
  if (data === undefined) throw new Error(`${response.status} ${JSON.stringify(error)}`)
  return data
}
