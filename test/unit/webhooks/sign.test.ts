import { createHmac } from 'node:crypto'
import { Webhook } from 'standardwebhooks'
import { describe, expect, it } from 'vitest'
import { signWebhook } from '../../../src/webhooks/sign.ts'

const timestamp = Math.floor(Date.now() / 1000)
const message = { id: 'msg_2f8a', timestamp, body: '{"data":{"title":"größe 🎬"},"timestamp":1}' }
const hmac = (key: string | Buffer, text: string, encoding: 'hex' | 'base64') => createHmac('sha256', key).update(text).digest(encoding)
const signed = `${message.id}.${timestamp}.${message.body}`

describe('signWebhook', () => {
  it('names the event but signs nothing without a secret', async () => {
    expect(await signWebhook({ ...message, secrets: [] })).toEqual({ 'webhook-id': 'msg_2f8a', 'webhook-timestamp': String(timestamp) })
  })

  it.each(['a plain secret', 'gehéim 🔑', 'x'])(
    "signs with the text of %j in both forms, as node:crypto and the receiver's library agree",
    async (secret) => {
      const headers = await signWebhook({ ...message, secrets: [secret] })
      expect(headers).toEqual({
        'webhook-id': 'msg_2f8a',
        'webhook-timestamp': String(timestamp),
        'X-Webhook-Signature': hmac(secret, message.body, 'hex'),
        'webhook-signature': `v1,${hmac(secret, signed, 'base64')}`,
      })
      const receiver = new Webhook(Buffer.from(secret), { format: 'raw' })
      expect(receiver.verify(message.body, headers)).toEqual(JSON.parse(message.body))
      expect(() => receiver.verify(`${message.body} `, headers)).toThrow('No matching signature')
    },
  )

  it('decodes a whsec_ secret for the Standard Webhooks signature only', async () => {
    const key = Buffer.from('thirty-two bytes of a random key')
    const secret = `whsec_${key.toString('base64')}`
    const headers = await signWebhook({ ...message, secrets: [secret] })
    expect(headers['X-Webhook-Signature']).toBe(hmac(secret, message.body, 'hex'))
    expect(headers['webhook-signature']).toBe(`v1,${hmac(key, signed, 'base64')}`)
    expect(new Webhook(secret).verify(message.body, headers)).toEqual(JSON.parse(message.body))
  })

  it.each(['whsec_', 'whsec_not base64!'])('takes %j, which holds no base64, as it is written', async (secret) => {
    const headers = await signWebhook({ ...message, secrets: [secret] })
    expect(headers['webhook-signature']).toBe(`v1,${hmac(secret, signed, 'base64')}`)
  })

  it('lets receivers with the old secret and with the new one verify during a rotation', async () => {
    const headers = await signWebhook({ ...message, secrets: ['new secret', 'old secret'] })
    expect(headers['X-Webhook-Signature']).toBe(hmac('new secret', message.body, 'hex'))
    expect(headers['webhook-signature']).toBe(`v1,${hmac('new secret', signed, 'base64')} v1,${hmac('old secret', signed, 'base64')}`)
    for (const secret of ['new secret', 'old secret']) {
      expect(new Webhook(secret, { format: 'raw' }).verify(message.body, headers)).toEqual(JSON.parse(message.body))
    }
  })
})
