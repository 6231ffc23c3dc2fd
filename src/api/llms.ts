/** `/llms.txt`: what an agent reads first. Its routes are those of the OpenAPI document. */
import { type OpenAPIHono, z } from '@hono/zod-openapi'
import { GUIDES, pathOf } from '../docs/contents.ts'
import type { ApiEnv } from './env.ts'
import type { OpenApiDocument } from './openapi.ts'
import { serveText } from './serve-text.ts'

const documentSchema = z.object({ paths: z.record(z.string(), z.record(z.string(), z.object({ summary: z.string() }))) })

const HEAD = `# RenderIO

> FFmpeg as a service: POST an FFmpeg command with named inputs and outputs, wait, and download the result.

Send your API key as \`X-API-KEY: ffsk_…\` or \`Authorization: Bearer ffsk_…\`. Inputs are URLs named \`in_…\`, outputs file names named \`out_…\`; the command has them as \`{{in_…}}\` and \`{{out_…}}\`.
With \`Prefer: wait=60\` a submit answers when the command has ended; \`output_files.<alias>.storage_url\` is a link to download. \`POST /api/v1/validate\` checks a command without running it.

- [OpenAPI document](/openapi.json)
- Model Context Protocol: \`/api/mcp\`, Streamable HTTP, with the API key as the bearer
`

export function registerLlms(app: OpenAPIHono<ApiEnv>, document: () => OpenApiDocument): void {
  serveText(app, '/llms.txt', 'text/plain; charset=UTF-8', () => textOf(document()))
}

function textOf(document: OpenApiDocument): string {
  const { paths } = documentSchema.parse(document)
  const routes = Object.entries(paths).flatMap(([path, operations]) =>
    Object.entries(operations).map(([method, { summary }]) => `- \`${method.toUpperCase()} ${path}\`: ${summary}`),
  )
  const guides = GUIDES.map((guide) => `- [${guide}](${pathOf(guide)})`)
  return `${HEAD}\n## Routes\n\n${routes.join('\n')}\n\n## Guides\n\n${guides.join('\n')}\n`
}
