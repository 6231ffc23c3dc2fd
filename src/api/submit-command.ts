/** The submit of one command, from whatever route it comes: checked, accepted, and waited for where that is asked. */
import { z } from '@hono/zod-openapi'
import type { Context } from 'hono'
import { settingsOf } from '../settings.ts'
import { accept, acceptErrors, newIdentity } from './accept.ts'
import { checkSubmit } from './check-submit.ts'
import { commandReply } from './command-reply.ts'
import { commandStub } from './command-stub.ts'
import type { ApiEnv } from './env.ts'
import { idempotencyClaim, idempotencyKeySchema } from './idempotency.ts'
import { bodyErrors, json, requestErrors } from './responses.ts'
import { commandSchema, type SubmitBody, submittedSchema, waitQuerySchema, waitSchema } from './schemas.ts'
import type { ChainedSubmitBody } from './submit-schemas.ts'

/** Query and headers of every route that submits one command. */
export const submitRequest = {
  query: waitQuerySchema,
  headers: z.object({
    'idempotency-key': idempotencyKeySchema,
    prefer: z.string().optional().openapi({ description: '`wait=N`: as the query parameter.' }),
  }),
}

export const submitResponses = {
  200: json(z.union([submittedSchema, commandSchema]), 'Accepted; with `wait`, the poll response.'),
  ...requestErrors,
  ...bodyErrors,
  ...acceptErrors,
}

export interface SubmitOptions {
  /** What makes the request the same when it comes again: its kind, and its body as it was understood. */
  request: { kind: string; body: unknown }
  idempotencyKey: string | undefined
  waitSeconds: number | undefined
}

/** What a request's query and headers ask for. */
export function optionsOf(
  query: z.output<typeof submitRequest.query>,
  headers: z.output<typeof submitRequest.headers>,
): Omit<SubmitOptions, 'request'> {
  return { idempotencyKey: headers['idempotency-key'], waitSeconds: query.wait ?? preferredWait(headers.prefer) }
}

/** Answers the command's id, or, when there is time to wait, how it stands after it. */
export async function submitCommand(c: Context<ApiEnv>, body: SubmitBody | ChainedSubmitBody, options: SubmitOptions) {
  const spec = await checkSubmit(body, newIdentity(c, commandTypeOf(body)), settingsOf(c.env))
  const [commandId = spec.id] = await accept(c, [spec], await idempotencyClaim(options.idempotencyKey, options.request))
  if (!options.waitSeconds) return { command_id: commandId }
  const command = await commandStub(c.env, commandId).wait(c.var.account, options.waitSeconds)
  // Of one that was deleted, before its repetition came or while it was waited for, there is nothing else to tell.
  return command === null ? { command_id: commandId } : commandReply(c, command)
}

export function commandTypeOf(body: SubmitBody | ChainedSubmitBody): 'FFMPEG_COMMAND' | 'CHAINED_COMMAND' {
  return 'ffmpeg_commands' in body ? 'CHAINED_COMMAND' : 'FFMPEG_COMMAND'
}

/** `Prefer: wait=N` (RFC 7240). A preference that cannot be met is ignored, as the RFC has it. */
function preferredWait(prefer: string | undefined): number | undefined {
  const asked = /(?:^|[,;\s])wait\s*=\s*"?(\d+)"?/i.exec(prefer ?? '')?.[1]
  const wait = waitSchema.safeParse(asked === undefined ? undefined : Math.min(60, Number(asked)))
  return wait.success ? wait.data : undefined
}
