/** What the guides tell to type, word for word and each block in a fresh shell, against the whole stack. */
import { execFile } from 'node:child_process'
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { needs } from '../machine/needs.ts'
import { shellBlocks } from '../support/guide-code.ts'
import { type MediaServer, startMediaServer } from '../support/media-server.ts'
import { startTestStack, type TestStack } from '../support/stack.ts'
import { WebhookReceiver } from '../support/webhook-receiver.ts'

const ROOT = path.resolve(import.meta.dirname, '../..')

/** These want a registry, a Docker engine or an account elsewhere. */
const ELSEWHERE = /^(?:npm (?:install|ci)|npx|docker)\b/m

const BLOCKS = (await shellBlocks()).filter(({ code }) => !ELSEWHERE.test(code))

let stack: TestStack
let media: MediaServer
let receiver: WebhookReceiver
let folder: string

beforeAll(async () => {
  media = await startMediaServer()
  receiver = await WebhookReceiver.start()
  stack = await startTestStack()
})
afterAll(async () => {
  await stack?.stop()
  await media?.stop()
  await receiver?.stop()
})
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'renderio-guides-'))
  await writeFile(path.join(folder, 'sample.mp4'), new Uint8Array(await (await fetch(`${media.url}/tiny.mp4`)).arrayBuffer()))
  // curl itself takes an error for an answer like any other.
  const curl = path.join(folder, 'curl')
  await writeFile(curl, `#!/bin/sh\nPATH=\${PATH#*:} exec curl --fail-with-body "$@"\n`)
  await chmod(curl, 0o755)
})
afterEach(() => rm(folder, { recursive: true }))

/** Rejects where a command fails, or a request is refused. What stands outside of the guides has an address of its own here. */
function run(code: string) {
  const here = code
    .replaceAll('http://127.0.0.1:9000/sample.mp4', `${media.url}/tiny.mp4`)
    .replaceAll('https://example.com/hooks/renderio', `${receiver.url}/200/guides`)
  const programs = [folder, path.join(ROOT, 'node_modules/.bin'), process.env.PATH].join(':')
  const env = { PATH: programs, HOME: folder, STATE_DIR: stack.stateDir, RENDERIO: stack.url, KEY: stack.apiKey }
  const cwd = code.includes('npm run') ? ROOT : folder
  return promisify(execFile)('bash', ['-eu', '-o', 'pipefail', '-c', here], { cwd, env })
}

test('there are blocks to try, in most guides', () => {
  expect(BLOCKS.length).toBeGreaterThan(12)
  expect(new Set(BLOCKS.map(({ guide }) => guide)).size).toBeGreaterThan(5)
})

describe('each block works alone', needs('shell'), () => {
  test('and one that does not would be noticed', async () => {
    await expect(run('curl -s $RENDERIO/api/v1/nothing -H "X-API-KEY: $KEY"')).rejects.toMatchObject({ code: 22 })
    await expect(run('curl -s $RENDERIO/api/v1/files/$FILE -H "X-API-KEY: $KEY"')).rejects.toThrow('FILE: unbound variable')
  })

  test.each(BLOCKS.map((block) => [`${block.guide}: ${block.first}`, block.code] as const))('%s', async (_, code) => {
    await run(code)
  })
})
