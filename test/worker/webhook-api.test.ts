import { describe, expect, test } from 'vitest'
import { deliverySchema } from '../../src/api/webhook-schemas.ts'
import { errorOf, faultsOf, TestAccount } from './client.ts'
import { copyOf, Gate } from './media.ts'
import {
  deliveriesIn,
  deliveriesOf,
  ENDING,
  Hook,
  putWebhook,
  resend,
  sendTestEvent,
  setWebhook,
  strictDeliveries,
  webhookConfig,
} from './webhooks.ts'

const URL = 'https://hooks.example.com/renderio'

describe('the account’s webhook', () => {
  test('is unset at first, and reads as it was set until it is deleted', async () => {
    const account = await TestAccount.create()
    expect(await webhookConfig(account)).toEqual({ configured: false })
    await setWebhook(account, { url: URL, secret: 'a secret' })
    const config = { configured: true, url: URL, is_active: true, consecutive_failures: 0, disabled_at: null }
    expect(await webhookConfig(account)).toEqual(config)
    for (let times = 0; times < 2; times++) {
      const response = await account.request('/api/v1/webhook-config', { method: 'DELETE' })
      expect(await response.json()).toEqual({ deleted: true })
      expect(await webhookConfig(account)).toEqual({ configured: false })
    }
  })

  test('is each account’s own', async () => {
    const [account, other] = [await TestAccount.create(), await TestAccount.create()]
    await setWebhook(account, { url: URL })
    expect(await webhookConfig(other)).toEqual({ configured: false })
  })

  test.each([
    ['no url', {}, 'url', 'type_error'],
    ['a url that is a number', { url: 7 }, 'url', 'type_error'],
    ['a url that is none', { url: 'hooks' }, 'url', 'value_error'],
    ['another scheme', { url: 'ftp://hooks.example.com/' }, 'url', 'value_error'],
    ['a private address', { url: 'http://10.0.0.1/' }, 'url', 'value_error'],
    ['cloud metadata', { url: 'http://169.254.169.254/latest' }, 'url', 'value_error'],
    ['a password', { url: 'https://user:secret@hooks.example.com/' }, 'url', 'value_error'],
    ['a url that is too long', { url: `https://hooks.example.com/${'x'.repeat(2048)}` }, 'url', 'value_error'],
    ['an empty secret', { url: URL, secret: '' }, 'secret', 'value_error'],
    ['a secret that is a number', { url: URL, secret: 5 }, 'secret', 'type_error'],
    ['a secret that is too long', { url: URL, secret: 'x'.repeat(501) }, 'secret', 'value_error'],
    ['a whsec_ secret that is not base64', { url: URL, secret: 'whsec_not base64' }, 'secret', 'value_error'],
    ['a whsec_ secret of nothing', { url: URL, secret: 'whsec_' }, 'secret', 'value_error'],
  ])('%s is a 422, and nothing is set', async (_, body, field, type) => {
    const account = await TestAccount.create()
    expect(await faultsOf(await putWebhook(account, body))).toEqual([{ loc: [field], msg: expect.any(String), type }])
    expect(await webhookConfig(account)).toEqual({ configured: false })
  })

  test('every fault is told at once', async () => {
    const account = await TestAccount.create()
    const faults = await faultsOf(await putWebhook(account, { url: 7, secret: '' }))
    expect(faults.map(({ loc }) => loc)).toEqual([['url'], ['secret']])
  })

  test.each([
    ['', 400, 'INVALID_REQUEST'],
    ['{"url":', 400, 'INVALID_REQUEST'],
    [`{"url":"${'x'.repeat(1024 * 1024)}"}`, 413, 'PAYLOAD_TOO_LARGE'],
  ])('a body that is no JSON object of a fair size is refused (%#)', async (body, status, error) => {
    const account = await TestAccount.create()
    const response = await putWebhook(account, body)
    expect(response.status).toBe(status)
    expect(await errorOf(response)).toMatchObject({ error })
  })

  test('a body that is not declared as JSON is a 415', async () => {
    const account = await TestAccount.create()
    expect((await putWebhook(account, { url: URL }, 'text/plain')).status).toBe(415)
  })

  test('a webhook_url of a command is held to the same rules', async () => {
    const account = await TestAccount.create()
    for (const webhook_url of ['hooks', 'http://10.0.0.1/', `https://hooks.example.com/${'x'.repeat(2048)}`]) {
      const faults = await faultsOf(await account.post({ ...ENDING, webhook_url }))
      expect(faults).toEqual([{ loc: ['webhook_url'], msg: expect.any(String), type: 'value_error' }])
    }
  })

  test('POST is not possible there, and the answer says what is', async () => {
    const account = await TestAccount.create()
    const response = await account.request('/api/v1/webhook-config', { method: 'POST' })
    expect(response.status).toBe(405)
    expect(response.headers.get('allow')).toBe('PUT, GET, HEAD, DELETE')
  })
})

describe('a test event', () => {
  test('is signed, sent once, and answered with what came back', async () => {
    const account = await TestAccount.create()
    const hook = new Hook('503', '?length=2000')
    await setWebhook(account, { url: hook.url, secret: 'a secret' })
    const response = await sendTestEvent(account)
    expect(response.status).toBe(200)
    expect(deliverySchema.strict().parse(await response.json())).toMatchObject({
      url: hook.url.replace(/\?.*/, '?…'),
      success: false,
      response_status: 503,
      response_body: 'x'.repeat(500),
      error: null,
      manual: true,
    })
    const [event] = await hook.arrived()
    expect(JSON.parse(event.body)).toEqual({ data: { test: true, message: expect.any(String) }, timestamp: expect.any(Number) })
    expect(event.headers['webhook-signature']).toMatch(/^v1,/)
    expect(await webhookConfig(account), 'and counts as nothing').toMatchObject({ consecutive_failures: 0 })
  })

  test('without a webhook is a 404', async () => {
    const account = await TestAccount.create()
    const response = await sendTestEvent(account)
    expect(response.status).toBe(404)
    expect((await errorOf(response)).message).toContain('PUT /api/v1/webhook-config')
  })
})

describe('the deliveries of a command', () => {
  test('are none while it goes on', async () => {
    const account = await TestAccount.create()
    const gate = new Gate()
    const id = await account.submit(copyOf(gate.url))
    expect(await deliveriesOf(account, id)).toEqual({ webhook_id: null, status: null, next_attempt_at: null, deliveries: [] })
    const response = await resend(account, id)
    expect(response.status).toBe(409)
    expect(await errorOf(response)).toMatchObject({ error: 'CONFLICT' })
    await gate.open()
  })

  test('show each attempt with what the receiver answered', async () => {
    const account = await TestAccount.create()
    const hook = new Hook('200', '?length=3')
    const id = await account.submit({ ...ENDING, webhook_url: hook.url })
    const { webhook_id, deliveries } = await deliveriesIn(account, id, 'delivered')
    expect(webhook_id).toMatch(/^msg_/)
    expect(deliveries).toEqual([
      {
        created_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
        url: hook.url.replace(/\?.*/, '?…'),
        success: true,
        response_status: 200,
        error: null,
        duration_ms: expect.any(Number),
        response_body: 'xxx',
        manual: false,
      },
    ])
  })

  test('are another account’s 404, for reading and for sending again', async () => {
    const [account, other] = [await TestAccount.create(), await TestAccount.create()]
    const hook = new Hook('200')
    const { command_id } = await account.run({ ...ENDING, webhook_url: hook.url })
    await deliveriesIn(account, command_id, 'delivered')
    const path = `/api/v1/commands/${command_id}/webhook-deliveries`
    for (const method of ['GET', 'POST']) expect((await other.request(path, { method })).status).toBe(404)
    expect(await hook.received()).toHaveLength(1)
  })

  test.each(['GET', 'POST'])('of a command that does not exist are a 404 (%s)', async (method) => {
    const account = await TestAccount.create()
    for (const id of [crypto.randomUUID(), 'nothing']) {
      expect((await account.request(`/api/v1/commands/${id}/webhook-deliveries`, { method })).status).toBe(404)
    }
  })
})

describe('sending again', () => {
  test('repeats the event at once, with its id, whatever became of it', async () => {
    const account = await TestAccount.create()
    const hook = new Hook('410,200')
    const id = await account.submit({ ...ENDING, webhook_url: hook.url })
    await deliveriesIn(account, id, 'failed')
    const again = await strictDeliveries(await resend(account, id))
    expect(again).toMatchObject({ status: 'delivered', next_attempt_at: null })
    expect(again.deliveries).toMatchObject([
      { response_status: 410, manual: false },
      { response_status: 200, manual: true },
    ])
    const [first, second] = await hook.arrived(2)
    expect(second?.headers['webhook-id']).toBe(first.headers['webhook-id'])
  })

  test('schedules nothing more when it fails', async () => {
    const account = await TestAccount.create()
    const hook = new Hook('200,500')
    const id = await account.submit({ ...ENDING, webhook_url: hook.url })
    await deliveriesIn(account, id, 'delivered')
    const again = await strictDeliveries(await resend(account, id))
    expect(again).toMatchObject({ status: 'delivered', next_attempt_at: null })
    expect(again.deliveries.at(-1)).toMatchObject({ response_status: 500, success: false, manual: true })
  })

  test('sends to a webhook that was set after the command had ended', async () => {
    const account = await TestAccount.create()
    const id = await account.submit(ENDING)
    await deliveriesIn(account, id, 'unwanted')
    const refused = await resend(account, id)
    expect(refused.status).toBe(409)
    expect((await errorOf(refused)).message).toContain('no webhook')
    const hook = new Hook('200')
    await setWebhook(account, { url: hook.url })
    expect(await strictDeliveries(await resend(account, id))).toMatchObject({ status: 'delivered' })
    expect(await hook.received()).toHaveLength(1)
  })
})
