/** Whatever dies, every accepted command ends once, every file goes on where it was, and nothing is left behind. */
import { execFile } from 'node:child_process'
import { randomBytes, randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { fileBegunSchema, fileListSchema, fileSchema } from '../../src/api/file-schemas.ts'
import { type CommandView, commandListSchema, healthSchema } from '../../src/api/schemas.ts'
import type { Command } from '../client/client.ts'
import { FFMPEG } from '../machine/ffmpeg.ts'
import { makeAccounts } from '../support/accounts.ts'
import { ApiClient } from '../support/api-client.ts'
import { type GatedServer, startGatedServer } from '../support/gated-server.ts'
import { runningProcesses } from '../support/processes.ts'
import { START_TIMEOUT_MS, startTestStack, type TestStack } from '../support/stack.ts'
import { waitUntil } from '../support/wait-until.ts'
import { type CommandsInStages, commandsInEveryStage } from './commands-in-stages.ts'
import { blobsInBucket, keysInBucket } from './local-bucket.ts'

const SLOTS = 4
/** In the arguments of every FFmpeg that is cut here, to be told from those of other tests. */
const TOKEN = randomUUID()
const MARK = `-metadata comment=${TOKEN}`
let sample: Buffer
let stateDir: string
let stack: TestStack
let api: ApiClient
/** Of the account whose submits are cut: what is left of one holds a slot for a minute. */
let others: ApiClient

beforeAll(async () => {
  const made = await promisify(execFile)(
    FFMPEG,
    ['-v', 'error', '-f', 'lavfi', '-i', 'testsrc2=s=320x180:d=2', '-c:v', 'mpeg4', '-f', 'matroska', 'pipe:1'],
    { encoding: 'buffer', maxBuffer: 1 << 24 },
  )
  sample = made.stdout
  stateDir = await mkdtemp(path.join(tmpdir(), 'renderio-crash-'))
  const { others: othersKey = '' } = await makeAccounts(stateDir, ['others'])
  stack = await startTestStack({ stateDir, env: { MAX_CONCURRENT_COMMANDS: String(SLOTS) } })
  api = new ApiClient(stack)
  others = new ApiClient({ url: stack.url, apiKey: othersKey })
})
afterAll(async () => {
  await stack?.stop()
  await rm(stateDir, { recursive: true, force: true })
  expect((await runningProcesses()).filter((info) => info.command.includes(TOKEN))).toEqual([])
})

async function holdCommands(gate: GatedServer): Promise<CommandsInStages> {
  return commandsInEveryStage(api, { executorPid: await stack.executorPid(), gateUrl: gate.url, mark: MARK })
}

function submitPicture(client = api): Promise<string> {
  return client.submit({ output_files: { out_v: 'x.png' }, ffmpeg_command: `-f lavfi -i color=d=1 -frames:v 1 ${MARK} {{out_v}}` })
}

async function listed(client = api): Promise<CommandView[]> {
  const { commands, total } = commandListSchema.parse(await (await client.fetch('/api/v1/commands?limit=100')).json())
  expect(commands).toHaveLength(total)
  return commands
}

async function expectAllToSucceed(ids: string[]): Promise<void> {
  const commands = await Promise.all(ids.map((id) => api.ended(id)))
  expect(commands.map((command) => command.error_message)).toEqual(ids.map(() => null))
  for (const output of commands.flatMap((command) => Object.values(command.output_files))) await expectWholeDownload(output)
}

async function expectWholeDownload(output: Command['output_files'][string]): Promise<void> {
  const response = await fetch(output.storage_url ?? '')
  expect(response.status).toBe(200)
  let bytes = 0
  for await (const chunk of response.body ?? []) bytes += chunk.length
  expect(bytes / 1_000_000).toBe(output.size_mbytes)
}

/** No slot, no job, and no object in the bucket but what clients see. */
async function expectNothingLeftBehind(): Promise<void> {
  const next = await Promise.all(Array.from({ length: SLOTS }, () => submitPicture()))
  const later = await Promise.all(next.map((id) => api.ended(id)))
  expect(later.map((command) => command.status)).toEqual(later.map(() => 'SUCCESS'))
  await Promise.all((await listed()).map(({ command_id }) => api.ended(command_id)))
  await waitUntil('the executor has no job left', async () => {
    const { executor } = healthSchema.parse(await (await api.fetch('/api/v1/health')).json())
    return executor?.ok === true && executor.running_jobs === 0
  })
  await waitUntil('the bucket holds what clients see and nothing else', async () => {
    const expected = await visibleKeys()
    const keys = (await keysInBucket(stateDir)).filter((key) => key.startsWith('default/'))
    return keys.length === expected.length && keys.every((key, index) => key === expected[index])
  })
}

/** Of the files that were given to the service and are stored, and of the outputs of commands; sorted. */
async function visibleKeys(): Promise<string[]> {
  const { files, total } = fileListSchema.parse(await (await api.fetch('/api/v1/files?limit=100&status=STORED')).json())
  expect(files).toHaveLength(total)
  const given = files.filter(({ rendi_store_type }) => rendi_store_type !== 'OUTPUT')
  const outputs = (await listed()).flatMap((command) => Object.values(command.output_files))
  return [...given, ...outputs].map(({ file_id, filename }) => `default/${file_id}/${filename}`).sort()
}

describe('kill -9 of one part in every stage', () => {
  let gate: GatedServer
  let held: CommandsInStages
  async function hold(): Promise<void> {
    gate = await startGatedServer(sample)
    onTestFinished(() => gate.stop())
    held = await holdCommands(gate)
  }

  test('the executor: each command still ends in SUCCESS, once', async () => {
    await hold()
    await stack.killExecutor()
    gate.open()
    await expectAllToSucceed(held.ids)
    await expectNothingLeftBehind()
  })

  test('workerd: each command still ends in SUCCESS, once', async () => {
    await hold()
    await stack.killWorker()
    held.release()
    gate.open()
    await expectAllToSucceed(held.ids)
    await expectNothingLeftBehind()
  })
})

describe.concurrent('kill -9 of everything, and a restart on the same state', () => {
  const bytes = randomBytes(22_000_000)
  let gates: GatedServer[]
  let fileId: string
  let inStages: string[]
  const answered: string[] = []
  let before: { apiKey: string; secrets: string }

  beforeAll(async () => {
    gates = [await startGatedServer(sample), await startGatedServer(bytes)]
    const [commandGate, fileGate] = gates as [GatedServer, GatedServer]
    fileId = await halfFetched(fileGate)
    inStages = (await holdCommands(commandGate)).ids
    before = { apiKey: stack.apiKey, secrets: await secrets() }
    const submits = Promise.all([submitUntilKilled(), submitUntilKilled(), submitUntilKilled()])
    await waitUntil('some submits are answered', () => answered.length >= 3)
    await stack.killAll()
    await submits
    await stack.start()
    for (const gate of gates) gate.open()
  }, 2 * START_TIMEOUT_MS)
  afterAll(() => Promise.all(gates.map((gate) => gate.stop())))

  /** Begins to store a file, and resolves when a part of it is in the bucket. */
  async function halfFetched(gate: GatedServer): Promise<string> {
    const present = await blobsInBucket(stateDir)
    const begun = await api.fetch('/api/v1/files/store-file', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ file_url: gate.url }),
    })
    await waitUntil(
      'two parts of it are in the bucket',
      async () => (await blobsInBucket(stateDir)).filter((blob) => !present.includes(blob)).length >= 2,
    )
    return fileBegunSchema.parse(await begun.json()).file_id
  }

  async function submitUntilKilled(): Promise<void> {
    for (let n = 0; n < 10; n++) {
      const id = await submitPicture(others).catch(() => null)
      if (id === null) return
      answered.push(id)
    }
  }

  function secrets(): Promise<string> {
    return readFile(path.join(stateDir, 'secrets.json'), 'utf8')
  }

  test('each command, whatever its stage, ends in SUCCESS, once', async () => {
    await expectAllToSucceed(inStages)
    await expectNothingLeftBehind()
  })

  test('submits at that moment leave whole commands or none', async () => {
    await waitUntil(
      'every listed command has ended in SUCCESS',
      async () => (await listed(others)).every(({ status }) => status === 'SUCCESS'),
      120_000,
      1000,
    )
    const ids = (await listed(others)).map(({ command_id }) => command_id)
    expect(answered.filter((id) => !ids.includes(id))).toEqual([])
  })

  test('a file that was being fetched goes on where it was, and every byte is in its place', async () => {
    const file = await waitUntil('the file is stored', async () => {
      const current = fileSchema.parse(await (await api.fetch(`/api/v1/files/${fileId}`)).json())
      return current.status !== 'PROCESSING' && current
    })
    expect([file.status, file.error_message]).toEqual(['STORED', null])
    expect(gates[1]?.starts.at(-1)).toBeGreaterThan(0)
    const stored = Buffer.from(await (await fetch(file.storage_url ?? '')).arrayBuffer())
    expect(Buffer.compare(stored, bytes)).toBe(0)
  })

  test('the API key made at first and the signing secret are the same', async () => {
    expect({ apiKey: stack.apiKey, secrets: await secrets() }).toEqual(before)
  })
})

test('an upload whose connection is cut leaves nothing, neither in the list nor in the bucket', async () => {
  const before = { blobs: await blobsInBucket(stateDir), visible: await visibleKeys() }
  const isNew = (blob: string) => !before.blobs.includes(blob)
  const socket = connect(stack.port, 'localhost')
  await once(socket, 'connect')
  const head = [
    'POST /api/v1/files/upload HTTP/1.1',
    `Host: localhost:${stack.port}`,
    `X-API-KEY: ${stack.apiKey}`,
    'Content-Type: multipart/form-data; boundary=b',
    'Content-Length: 50000000',
  ]
  socket.write(`${head.join('\r\n')}\r\n\r\n--b\r\nContent-Disposition: form-data; name="file"; filename="cut.bin"\r\n\r\n`)
  socket.write(randomBytes(12_000_000))
  await waitUntil('its first part is in the bucket', async () => (await blobsInBucket(stateDir)).some(isNew))
  socket.destroy()
  await waitUntil('nothing of it is in the bucket', async () => !(await blobsInBucket(stateDir)).some(isNew))
  expect(await visibleKeys()).toEqual(before.visible)
})
