/** The OpenAPI document, made in Node without a service that runs. */
import { createHash } from 'node:crypto'
import { registerHooks } from 'node:module'

/** Of the Workers runtime the document needs only that its modules can be loaded. */
const RUNTIME = 'data:text/javascript,export class DurableObject {}; export class WorkerEntrypoint {}; export const env = {}'

export async function openApiDocument(): Promise<unknown> {
  const hooks = registerHooks({
    resolve: (specifier, context, next) =>
      specifier.startsWith('cloudflare:') ? { url: RUNTIME, shortCircuit: true } : next(specifier, context),
  })
  try {
    const { createApp } = await import('../../src/app.ts')
    return (await createApp().request('/openapi.json', {}, {})).json()
  } finally {
    hooks.deregister()
  }
}

/** SHA-256 in hex of the document as JSON. */
export function digestOf(document: unknown): string {
  return createHash('sha256').update(JSON.stringify(document)).digest('hex')
}
