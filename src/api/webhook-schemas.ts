/** The wire contract of webhooks, beside `schemas.ts`. */
import { z } from '@hono/zod-openapi'
import { webhookUrlSchema } from './value-schemas.ts'

const secretSchema = z
  .string()
  .min(1, 'a secret has at least one character')
  .max(500, 'a secret has 500 characters at most')
  .refine(
    (secret) => !secret.startsWith('whsec_') || /^whsec_(?=.)(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(secret),
    'what follows whsec_ is base64; a secret that does not begin with whsec_ may be any text',
  )

export const webhookConfigBodySchema = z
  .object({
    url: webhookUrlSchema.openapi({ format: 'uri', example: 'https://example.com/hooks/renderio' }),
    secret: secretSchema.nullish().openapi({ description: 'Signs every event; a `whsec_` secret as Standard Webhooks has it.' }),
  })
  .openapi('WebhookConfigBody', { example: { url: 'https://example.com/hooks/renderio', secret: 'a long random text' } })

export const webhookSetSchema = z.object({ success: z.literal(true), url: z.string() }).openapi('WebhookSet')

export const webhookConfigSchema = z
  .discriminatedUnion('configured', [
    z.object({
      configured: z.literal(true),
      url: z.string(),
      is_active: z.boolean(),
      consecutive_failures: z.number().int(),
      disabled_at: z.iso.datetime().nullable(),
    }),
    z.object({ configured: z.literal(false) }),
  ])
  .openapi('WebhookConfig')

export const deletedSchema = z.object({ deleted: z.literal(true) }).openapi('Deleted')

export const deliverySchema = z
  .object({
    created_at: z.iso.datetime(),
    url: z.string(),
    success: z.boolean(),
    response_status: z.number().int().nullable().openapi({ description: 'Null when the receiver did not answer.' }),
    error: z.string().nullable(),
    duration_ms: z.number(),
    response_body: z.string().openapi({ description: 'The first characters of the answer.' }),
    manual: z.boolean().openapi({ description: 'Sent because somebody asked for it.' }),
  })
  .openapi('WebhookDelivery')

export const deliveriesSchema = z
  .object({
    webhook_id: z.string().nullable().openapi({ description: 'The same in the `webhook-id` header of every attempt.' }),
    status: z
      .enum(['pending', 'delivered', 'failed', 'unwanted'])
      .nullable()
      .openapi({ description: '`unwanted` where the command ended without anywhere to send it to; null until it has ended.' }),
    next_attempt_at: z.iso.datetime().nullable(),
    deliveries: z.array(deliverySchema),
  })
  .openapi('WebhookDeliveries')

export const healthSchema = z
  .object({
    status: z.enum(['ok', 'unavailable']),
    executor: z.union([
      z.object({ ok: z.literal(true), ffmpeg_version: z.string(), sandbox: z.string(), cpus: z.number(), running_jobs: z.number() }),
      z.object({ ok: z.literal(false), message: z.string() }),
    ]),
  })
  .openapi('Health')
