import { runInDurableObject } from 'cloudflare:test'
import { Webhook } from 'standardwebhooks'
import { describe, expect, test } from 'vitest'
import type { CommandView } from '../../src/api/schemas.ts'
import type { ReceivedWebhook } from '../support/received-webhook.ts'
import { TestAccount } from './client.ts'
import { SHORT_TONE } from './media.ts'
import { deliveriesIn, ENDING, Hook, setWebhook } from './webhooks.ts'

const SECRET = 'gehéim 🔑'

/** Links are fresh in every view of a command. */
function withoutLinks(command: unknown): unknown {
  return JSON.parse(JSON.stringify(command, (key, value: unknown) => (key === 'storage_url' && value !== null ? 'fresh' : value)))
}

/** Whether a receiver with `secret` accepts the event, by the library that receivers use. */
function accepts(secret: string, { body, headers }: ReceivedWebhook): boolean {
  const webhook = secret.startsWith('whsec_') ? new Webhook(secret) : new Webhook(new TextEncoder().encode(secret), { format: 'raw' })
  try {
    webhook.verify(body, headers)
    return true
  } catch {
    return false
  }
}

/** Whether `X-Webhook-Signature` is the HMAC of the body's bytes. */
async function hasHexSignature(secret: string, { body, headers }: ReceivedWebhook): Promise<boolean> {
  const encoder = new TextEncoder()
  const key = await crypto.subtle.importKey('raw', encoder.encode(secret), { name: 'HMAC', hash: 'SHA-256' }, false, ['verify'])
  const signature = headers['x-webhook-signature'] ?? ''
  expect(signature).toMatch(/^[0-9a-f]{64}$/)
  const bytes = Uint8Array.from(signature.match(/../g) ?? [], (hex) => Number.parseInt(hex, 16))
  return crypto.subtle.verify('HMAC', key, bytes, encoder.encode(body))
}

describe('the event', () => {
  test('is the poll response of the command with the time of sending, once', async () => {
    const account = await TestAccount.create()
    const hook = new Hook('200')
    const before = Date.now()
    const command = await account.succeed({ ...SHORT_TONE, metadata: { title: 'größe 🎬' }, webhook_url: hook.url })
    const [event] = await hook.arrived()
    const body: { data: CommandView; timestamp: number } = JSON.parse(event.body)
    expect(Object.keys(body).sort()).toEqual(['data', 'timestamp'])
    expect(withoutLinks(body.data)).toEqual(withoutLinks(command))
    expect(body.data.output_files.out_tone?.storage_url, 'its links can be used').toMatch(/^http.*\/tone\.m4a$/)
    expect(body.timestamp).toBeGreaterThanOrEqual(before)
    expect(body.timestamp).toBeLessThanOrEqual(Date.now())
    await deliveriesIn(account, command.command_id, 'delivered')
    expect(await hook.received()).toHaveLength(1)
  })

  test('tells of a command that failed, too', async () => {
    const account = await TestAccount.create()
    const hook = new Hook('200')
    const command = await account.run({ ...ENDING, webhook_url: hook.url })
    const [event] = await hook.arrived()
    expect(command.status).toBe('FAILED')
    expect(JSON.parse(event.body)).toEqual({ data: command, timestamp: expect.any(Number) })
  })

  test('has the headers that receivers know it by', async () => {
    const account = await TestAccount.create()
    const hook = new Hook('200')
    await account.run({ ...ENDING, webhook_url: hook.url })
    const [event] = await hook.arrived()
    expect(event.method).toBe('POST')
    expect(event.headers).toMatchObject({
      'content-type': 'application/json',
      'user-agent': 'RenderIO-Webhook/1.0',
      'webhook-id': expect.stringMatching(/^msg_[\w-]{21}$/),
      'webhook-timestamp': String(Math.floor(JSON.parse(event.body).timestamp / 1000)),
    })
  })

  test('is not signed where the account has no secret', async () => {
    const account = await TestAccount.create()
    const hook = new Hook('200')
    await setWebhook(account, { url: hook.url })
    await account.run(ENDING)
    const [event] = await hook.arrived()
    expect(event.headers).not.toHaveProperty('webhook-signature')
    expect(event.headers).not.toHaveProperty('x-webhook-signature')
  })
})

describe('where it goes', () => {
  test('to the account’s webhook, signed', async () => {
    const account = await TestAccount.create()
    const hook = new Hook('200')
    await setWebhook(account, { url: hook.url, secret: SECRET })
    const command = await account.run(ENDING)
    const [event] = await hook.arrived()
    expect(JSON.parse(event.body).data).toEqual(command)
    expect(accepts(SECRET, event)).toBe(true)
    expect(await hasHexSignature(SECRET, event)).toBe(true)
  })

  test('to the command’s own webhook_url and not to the account’s, signed with the account’s secret', async () => {
    const account = await TestAccount.create()
    const [general, own] = [new Hook('200'), new Hook('200')]
    await setWebhook(account, { url: general.url, secret: SECRET })
    const { command_id } = await account.run({ ...ENDING, webhook_url: own.url })
    const [event] = await own.arrived()
    expect(accepts(SECRET, event)).toBe(true)
    expect(await hasHexSignature(SECRET, event)).toBe(true)
    await deliveriesIn(account, command_id, 'delivered')
    expect(await general.received()).toEqual([])
  })

  test('nowhere where neither is set', async () => {
    const account = await TestAccount.create()
    const { command_id } = await account.run(ENDING)
    expect(await deliveriesIn(account, command_id, 'unwanted')).toMatchObject({ next_attempt_at: null, deliveries: [] })
  })

  test('never to another account’s webhook', async () => {
    const [account, other] = [await TestAccount.create(), await TestAccount.create()]
    const hook = new Hook('200')
    await setWebhook(other, { url: hook.url })
    const { command_id } = await account.run(ENDING)
    await deliveriesIn(account, command_id, 'unwanted')
    expect(await hook.received()).toEqual([])
  })
})

describe('secrets', () => {
  test('a whsec_ secret signs as Standard Webhooks has it, and as its own text in hex', async () => {
    const account = await TestAccount.create()
    const hook = new Hook('200')
    const secret = `whsec_${btoa('thirty-two bytes of a random key')}`
    await setWebhook(account, { url: hook.url, secret })
    await account.run(ENDING)
    const [event] = await hook.arrived()
    expect(accepts(secret, event)).toBe(true)
    expect(await hasHexSignature(secret, event)).toBe(true)
  })

  test('a signature is of the very bytes: one character more and it is refused', async () => {
    const account = await TestAccount.create()
    const hook = new Hook('200')
    await setWebhook(account, { url: hook.url, secret: SECRET })
    await account.run(ENDING)
    const [event] = await hook.arrived()
    const forged = { ...event, body: `${event.body} ` }
    expect(accepts(SECRET, forged)).toBe(false)
    expect(await hasHexSignature(SECRET, forged)).toBe(false)
  })

  test('a new secret signs together with the old one for 24 hours, then alone', async () => {
    const account = await TestAccount.create()
    const hook = new Hook('200')
    await setWebhook(account, { url: hook.url, secret: 'old' })
    await setWebhook(account, { url: hook.url, secret: 'new' })
    await account.run(ENDING)
    const [during] = await hook.arrived()
    expect([accepts('old', during), accepts('new', during)]).toEqual([true, true])
    expect([await hasHexSignature('old', during), await hasHexSignature('new', during)]).toEqual([false, true])

    await runInDurableObject(account.stub, (_, state) => {
      state.storage.sql.exec('UPDATE webhook_endpoint SET rotated_at = rotated_at - ?', 24 * 3600 * 1000)
    })
    await account.run(ENDING)
    const [, after = during] = await hook.arrived(2)
    expect([accepts('old', after), accepts('new', after)]).toEqual([false, true])
  })

  test.each([
    ['without a secret', {}],
    ['with null', { secret: null }],
  ])('a PUT %s keeps the secret there is', async (_, body) => {
    const account = await TestAccount.create()
    const hook = new Hook('200')
    await setWebhook(account, { url: new Hook('200').url, secret: SECRET })
    await setWebhook(account, { url: hook.url, ...body })
    await account.run(ENDING)
    const [event] = await hook.arrived()
    expect(event.headers['webhook-signature']?.split(' ')).toHaveLength(1)
    expect(accepts(SECRET, event)).toBe(true)
  })

  test('a webhook that was deleted takes its secrets along', async () => {
    const account = await TestAccount.create()
    const hook = new Hook('200')
    await setWebhook(account, { url: hook.url, secret: SECRET })
    await account.request('/api/v1/webhook-config', { method: 'DELETE' })
    await setWebhook(account, { url: hook.url })
    await account.run(ENDING)
    const [event] = await hook.arrived()
    expect(event.headers).not.toHaveProperty('webhook-signature')
  })
})
