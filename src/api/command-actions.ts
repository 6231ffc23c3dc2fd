/** What can be done with a command: stop it, run it again, delete what it made, or all of it. */
import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import type { CommandSpec } from '../command/record.ts'
import { isTerminal } from '../command/state.ts'
import { settingsOf } from '../settings.ts'
import { accept, acceptErrors, newIdentity } from './accept.ts'
import { checkSubmit } from './check-submit.ts'
import { commandReply } from './command-reply.ts'
import { commandStub, noSuchCommand } from './command-stub.ts'
import type { ApiEnv } from './env.ts'
import { ApiError, errorSchema, validationErrorSchema } from './errors.ts'
import { idempotencyClaim, idempotencyKeySchema } from './idempotency.ts'
import { limitSubmits } from './rate-limit.ts'
import { commandIdParam, json, notFound, requestErrors } from './responses.ts'
import { commandDeletedSchema, commandSchema, filesDeletedSchema, submittedSchema } from './schemas.ts'

const cancel = createRoute({
  method: 'post',
  path: '/api/v1/commands/{command_id}/cancel',
  operationId: 'cancelCommand',
  tags: ['Commands'],
  summary: 'Cancel a command',
  description:
    'It fails with `CANCELLED`, and its place, in the queue or at work, goes to the next. One that has ended is answered as it is.',
  request: { params: commandIdParam },
  responses: { 200: json(commandSchema, 'The command as it stands.'), ...requestErrors, ...notFound('No such command.') },
})

const retry = createRoute({
  method: 'post',
  path: '/api/v1/commands/{command_id}/retry',
  operationId: 'retryCommand',
  tags: ['Commands'],
  summary: 'Run a command again, as a new one',
  description:
    'Submits the request of a command that has ended, however it ended, with its metadata, webhook and time limit. It is checked anew, by the rules of today.',
  middleware: limitSubmits,
  request: { params: commandIdParam, headers: z.object({ 'idempotency-key': idempotencyKeySchema }) },
  responses: {
    200: json(submittedSchema, 'Accepted, under an id of its own.'),
    ...requestErrors,
    ...notFound('No such command.'),
    ...acceptErrors,
    409: json(errorSchema, 'The command has not ended yet, or the `Idempotency-Key` was used for another request in the last 24 hours.'),
    422: json(validationErrorSchema, 'What of the request is not accepted any more.'),
  },
})

const deleteFiles = createRoute({
  method: 'delete',
  path: '/api/v1/commands/{command_id}/files',
  operationId: 'deleteCommandFiles',
  tags: ['Commands'],
  summary: 'Delete the files that a command has made',
  description: 'Their links end at once. What was deleted already is not counted again.',
  request: { params: commandIdParam },
  responses: {
    200: json(filesDeletedSchema, 'There are none any more.'),
    ...requestErrors,
    ...notFound('No such command.'),
    409: json(errorSchema, 'The command has not ended yet.'),
  },
})

const remove = createRoute({
  method: 'delete',
  path: '/api/v1/commands/{command_id}',
  operationId: 'deleteCommand',
  tags: ['Commands'],
  summary: 'Delete a command',
  description:
    'With its files, its log and its place in the list, at once and for good: afterwards every route answers as if there had never been one. A webhook that has not been delivered yet is not sent any more.',
  request: { params: commandIdParam },
  responses: {
    200: json(commandDeletedSchema, 'It is no more.'),
    ...requestErrors,
    ...notFound('No such command, or it was deleted before.'),
    409: json(errorSchema, 'The command has not ended yet.'),
  },
})

export function registerCommandActions(app: OpenAPIHono<ApiEnv>): void {
  app.openapi(cancel, async (c) => {
    const command = commandStub(c.env, c.req.valid('param').command_id)
    return c.json(await commandReply(c, await command.cancel(c.var.account)), 200)
  })

  app.openapi(retry, async (c) => {
    const command = await commandStub(c.env, c.req.valid('param').command_id).read(c.var.account)
    if (!command) throw noSuchCommand()
    if (!isTerminal(command.state)) throw stillGoesOn('wait for its end, or cancel it first')
    const checked = await checkSubmit(requestOf(command.spec), newIdentity(c, command.spec.type), settingsOf(c.env))
    const spec = { ...checked, request: command.spec.request }
    const claim = await idempotencyClaim(c.req.valid('header')['idempotency-key'], { kind: 'retry', body: command.spec.id })
    const [commandId = spec.id] = await accept(c, [spec], claim)
    return c.json({ command_id: commandId }, 200)
  })

  app.openapi(deleteFiles, async (c) => {
    const deleted = await commandStub(c.env, c.req.valid('param').command_id).deleteFiles(c.var.account, 'all')
    if (deleted === null) throw noSuchCommand()
    if (deleted === 'unfinished') throw stillGoesOn('it has no files before its end; cancel it if you do not want them')
    return c.json({ deleted: true as const, files_deleted: deleted }, 200)
  })

  app.openapi(remove, async (c) => {
    const { command_id } = c.req.valid('param')
    const outcome = await commandStub(c.env, command_id).delete(c.var.account)
    if (outcome === null) throw noSuchCommand()
    if (outcome === 'unfinished') throw stillGoesOn('cancel it first')
    return c.json({ deleted: true as const, command_id }, 200)
  })
}

/** What was submitted, as a submit's body. */
function requestOf({ request, metadata, webhookUrl, maxRunSeconds }: CommandSpec) {
  return { ...request, metadata: JSON.parse(metadata), webhook_url: webhookUrl, max_command_run_seconds: maxRunSeconds }
}

function stillGoesOn(advice: string): ApiError {
  return new ApiError('CONFLICT', `the command has not ended yet: ${advice}`)
}
