/** The API for agents: a server of the Model Context Protocol (Streamable HTTP, without sessions), whose tools are routes of the API. */
import type { OpenAPIHono } from '@hono/zod-openapi'
import { Server } from '@modelcontextprotocol/sdk/server/index.js'
import { WebStandardStreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/webStandardStreamableHttp.js'
import { CallToolRequestSchema, type CallToolResult, ErrorCode, ListToolsRequestSchema, McpError } from '@modelcontextprotocol/sdk/types.js'
import { requireApiKey } from '../api/auth.ts'
import type { ApiEnv } from '../api/env.ts'
import { type Ask, asCaller } from '../api/in-process.ts'
import { once } from '../api/once.ts'
import type { OpenApiDocument } from '../api/openapi.ts'
import { type Tool, toolsOf } from './tools.ts'

const PATH = '/api/mcp'

const INSTRUCTIONS =
  'Runs FFmpeg. Name inputs by URL as {{in_…}} and outputs as {{out_…}} in the command; the result’s storage_url is a link to download. ' +
  'Pass wait (60 at most) to get the result in the same answer, or poll with get_command.'

export function registerMcp(app: OpenAPIHono<ApiEnv>, document: () => OpenApiDocument): void {
  const tools = once(() => toolsOf(document()))
  app.use(PATH, requireApiKey)
  app.post(PATH, async (c) => {
    const ask = asCaller(app, c)
    const server = serverOf(tools(), (tool, given) => call(ask, tool, given))
    // Without sessions no answer depends on an earlier one, so that any isolate can give it.
    const transport = new WebStandardStreamableHTTPServerTransport({ enableJsonResponse: true })
    await server.connect(transport)
    return transport.handleRequest(c.req.raw)
  })
}

function serverOf(tools: Tool[], run: (tool: Tool, given: Record<string, unknown>) => Promise<CallToolResult>): Server {
  const server = new Server({ name: 'renderio', version: '1' }, { capabilities: { tools: {} }, instructions: INSTRUCTIONS })
  server.setRequestHandler(ListToolsRequestSchema, () => ({
    tools: tools.map(({ name, description, inputSchema }) => ({ name, description, inputSchema })),
  }))
  server.setRequestHandler(CallToolRequestSchema, ({ params }) => {
    const tool = tools.find(({ name }) => name === params.name)
    if (!tool) throw new McpError(ErrorCode.InvalidParams, `there is no tool ${params.name}`)
    return run(tool, params.arguments ?? {})
  })
  return server
}

/** Asks the tool's route as the caller would have, and so with the same checks and answers. */
async function call(ask: Ask, tool: Tool, given: Record<string, unknown>): Promise<CallToolResult> {
  const path = tool.pathParameters.reduce((filled, name) => filled.replace(`{${name}}`, idOf(given[name])), tool.path)
  const query = new URLSearchParams()
  for (const name of tool.queryParameters) if (given[name] !== undefined) query.set(name, String(given[name]))
  const outside = new Set([...tool.pathParameters, ...tool.queryParameters])
  const body = Object.fromEntries(Object.entries(given).filter(([name]) => !outside.has(name)))
  const response = await ask(query.size > 0 ? `${path}?${query}` : path, {
    method: tool.method,
    ...(tool.hasBody && { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
  })
  const text = await response.text()
  return { content: [{ type: 'text', text }], structuredContent: JSON.parse(text), isError: !response.ok }
}

/** What is no id must not lead to another route, as `..` would: it becomes one that nothing has. */
function idOf(value: unknown): string {
  return typeof value === 'string' && /^[A-Za-z0-9_-]+$/.test(value) ? value : '-'
}
