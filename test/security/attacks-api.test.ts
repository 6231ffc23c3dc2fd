import { once } from 'node:events'
import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { validationErrorSchema } from '../../src/api/errors.ts'
import { submittedSchema } from '../../src/api/schemas.ts'
import { needs } from '../machine/needs.ts'
import { ApiClient } from '../support/api-client.ts'
import { START_TIMEOUT_MS, startTestStack, type TestStack } from '../support/stack.ts'
import { type Attack, attacks } from './attacks.ts'
import { type Canary, makeCanary } from './canary.ts'
import { makeVideo } from './sample-media.ts'
import { Trap } from './trap.ts'

const NAMED = attacks({ file: '', listener: '', folder: '' })
const titlesOf = (kept: (attack: Attack) => boolean) => NAMED.filter(kept).map((attack) => attack.title)

let stack: TestStack
let api: ApiClient
let root: string
let canary: Canary
let video: Uint8Array<ArrayBuffer>

/** Path → content of what the attacks have as inputs. */
const served = new Map<string, string | Uint8Array>()
const inputServer = createServer((request, response) => {
  const content = served.get(request.url ?? '')
  response.writeHead(content === undefined ? 404 : 200).end(content)
})

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'renderio-test-'))
  // A sandbox may run FFmpeg as another user, whom the folder's own rights must not stop.
  await chmod(root, 0o755)
  canary = await makeCanary()
  video = await makeVideo(root)
  await once(inputServer.listen(0, '127.0.0.1'), 'listening')
  stack = await startTestStack()
  api = new ApiClient(stack)
}, 2 * START_TIMEOUT_MS)
afterAll(async () => {
  await stack.stop()
  inputServer.close()
  await rm(root, { recursive: true, force: true })
})

/** Serves the attack's inputs, under the names that it wants, and submits it. */
function submit(attack: Attack): Promise<Response> {
  const bound = inputServer.address()
  const port = typeof bound === 'object' && bound !== null ? bound.port : 0
  const inputs = Object.entries(attack.inputs).map(([alias, { filename, content }]) => {
    const path = `/${crypto.randomUUID()}/${filename}`
    served.set(path, content === 'video' ? video : content)
    return [alias, `http://127.0.0.1:${port}${path}`] as const
  })
  const files = { input_files: Object.fromEntries(inputs), output_files: attack.outputs, max_command_run_seconds: 5 }
  const [route, commands] = attack.chain
    ? ['run-chained-ffmpeg-commands', { ffmpeg_commands: attack.commands }]
    : ['run-ffmpeg-command', { ffmpeg_command: attack.commands[0] }]
  return api.fetch(`/api/v1/${route}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ ...files, ...commands }),
  })
}

async function setTrap(title: string): Promise<{ trap: Trap; attack: Attack }> {
  const trap = await Trap.inNewFolder(join(root, crypto.randomUUID()), canary.bytes)
  const attack = attacks(trap.prey).find((candidate) => candidate.title === title)
  if (attack === undefined) throw new Error(`there is no attack "${title}"`)
  return { trap, attack }
}

/** All that the API shows of a command when it has ended. */
async function shownOf(id: string): Promise<string> {
  const command = await api.ended(id)
  const log = await (await api.fetch(`/api/v1/commands/${id}/log`)).text()
  const urls = Object.values(command.output_files).flatMap(({ storage_url }) => storage_url ?? [])
  const outputs = await Promise.all(urls.map(async (url) => (await fetch(url)).text()))
  return [JSON.stringify(command), log, ...outputs].join('\n')
}

describe('the API refuses at once, naming what it refuses', () => {
  test.concurrent.for(titlesOf(({ heldBy }) => heldBy === 'policy'))('%s', async (title, { onTestFinished }) => {
    const { trap, attack } = await setTrap(title)
    onTestFinished(() => trap.close())
    const response = await submit(attack)
    const body: unknown = await response.json()
    expect(response.status, JSON.stringify(body)).toBe(422)
    const { detail } = validationErrorSchema.parse(body)
    expect(detail.map(({ msg }) => msg).join('\n')).toContain(attack.token)
    expect(await trap.disturbances()).toEqual([])
  })
})

describe.each([
  ['guards', {}],
  ['scripts', {}],
  ['sandbox', needs('sandbox')],
] as const)('the API takes what only the content of an input makes an attack, and the %s let nothing come of', (wall, options) => {
  test.concurrent.for(titlesOf(({ heldBy }) => heldBy === wall))('%s', options, async (title, { onTestFinished }) => {
    const { trap, attack } = await setTrap(title)
    onTestFinished(() => trap.close())
    const response = await submit(attack)
    const body: unknown = await response.json()
    expect(response.status, JSON.stringify(body)).toBe(200)
    const shown = await shownOf(submittedSchema.parse(body).command_id)
    expect(shown.includes(canary.secret)).toBe(false)
    expect(await trap.disturbances()).toEqual([])
  })
})
