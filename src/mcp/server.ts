/** The API for agents: a server of the Model Context Protocol (Streamable HTTP, without sessions), whose tools are routes of the API. */
import type { OpenAPIHono } from '@hono/zod-openapi'
import { Server } from '@modelcontextprotocol/sdk/server/index.js'
import { WebStandardStreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/webStandardStreamableHttp.js'
import {
  CallToolRequestSchema,
  type CallToolResult,
  ErrorCode,
  ListToolsRequestSchema,
  McpError,
  type RequestId,
} from '@modelcontextprotocol/sdk/types.js'
import { bodyLimit } from 'hono/body-limit'
import { z } from 'zod'
import { requireApiKey } from '../api/auth.ts'
import type { ApiEnv } from '../api/env.ts'
import { ApiError, errorResponse } from '../api/errors.ts'
import { type Ask, asCaller } from '../api/in-process.ts'
import { once } from '../api/once.ts'
import type { OpenApiDocument } from '../api/openapi.ts'
import { countFurtherRequests } from '../api/rate-limit.ts'
import { MAX_BATCH, refusedOf, withoutCancellations } from './batch.ts'
import { type Tool, toolsOf } from './tools.ts'

const PATH = '/api/mcp'

/** Of one request, whatever it carries: room for several calls of a size that the API takes. */
const MAX_BODY_BYTES = 4 * 1024 * 1024

/** One of those that JSON-RPC leaves to servers. */
const TOO_MANY_REQUESTS = -32029

const INSTRUCTIONS =
  'Runs FFmpeg. Name inputs by URL as {{in_…}} and outputs as {{out_…}} in the command; the result’s storage_url is a link to download. ' +
  'A command that begins with ffprobe, or writes to `-f null -`, needs no output: its result is the text in stdout and report. ' +
  'Pass wait (60 at most) to get the result in the same answer, or poll with get_command.'

export function registerMcp(app: OpenAPIHono<ApiEnv>, document: () => OpenApiDocument): void {
  const tools = once(() => toolsOf(document()))
  const limitBody = bodyLimit({
    maxSize: MAX_BODY_BYTES,
    onError: () => refuse(413, ErrorCode.InvalidRequest, `the body is larger than ${MAX_BODY_BYTES / 1024 / 1024} MiB; pass files by URL`),
  })
  app.use(PATH, requireApiKey)
  app.post(PATH, limitBody, async (c) => {
    const body = parsed(await c.req.text())
    if (body === undefined) return refuse(400, ErrorCode.ParseError, 'the body is not JSON')
    const messages = Array.isArray(body) ? body : [body]
    if (messages.length > MAX_BATCH) {
      const message = `a batch has ${MAX_BATCH} messages at most, and this one has ${messages.length}; send the rest in another request`
      return refuse(400, ErrorCode.InvalidRequest, message)
    }
    const refused = await refusedOf(messages, () => countFurtherRequests(c, 1))
    const ask = asCaller(app, c)
    const inTurn = turns()
    const server = serverOf(tools(), refused, (tool, given) =>
      isList(tool) ? inTurn(() => call(ask, tool, given)) : call(ask, tool, given),
    )
    // Without sessions no answer depends on an earlier one, so that any isolate can give it.
    const transport = new WebStandardStreamableHTTPServerTransport({ enableJsonResponse: true })
    await server.connect(transport)
    return transport.handleRequest(c.req.raw, { parsedBody: Array.isArray(body) ? withoutCancellations(body) : body })
  })
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** What is answered to a request that is wrong as a whole. */
function refuse(status: 400 | 413, code: ErrorCode, message: string): Response {
  return Response.json({ jsonrpc: '2.0', error: { code, message }, id: null }, { status })
}

function serverOf(
  tools: Tool[],
  refused: ReadonlyMap<RequestId, ApiError>,
  run: (tool: Tool, given: Record<string, unknown>) => Promise<CallToolResult>,
): Server {
  const server = new Server({ name: 'renderio', version: '1' }, { capabilities: { tools: {} }, instructions: INSTRUCTIONS })
  server.setRequestHandler(ListToolsRequestSchema, (_, { requestId }) => {
    const refusal = refused.get(requestId)
    if (refusal) throw new McpError(TOO_MANY_REQUESTS, refusal.message, retryOf(errorResponse(refusal)))
    return { tools: tools.map(({ name, description, inputSchema }) => ({ name, description, inputSchema })) }
  })
  server.setRequestHandler(CallToolRequestSchema, ({ params }, { requestId }) => {
    const refusal = refused.get(requestId)
    if (refusal) return resultOf(errorResponse(refusal))
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
  return resultOf(response)
}

/** Whether the tool answers a page, which may hold a hundred large entries: those of one batch are not made side by side. */
function isList({ method, pathParameters }: Tool): boolean {
  return method === 'GET' && pathParameters.length === 0
}

/** Does one thing after the other. */
function turns(): <T>(work: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve()
  return (work) => {
    const next = last.then(work, work)
    last = next
    return next
  }
}

/** An answer of more is of no use to an agent, and is written twice. */
const MAX_ANSWER_CHARACTERS = 500_000

/** The API's answer as a tool's. An agent sees no headers, so what `Retry-After` says stands in the body. */
async function resultOf(response: Response): Promise<CallToolResult> {
  const answer = await response.text()
  if (answer.length > MAX_ANSWER_CHARACTERS) {
    const message = `the answer has ${answer.length} characters, and at most ${MAX_ANSWER_CHARACTERS} are given to an agent; ask for fewer entries by limit`
    return resultOf(errorResponse(new ApiError('INVALID_REQUEST', message)))
  }
  const structuredContent = { ...z.looseObject({}).parse(JSON.parse(answer)), ...retryOf(response) }
  return { content: [{ type: 'text', text: JSON.stringify(structuredContent) }], structuredContent, isError: !response.ok }
}

function retryOf({ headers }: Response): { retry_after_seconds?: number } {
  const seconds = headers.get('retry-after')
  return seconds === null ? {} : { retry_after_seconds: Number(seconds) }
}

/** What is no id must not lead to another route, as `..` would: it becomes one that nothing has. */
function idOf(value: unknown): string {
  return typeof value === 'string' && /^[A-Za-z0-9_-]+$/.test(value) ? value : '-'
}
