import { createHmac } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { signFileToken, signPartToken, verifyFileToken, verifyPartToken } from '../../../src/files/token.ts'
import { anyText } from '../../support/any-text.ts'

const secret = 'a secret of the deployment'
const grant = { account: 'acme', fileId: '0d3f5c1e-8b1f-4f6c-9b0a-1f2e3d4c5b6a', expiresAt: 1_800_000_000 }
const { account, fileId } = grant

describe('file tokens', () => {
  it('grant what was signed until the second of expiry', async () => {
    const token = await signFileToken(grant, secret)
    expect(await verifyFileToken(token, secret, grant.expiresAt - 1)).toEqual({ ok: true, account, fileId })
    expect(await verifyFileToken(token, secret, grant.expiresAt)).toEqual({ ok: false, reason: 'expired', account, fileId })
  })

  it('carry an HMAC-SHA-256 that node:crypto agrees with', async () => {
    const [claims = '', mac] = (await signFileToken(grant, secret)).split('.')
    expect(JSON.parse(Buffer.from(claims, 'base64url').toString())).toEqual([account, fileId, grant.expiresAt])
    expect(mac).toBe(createHmac('sha256', secret).update(`renderio file token 1\n${claims}`).digest('base64url'))
  })

  it('hold any account name and stay one plain path segment', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ minLength: 1, unit: 'grapheme' }), fc.uuid(), async (name, id) => {
        const token = await signFileToken({ account: name, fileId: id, expiresAt: 10 }, secret)
        expect(token).toMatch(/^[\w-]+\.[\w-]+$/)
        expect(await verifyFileToken(token, secret, 9)).toEqual({ ok: true, account: name, fileId: id })
      }),
    )
  })

  it('fail when any one character is changed, added or left out', async () => {
    const token = await signFileToken(grant, secret)
    for (let i = 0; i < token.length; i++) {
      const other = token[i] === 'A' ? 'B' : 'A'
      for (const changed of [
        token.slice(0, i) + other + token.slice(i + 1),
        token.slice(0, i) + token.slice(i + 1),
        `${token.slice(0, i)}A${token.slice(i)}`,
      ]) {
        if (changed === token) continue
        expect(await verifyFileToken(changed, secret, 0)).toMatchObject({
          ok: false,
          reason: expect.stringMatching(/^(malformed|bad_signature)$/),
        })
      }
    }
  })

  it('have no second spelling: the spare bits of the last character count', async () => {
    const token = await signFileToken(grant, secret)
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
    const accepted = []
    for (const last of alphabet) {
      const check = await verifyFileToken(token.slice(0, -1) + last, secret, 0)
      if (check.ok) accepted.push(last)
    }
    expect(accepted).toEqual([token.at(-1)])
  })

  it('fail under another secret, and with the claims of another token', async () => {
    const token = await signFileToken(grant, secret)
    const other = await signFileToken({ ...grant, account: 'other' }, secret)
    expect(await verifyFileToken(token, 'another secret', 0)).toEqual({ ok: false, reason: 'bad_signature' })
    expect(await verifyFileToken(`${other.split('.')[0]}.${token.split('.')[1]}`, secret, 0)).toEqual({
      ok: false,
      reason: 'bad_signature',
    })
  })

  it.each(['', '.', 'a', 'a.', '.a', 'a.b.c', 'YQ==.YQ==', 'YQ.Y Q', 'Y+/A.YWJj', '[1].{}', '…'])('are malformed as %j', async (token) => {
    expect(await verifyFileToken(token, secret, 0)).toEqual({ ok: false, reason: 'malformed' })
  })

  it('answer for any text', async () => {
    await fc.assert(
      fc.asyncProperty(anyText, async (text) => {
        expect((await verifyFileToken(text, secret, 0)).ok).toBe(false)
      }),
    )
  })
})

describe('part tokens', () => {
  it('grant the part that was signed until the second of expiry, and no other', async () => {
    const token = await signPartToken(grant, 7, secret)
    expect(await verifyPartToken(token, 7, secret, grant.expiresAt - 1)).toEqual({ ok: true, account, fileId })
    expect(await verifyPartToken(token, 7, secret, grant.expiresAt)).toMatchObject({ ok: false, reason: 'expired' })
    for (const other of [0, 1, 77]) {
      expect(await verifyPartToken(token, other, secret, 0)).toEqual({ ok: false, reason: 'bad_signature' })
    }
  })

  it('do not read files, nor do file tokens write parts', async () => {
    expect(await verifyFileToken(await signPartToken(grant, 1, secret), secret, 0)).toEqual({ ok: false, reason: 'bad_signature' })
    expect(await verifyPartToken(await signFileToken(grant, secret), 1, secret, 0)).toEqual({ ok: false, reason: 'bad_signature' })
  })
})
