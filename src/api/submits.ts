/** Submitting commands: one, a chain, several, or none at all for a trial. */
import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import { every } from 'hono/combine'
import type { CommandSpec } from '../command/record.ts'
import { argvsAsRun } from '../ffmpeg/as-run.ts'
import { type Settings, settingsOf } from '../settings.ts'
import { accept, acceptErrors, newIdentity } from './accept.ts'
import { chainOfStepsSchema } from './chain-steps.ts'
import { type CommandIdentity, checkSubmit } from './check-submit.ts'
import type { ApiEnv } from './env.ts'
import { ValidationError, within } from './errors.ts'
import { idempotencyClaim, idempotencyKeySchema } from './idempotency.ts'
import { jsonBody } from './json-body.ts'
import { parseAnySubmit, parseChain, withBody } from './parse-submit.ts'
import { countFurtherSubmits, limitSubmits } from './rate-limit.ts'
import { bodyErrors, json, requestErrors } from './responses.ts'
import { type SubmitBody, submitSchema } from './schemas.ts'
import { commandTypeOf, optionsOf, submitCommand, submitRequest, submitResponses } from './submit-command.ts'
import {
  anyChainSchema,
  anySubmitSchema,
  chainedSubmitSchema,
  multipleSubmitSchema,
  multipleSubmittedSchema,
  validatedSchema,
} from './submit-schemas.ts'

const middleware = every(limitSubmits, jsonBody)
const idempotencyHeader = z.object({ 'idempotency-key': idempotencyKeySchema })

const single = createRoute({
  method: 'post',
  path: '/api/v1/run-ffmpeg-command',
  operationId: 'runFfmpegCommand',
  tags: ['Commands'],
  summary: 'Run an FFmpeg command',
  description: 'Checks the command and answers its id at once; it runs as soon as its turn has come.',
  middleware,
  request: {
    ...submitRequest,
    body: { required: true, content: { 'application/json': { schema: submitSchema } } },
  },
  responses: submitResponses,
})

const chained = createRoute({
  method: 'post',
  path: '/api/v1/run-chained-ffmpeg-commands',
  operationId: 'runChainedFfmpegCommands',
  tags: ['Commands'],
  summary: 'Run FFmpeg commands one after the other, as one command',
  description:
    'They share a working directory: a later one may use `{{out_…}}` of an earlier one, and plain names of files that are only made on the way. ' +
    'A list `commands`, each with files of its own, is a chain too: its inputs are URLs, or `{{out_…}}` of an earlier command, and an alias that means another file in a later command gets a number (`out_video_2`). ' +
    'The first that fails ends the chain, and `error_message` begins with which it was, counted from 1.',
  middleware,
  request: {
    ...submitRequest,
    body: { required: true, content: { 'application/json': { schema: anyChainSchema } } },
  },
  responses: submitResponses,
})

const multiple = createRoute({
  method: 'post',
  path: '/api/v1/run-multiple-ffmpeg-commands',
  operationId: 'runMultipleFfmpegCommands',
  tags: ['Commands'],
  summary: 'Run several FFmpeg commands that have nothing to do with each other',
  description: 'All are accepted, or none. From then on each is a command of its own, and so it is counted by the limit of submits.',
  middleware,
  request: {
    headers: idempotencyHeader,
    body: { required: true, content: { 'application/json': { schema: multipleSubmitSchema } } },
  },
  responses: { 200: json(multipleSubmittedSchema, 'Accepted.'), ...requestErrors, ...bodyErrors, ...acceptErrors },
})

const validate = createRoute({
  method: 'post',
  path: '/api/v1/validate',
  operationId: 'validateCommand',
  tags: ['Commands'],
  summary: 'Check a command without running it',
  description:
    'Takes the body of a single submit or of a chain, and answers as the submit would, but stores nothing and fetches nothing. It is counted as a submit.',
  middleware,
  request: { body: { required: true, content: { 'application/json': { schema: anySubmitSchema } } } },
  responses: { 200: json(validatedSchema, 'It would be accepted.'), ...requestErrors, ...bodyErrors },
})

export function registerSubmits(app: OpenAPIHono<ApiEnv>): void {
  // Routes that take several forms refer to them by name.
  app.openAPIRegistry.register('RunChainedFFmpegCommands', chainedSubmitSchema)
  app.openAPIRegistry.register('RunChainOfCommands', chainOfStepsSchema)

  app.openapi(single, async (c) => {
    const body = c.req.valid('json')
    return c.json(
      await submitCommand(c, body, {
        request: { kind: commandTypeOf(body), body },
        ...optionsOf(c.req.valid('query'), c.req.valid('header')),
      }),
      200,
    )
  })

  app.openapi(chained, async (c) => {
    const options = optionsOf(c.req.valid('query'), c.req.valid('header'))
    const submitted = await withBody(parseChain(c.req.valid('json')), (body) =>
      submitCommand(c, body, { request: { kind: commandTypeOf(body), body }, ...options }),
    )
    return c.json(submitted, 200)
  })

  app.openapi(multiple, async (c) => {
    const { commands } = c.req.valid('json')
    await countFurtherSubmits(c, commands.length - 1)
    const shared = newIdentity(c, 'MULTIPLE_COMMAND')
    const specs = await checkAll(commands, shared, settingsOf(c.env))
    const claim = await idempotencyClaim(c.req.valid('header')['idempotency-key'], { kind: shared.type, body: commands })
    return c.json({ command_ids: await accept(c, specs, claim) }, 200)
  })

  app.openapi(validate, async (c) => {
    const { compiled } = await withBody(parseAnySubmit(c.req.valid('json')), (body) =>
      checkSubmit(body, newIdentity(c, commandTypeOf(body)), settingsOf(c.env)),
    )
    return c.json({ valid: true as const, commands: argvsAsRun(compiled) }, 200)
  })
}

/** Every command's faults together, each with its place in the list. */
async function checkAll(bodies: SubmitBody[], shared: CommandIdentity, settings: Settings): Promise<CommandSpec[]> {
  const checks = await Promise.allSettled(bodies.map((body) => checkSubmit(body, { ...shared, id: crypto.randomUUID() }, settings)))
  let omitted = 0
  const faults = checks.flatMap((check, index) => {
    if (check.status === 'fulfilled') return []
    if (!(check.reason instanceof ValidationError)) throw check.reason
    omitted += check.reason.omitted
    return check.reason.faults.map((fault) => ({ ...fault, loc: within(['commands', index], fault.loc) }))
  })
  if (faults.length > 0) throw new ValidationError(faults, omitted)
  return checks.flatMap((check) => (check.status === 'fulfilled' ? [check.value] : []))
}
