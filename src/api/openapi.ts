/** The OpenAPI document, which comes from the schemas that the routes themselves check by. */
import type { OpenAPIHono } from '@hono/zod-openapi'
import type { ApiEnv } from './env.ts'
import { once } from './once.ts'
import { serveText } from './serve-text.ts'

const DESCRIPTION = `FFmpeg as a service: submit a command, poll it, download what it made.

Every request carries an API key, as \`X-API-KEY\` or, where that is absent or empty, as the bearer; another account's objects are 404.
Every answer has an \`X-Request-Id\`, which is the request's own where it had one: name it when you report something.
Errors say the same in three places, \`detail\`, \`error\` (a code) and \`message\`; a 422 lists the faults of the body in \`detail\`, the first of them where there are very many.
Numbers that come as text are taken where a number is meant. Times are ISO 8601 in UTC.`

const HEAD = {
  openapi: '3.1.0',
  info: { title: 'RenderIO', version: '1', description: DESCRIPTION, license: { name: 'MIT', identifier: 'MIT' } },
  servers: [{ url: '/' }],
  security: [{ ApiKey: [] }, { Bearer: [] }],
  tags: [
    { name: 'Commands', description: 'Submit FFmpeg commands, follow them and act on them.' },
    { name: 'Presets', description: 'Commands that are kept, and run with inputs of one’s own.' },
    { name: 'Files', description: 'Files that are stored once and used by many commands, and the outputs of commands.' },
    { name: 'Webhooks', description: 'Who is told when a command has ended, and what became of it.' },
    { name: 'Service', description: 'The service itself.' },
  ],
}

export type OpenApiDocument = ReturnType<OpenAPIHono['getOpenAPI31Document']>

/** Serves `/openapi.json`. Answers the document; it has the routes that are registered when it is first asked for. */
export function registerOpenApi(app: OpenAPIHono<ApiEnv>): () => OpenApiDocument {
  app.openAPIRegistry.registerComponent('securitySchemes', 'ApiKey', { type: 'apiKey', in: 'header', name: 'X-API-KEY' })
  app.openAPIRegistry.registerComponent('securitySchemes', 'Bearer', { type: 'http', scheme: 'bearer' })
  const document = once(() => app.getOpenAPI31Document(HEAD))
  serveText(app, '/openapi.json', 'application/json', () => JSON.stringify(document()))
  return document
}
