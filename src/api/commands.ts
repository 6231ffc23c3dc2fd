/** Looking at commands: one, a page of them, what FFmpeg says. */
import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import { commandReply, listedReply } from './command-reply.ts'
import { commandStub, noSuchCommand } from './command-stub.ts'
import type { ApiEnv } from './env.ts'
import { commandIdParam, json, notFound, requestErrors } from './responses.ts'
import { commandListQuerySchema, commandListSchema, commandSchema, waitQuerySchema } from './schemas.ts'

const poll = createRoute({
  method: 'get',
  path: '/api/v1/commands/{command_id}',
  operationId: 'getCommand',
  tags: ['Commands'],
  summary: 'Poll a command',
  description: 'How it stands, what became of it and where its files are. With `wait` the answer is held until the command has ended.',
  request: { params: commandIdParam, query: waitQuerySchema },
  responses: { 200: json(commandSchema, 'The command as it stands.'), ...requestErrors, ...notFound('No such command.') },
})

const list = createRoute({
  method: 'get',
  path: '/api/v1/commands',
  operationId: 'listCommands',
  tags: ['Commands'],
  summary: 'List commands',
  description: 'Newest first. Stage, percentage and place in the queue are shown by the poll of a single command only.',
  request: { query: commandListQuerySchema },
  responses: { 200: json(commandListSchema, 'A page of commands.'), ...requestErrors },
})

const readLog = createRoute({
  method: 'get',
  path: '/api/v1/commands/{command_id}/log',
  operationId: 'getCommandLog',
  tags: ['Commands'],
  summary: 'FFmpeg’s stderr',
  description: 'All that FFmpeg has said, also while it still runs; of a chain, all commands one after the other.',
  request: { params: commandIdParam },
  responses: {
    200: { description: 'Plain text, as far as FFmpeg has come.', content: { 'text/plain': { schema: z.string() } } },
    ...requestErrors,
    ...notFound('No such command.'),
  },
})

export function registerCommands(app: OpenAPIHono<ApiEnv>): void {
  app.openapi(poll, async (c) => {
    const command = commandStub(c.env, c.req.valid('param').command_id)
    const { wait } = c.req.valid('query')
    return c.json(await commandReply(c, wait ? await command.wait(c.var.account, wait) : await command.read(c.var.account)), 200)
  })

  app.openapi(list, async (c) => {
    const { limit, offset, status, command_type, created_after, created_before } = c.req.valid('query')
    const account = c.env.ACCOUNT.get(c.env.ACCOUNT.idFromName(c.var.account))
    const page = await account.listCommands(limit, offset, {
      status: status ?? null,
      type: command_type ?? null,
      createdAfter: created_after ?? null,
      createdBefore: created_before ?? null,
    })
    const commands = await Promise.all(page.commands.map((command) => listedReply(c, command)))
    return c.json({ commands, limit, offset, total: page.total }, 200)
  })

  app.openapi(readLog, async (c) => {
    const log = await commandStub(c.env, c.req.valid('param').command_id).readLog(c.var.account)
    if (log === null) throw noSuchCommand()
    return c.text(log, 200)
  })
}
