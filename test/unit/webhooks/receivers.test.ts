/** The receivers that the guide to webhooks shows, as they stand there, against events as they are really signed. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { findFreePort } from '../../../src/cli/ports.ts'
import { signWebhook } from '../../../src/webhooks/sign.ts'
import { needs } from '../../machine/needs.ts'
import type { RequirementId } from '../../machine/requirements.ts'
import { codeInGuide } from '../../support/guide-code.ts'
import { waitUntil } from '../../support/wait-until.ts'

const SECRETS = { text: 'gehéim 🔑', base64: `whsec_${Buffer.from('thirty-two bytes of a random key').toString('base64')}` }

interface Receiver {
  language: string
  file: string
  argv: (file: string, port: number) => [string, ...string[]]
  needs: RequirementId[]
}

const RECEIVERS: Receiver[] = [
  { language: 'js', file: 'receiver.mjs', argv: (file) => [process.execPath, file], needs: [] },
  { language: 'python', file: 'receiver.py', argv: (file) => ['python3', file], needs: ['python'] },
  { language: 'php', file: 'receiver.php', argv: (file, port) => ['php', '-S', `127.0.0.1:${port}`, file], needs: ['php'] },
]

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'renderio-receivers-'))
})
afterAll(() => rm(folder, { recursive: true }))

describe.each(RECEIVERS)('$file', (receiver) => {
  test('has 20 lines at most', async () => {
    expect((await codeInGuide('webhooks', receiver)).trimEnd().split('\n').length).toBeLessThanOrEqual(20)
  })
})

for (const receiver of RECEIVERS) {
  describe.each(Object.entries(SECRETS))(`${receiver.file} with a secret in %s`, needs(...receiver.needs), (_, secret) => {
    let url: string
    let receiving: ChildProcess
    beforeAll(async () => {
      const port = await findFreePort()
      const file = path.join(folder, receiver.file)
      await writeFile(file, await codeInGuide('webhooks', receiver))
      const [command, ...args] = receiver.argv(file, port)
      receiving = spawn(command, args, { env: { PATH: process.env.PATH, PORT: String(port), WEBHOOK_SECRET: secret }, stdio: 'ignore' })
      url = `http://127.0.0.1:${port}/`
      await waitUntil('the receiver listens', () =>
        fetch(url, { method: 'POST', body: '{}' }).then(
          () => true,
          () => false,
        ),
      )
    })
    afterAll(async () => {
      receiving.kill()
      await once(receiving, 'exit')
    })

    const BODY = '{"data":{"status":"SUCCESS","metadata":{"title":"größe 🎬"}},"timestamp":1}'
    const now = () => Math.floor(Date.now() / 1000)

    async function statusOf(body: string, headers: Record<string, string>): Promise<number> {
      return (await fetch(url, { method: 'POST', headers: { ...headers, 'content-type': 'application/json' }, body })).status
    }
    const signed = (secrets: string[], timestamp = now()) => signWebhook({ id: 'msg_1', timestamp, body: BODY, secrets })

    test('accepts a genuine event', async () => {
      expect(await statusOf(BODY, await signed([secret]))).toBe(204)
    })

    test('accepts one that is signed with two secrets, of which it knows either', async () => {
      expect(await statusOf(BODY, await signed([secret, 'another']))).toBe(204)
      expect(await statusOf(BODY, await signed(['another', secret]))).toBe(204)
    })

    test('refuses another body, another secret, another id, and no signature', async () => {
      const headers = await signed([secret])
      expect(await statusOf(BODY.replace('SUCCESS', 'FAILED'), headers)).toBe(401)
      expect(await statusOf(BODY, await signed(['another']))).toBe(401)
      expect(await statusOf(BODY, { ...headers, 'webhook-id': 'msg_2' })).toBe(401)
      expect(await statusOf(BODY, await signed([]))).toBe(401)
      expect(await statusOf(BODY, { ...headers, 'webhook-signature': 'v1,ä' })).toBe(401)
    })

    test('refuses a genuine event that comes ten minutes late or early', async () => {
      for (const offset of [-600, 600]) expect(await statusOf(BODY, await signed([secret], now() + offset))).toBe(401)
    })
  })
}
