/** The receiver of webhooks, and the API's calls about them. */
import { env } from 'cloudflare:workers'
import type { z } from '@hono/zod-openapi'
import { expect } from 'vitest'
import { deliveriesSchema, deliverySchema, webhookConfigSchema } from '../../src/api/webhook-schemas.ts'
import type { ReceivedWebhook } from '../support/received-webhook.ts'
import { type TestAccount, until } from './client.ts'
import { copyOf, mediaUrl } from './media.ts'

export type Deliveries = z.infer<typeof deliveriesSchema>

/** Ends at once, without an executor. */
export const ENDING = copyOf(mediaUrl('/status/404'))

/** An address of the receiver that no other test uses. */
export class Hook {
  readonly url: string

  /**
   * @param answers what it answers in turn, such as `500,200`; the last repeats.
   * @param query as the receiver documents it.
   */
  constructor(answers: string, query = '', name: string = crypto.randomUUID()) {
    this.url = `${env.RECEIVER_URL}/${answers}/${name}${query}`
  }

  /** Where its redirects lead. */
  get redirected(): Hook {
    return new Hook('200', '', this.url.split('/').at(-1))
  }

  async received(): Promise<ReceivedWebhook[]> {
    const target = this.url.slice(env.RECEIVER_URL.length)
    return (await fetch(`${env.RECEIVER_URL}/received?${encodeURIComponent(target)}`)).json<ReceivedWebhook[]>()
  }

  /** Resolves with the first `count` webhooks when they are there. */
  async arrived(count = 1): Promise<[ReceivedWebhook, ...ReceivedWebhook[]]> {
    return until(`${count} webhooks are at ${this.url}`, async () => {
      const [first, ...others] = await this.received()
      return first !== undefined && others.length >= count - 1 && [first, ...others.slice(0, count - 1)]
    })
  }
}

export function putWebhook(account: TestAccount, body: unknown, contentType = 'application/json'): Promise<Response> {
  return account.request('/api/v1/webhook-config', {
    method: 'PUT',
    headers: { 'content-type': contentType },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  })
}

/** Sets the account's webhook, which must be accepted. */
export async function setWebhook(account: TestAccount, body: { url: string; secret?: string | null }): Promise<void> {
  const response = await putWebhook(account, body)
  expect(await response.json()).toEqual({ success: true, url: body.url })
  expect(response.status).toBe(200)
}

export async function webhookConfig(account: TestAccount): Promise<z.infer<typeof webhookConfigSchema>> {
  const response = await account.request('/api/v1/webhook-config')
  expect(response.status).toBe(200)
  const body = await response.json()
  const config = webhookConfigSchema.parse(body)
  expect(body, 'nothing but what is promised').toEqual(config)
  return config
}

export function sendTestEvent(account: TestAccount): Promise<Response> {
  return account.request('/api/v1/webhook-config/test', { method: 'POST' })
}

export async function deliveriesOf(account: TestAccount, commandId: string): Promise<Deliveries> {
  return strictDeliveries(await account.request(`/api/v1/commands/${commandId}/webhook-deliveries`))
}

export function resend(account: TestAccount, commandId: string): Promise<Response> {
  return account.request(`/api/v1/commands/${commandId}/webhook-deliveries`, { method: 'POST' })
}

/** A successful answer with a command's deliveries. */
export async function strictDeliveries(response: Response): Promise<Deliveries> {
  const text = await response.text()
  expect(response.status, text).toBe(200)
  return deliveriesSchema.extend({ deliveries: deliverySchema.strict().array() }).strict().parse(JSON.parse(text))
}

/** Resolves with the deliveries once they are in this state. */
export function deliveriesIn(account: TestAccount, commandId: string, status: Deliveries['status']): Promise<Deliveries> {
  return until(`the webhook of ${commandId} is ${status}`, async () => {
    const deliveries = await deliveriesOf(account, commandId)
    return deliveries.status === status && deliveries
  })
}
