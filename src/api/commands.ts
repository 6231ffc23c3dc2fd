/** Submitting commands and watching them. */
import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import type { Context } from 'hono'
import type { CommandSnapshot } from '../command/command.ts'
import type { CommandSpec } from '../command/record.ts'
import { submitCommands } from '../command/submit.ts'
import { commandView, type MakeUrl } from '../command/view.ts'
import { storageUrl } from '../files/storage-url.ts'
import { settingsOf } from '../settings.ts'
import { checkSubmit } from './check-submit.ts'
import { commandStub, noSuchCommand } from './command-stub.ts'
import type { ApiEnv } from './env.ts'
import { ApiError, errorSchema } from './errors.ts'
import { jsonBody } from './json-body.ts'
import { limitSubmits } from './rate-limit.ts'
import { bodyErrors, commandIdParam, json, notFound, requestErrors } from './responses.ts'
import {
  type CommandView,
  commandListQuerySchema,
  commandListSchema,
  commandSchema,
  submitSchema,
  submittedSchema,
  waitQuerySchema,
  waitSchema,
} from './schemas.ts'

const submit = createRoute({
  method: 'post',
  path: '/api/v1/run-ffmpeg-command',
  summary: 'Run an FFmpeg command',
  security: [{ ApiKey: [] }],
  middleware: [limitSubmits, jsonBody] as const,
  request: {
    query: waitQuerySchema,
    headers: z.object({ prefer: z.string().optional().openapi({ description: '`wait=N`: as the query parameter.' }) }),
    body: { required: true, content: { 'application/json': { schema: submitSchema } } },
  },
  responses: {
    200: json(z.union([submittedSchema, commandSchema]), 'Accepted; with `wait`, the poll response.'),
    ...requestErrors,
    ...bodyErrors,
    429: json(errorSchema, 'Too many requests, or too many commands that wait; `Retry-After` says for how long.'),
  },
})

const poll = createRoute({
  method: 'get',
  path: '/api/v1/commands/{command_id}',
  summary: 'Poll a command',
  security: [{ ApiKey: [] }],
  request: { params: commandIdParam, query: waitQuerySchema },
  responses: { 200: json(commandSchema, 'The command as it stands.'), ...requestErrors, ...notFound('No such command.') },
})

const list = createRoute({
  method: 'get',
  path: '/api/v1/commands',
  summary: 'List commands',
  description: 'Newest first. Stage, percentage and place in the queue are shown by the poll of a single command only.',
  security: [{ ApiKey: [] }],
  request: { query: commandListQuerySchema },
  responses: { 200: json(commandListSchema, 'A page of commands.'), ...requestErrors },
})

const readLog = createRoute({
  method: 'get',
  path: '/api/v1/commands/{command_id}/log',
  summary: 'FFmpeg’s stderr',
  security: [{ ApiKey: [] }],
  request: { params: commandIdParam },
  responses: {
    200: { description: 'Plain text, empty until FFmpeg has ended.', content: { 'text/plain': { schema: z.string() } } },
    ...requestErrors,
    ...notFound('No such command.'),
  },
})

export function registerCommands(app: OpenAPIHono<ApiEnv>): void {
  app.openapi(submit, async (c) => {
    const waitSeconds = c.req.valid('query').wait ?? preferredWait(c.req.valid('header').prefer)
    const spec = await checkSubmit(c.req.valid('json'), identityOf(c), settingsOf(c.env))
    if (!(await submitCommands(c.env, spec.account, [spec]))) {
      throw new ApiError('QUEUE_FULL', 'too many of your commands are waiting; submit again when some have ended', { 'Retry-After': '30' })
    }
    if (!waitSeconds) return c.json({ command_id: spec.id }, 200)
    return c.json(await view(c, await commandStub(c.env, spec.id).wait(spec.account, waitSeconds)), 200)
  })

  app.openapi(poll, async (c) => {
    const command = commandStub(c.env, c.req.valid('param').command_id)
    const { wait } = c.req.valid('query')
    return c.json(await view(c, wait ? await command.wait(c.var.account, wait) : await command.read(c.var.account)), 200)
  })

  app.openapi(list, async (c) => {
    const { limit, offset, status } = c.req.valid('query')
    const account = c.env.ACCOUNT.get(c.env.ACCOUNT.idFromName(c.var.account))
    const page = await account.listCommands(limit, offset, status ?? null)
    const commands = await Promise.all(page.commands.map((command) => commandView(command, null, urlMaker(c))))
    return c.json({ commands, limit, offset, total: page.total }, 200)
  })

  app.openapi(readLog, async (c) => {
    const log = await commandStub(c.env, c.req.valid('param').command_id).readLog(c.var.account)
    if (log === null) throw noSuchCommand()
    return c.text(log, 200)
  })
}

function identityOf(c: Context<ApiEnv>): Pick<CommandSpec, 'id' | 'account' | 'createdAt' | 'origin'> {
  return { id: crypto.randomUUID(), account: c.var.account, createdAt: Date.now(), origin: new URL(c.req.url).origin }
}

async function view(c: Context<ApiEnv>, command: CommandSnapshot | null): Promise<CommandView> {
  if (!command) throw noSuchCommand()
  const { state } = command
  const account = c.env.ACCOUNT.get(c.env.ACCOUNT.idFromName(command.spec.account))
  const live = {
    stage: state.status === 'PROCESSING' ? state.stage : null,
    progress: command.progress,
    queuePosition: state.status === 'QUEUED' ? await account.queuePosition(command.spec.id) : null,
  }
  return commandView(command, live, urlMaker(c))
}

function urlMaker(c: Context<ApiEnv>): MakeUrl {
  const { account } = c.var
  const { origin } = new URL(c.req.url)
  return (file) => storageUrl({ account, ...file }, origin, settingsOf(c.env))
}

/** `Prefer: wait=N` (RFC 7240). A preference that cannot be met is ignored, as the RFC has it. */
function preferredWait(prefer: string | undefined): number | undefined {
  const asked = /(?:^|[,;\s])wait\s*=\s*"?(\d+)"?/i.exec(prefer ?? '')?.[1]
  const wait = waitSchema.safeParse(asked === undefined ? undefined : Math.min(60, Number(asked)))
  return wait.success ? wait.data : undefined
}
