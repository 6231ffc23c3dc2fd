/** The account's webhook, and what became of the deliveries. */
import { createRoute, type OpenAPIHono, type z } from '@hono/zod-openapi'
import { nanoid } from 'nanoid'
import { settingsOf } from '../settings.ts'
import { deliver } from '../webhooks/deliver.ts'
import type { DeliveryAttempt, Outbox } from '../webhooks/outbox.ts'
import { commandStub, noSuchCommand } from './command-stub.ts'
import type { ApiEnv } from './env.ts'
import { ApiError, errorSchema, ValidationError } from './errors.ts'
import { jsonBody } from './json-body.ts'
import { limitSubmits } from './rate-limit.ts'
import { bodyErrors, commandIdParam, json, notFound, requestErrors } from './responses.ts'
import { urlFault } from './usable-url.ts'
import {
  deletedSchema,
  deliveriesSchema,
  deliverySchema,
  webhookConfigBodySchema,
  webhookConfigSchema,
  webhookSetSchema,
} from './webhook-schemas.ts'

const put = createRoute({
  method: 'put',
  path: '/api/v1/webhook-config',
  operationId: 'setWebhook',
  tags: ['Webhooks'],
  summary: 'Set the account’s webhook',
  description:
    'Enables it anew and forgets its failures. A new secret signs together with the old one for 24 hours; without one the old one stays.',
  middleware: jsonBody,
  request: { body: { required: true, content: { 'application/json': { schema: webhookConfigBodySchema } } } },
  responses: { 200: json(webhookSetSchema, 'Set.'), ...requestErrors, ...bodyErrors },
})

const read = createRoute({
  method: 'get',
  path: '/api/v1/webhook-config',
  operationId: 'getWebhook',
  tags: ['Webhooks'],
  summary: 'The account’s webhook',
  description: 'Where it goes, and whether it is still sent to. The secret is never shown.',
  responses: { 200: json(webhookConfigSchema, 'The webhook, or that there is none.'), ...requestErrors },
})

const remove = createRoute({
  method: 'delete',
  path: '/api/v1/webhook-config',
  operationId: 'deleteWebhook',
  tags: ['Webhooks'],
  summary: 'Remove the account’s webhook',
  description: 'Its secret is forgotten too. Commands with a `webhook_url` of their own are not affected.',
  responses: { 200: json(deletedSchema, 'There is none any more.'), ...requestErrors },
})

const test = createRoute({
  method: 'post',
  path: '/api/v1/webhook-config/test',
  operationId: 'testWebhook',
  tags: ['Webhooks'],
  summary: 'Send a signed test event now',
  middleware: limitSubmits,
  description: 'To the account’s webhook, also while it is disabled. Nothing is repeated, and nothing is counted.',
  responses: { 200: json(deliverySchema, 'What came back.'), ...requestErrors, ...notFound('No webhook is set.') },
})

const deliveries = createRoute({
  method: 'get',
  path: '/api/v1/commands/{command_id}/webhook-deliveries',
  operationId: 'listWebhookDeliveries',
  tags: ['Webhooks'],
  summary: 'Every attempt to deliver a command’s webhook',
  description: 'With what the receiver answered, and when the next one is due.',
  request: { params: commandIdParam },
  responses: { 200: json(deliveriesSchema, 'The attempts, oldest first.'), ...requestErrors, ...notFound('No such command.') },
})

const redeliver = createRoute({
  method: 'post',
  path: '/api/v1/commands/{command_id}/webhook-deliveries',
  operationId: 'resendWebhook',
  tags: ['Webhooks'],
  summary: 'Send a command’s webhook again, now and once',
  middleware: limitSubmits,
  description: 'With the same `webhook-id`, and also to a webhook that is disabled. Whatever comes back, nothing more is scheduled for it.',
  request: { params: commandIdParam },
  responses: {
    200: json(deliveriesSchema, 'The attempts, this one the last.'),
    ...requestErrors,
    ...notFound('No such command.'),
    409: json(errorSchema, 'The command goes on, or has nowhere to send it to.'),
  },
})

export function registerWebhooks(app: OpenAPIHono<ApiEnv>): void {
  app.openapi(put, async (c) => {
    const { url, secret } = c.req.valid('json')
    const msg = urlFault(url, settingsOf(c.env).privateOrigins)
    if (msg !== null) throw new ValidationError([{ loc: ['url'], msg, type: 'value_error' }])
    await accountStub(c.env, c.var.account).putWebhook(url, secret ?? null)
    return c.json({ success: true as const, url }, 200)
  })

  app.openapi(read, async (c) => {
    const { endpoint } = await accountStub(c.env, c.var.account).webhookTarget()
    if (!endpoint) return c.json({ configured: false as const }, 200)
    const { url, isActive, consecutiveFailures, disabledAt } = endpoint
    return c.json(
      {
        configured: true as const,
        url,
        is_active: isActive,
        consecutive_failures: consecutiveFailures,
        disabled_at: disabledAt === null ? null : new Date(disabledAt).toISOString(),
      },
      200,
    )
  })

  app.openapi(remove, async (c) => {
    await accountStub(c.env, c.var.account).deleteWebhook()
    return c.json({ deleted: true as const }, 200)
  })

  app.openapi(test, async (c) => {
    const { endpoint, secrets } = await accountStub(c.env, c.var.account).webhookTarget()
    if (!endpoint) throw new ApiError('NOT_FOUND', 'no webhook is set; set one with PUT /api/v1/webhook-config')
    const { attempt } = await deliver({
      url: endpoint.url,
      eventId: `msg_${nanoid()}`,
      data: { test: true, message: 'A test event. An event about a command has the poll response here.' },
      secrets,
      allowed: settingsOf(c.env).privateOrigins,
      manual: true,
    })
    return c.json(deliveryView(attempt), 200)
  })

  app.openapi(deliveries, async (c) => {
    const found = await commandStub(c.env, c.req.valid('param').command_id).readDeliveries(c.var.account)
    if (!found) throw noSuchCommand()
    return c.json(deliveriesView(found.outbox), 200)
  })

  app.openapi(redeliver, async (c) => {
    const done = await commandStub(c.env, c.req.valid('param').command_id).redeliver(c.var.account)
    if (!done) throw noSuchCommand()
    if (!done.outbox) throw new ApiError('CONFLICT', 'the command has not ended yet; its webhook is sent when it does')
    if (!done.sent) throw new ApiError('CONFLICT', 'the command has no webhook_url, and the account has no webhook')
    return c.json(deliveriesView(done.outbox), 200)
  })
}

function accountStub(env: Env, account: string) {
  return env.ACCOUNT.get(env.ACCOUNT.idFromName(account))
}

function deliveriesView(outbox: Outbox | null): z.infer<typeof deliveriesSchema> {
  return {
    webhook_id: outbox?.eventId ?? null,
    status: outbox?.state.kind ?? null,
    next_attempt_at: outbox?.state.kind === 'pending' ? new Date(outbox.state.dueAt).toISOString() : null,
    deliveries: outbox?.attempts.map(deliveryView) ?? [],
  }
}

function deliveryView(attempt: DeliveryAttempt): z.infer<typeof deliverySchema> {
  return {
    created_at: new Date(attempt.at).toISOString(),
    url: attempt.url,
    success: attempt.status !== null && attempt.status >= 200 && attempt.status < 300,
    response_status: attempt.status,
    error: attempt.error,
    duration_ms: attempt.durationMs,
    response_body: attempt.response,
    manual: attempt.manual,
  }
}
