/** Whatever dies, every accepted command ends once, and nothing is left behind. */
import { execFile } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { readdir } from 'node:fs/promises'
import path from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { promisify } from 'node:util'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { commandListSchema, healthSchema } from '../../src/api/schemas.ts'
import type { Command } from '../client/client.ts'
import { FFMPEG } from '../machine/ffmpeg.ts'
import { ApiClient, type SubmitOptions } from '../support/api-client.ts'
import { type GatedServer, startGatedServer } from '../support/gated-server.ts'
import { runningProcesses } from '../support/processes.ts'
import { startTestStack, type TestStack } from '../support/stack.ts'
import { waitUntil } from '../support/wait-until.ts'

const SLOTS = 4
/** In the arguments of every FFmpeg that is cut here, to be told from those of other tests. */
const TOKEN = randomUUID()
const MARK = `-metadata comment=${TOKEN}`
let sample: Buffer
let stack: TestStack
let api: ApiClient
let gate: GatedServer

/** Every command so far: clients see what it has made after its test too, however that has ended. */
const submitted: string[] = []

beforeAll(async () => {
  const made = await promisify(execFile)(
    FFMPEG,
    ['-v', 'error', '-f', 'lavfi', '-i', 'testsrc2=s=320x180:d=2', '-f', 'matroska', 'pipe:1'],
    { encoding: 'buffer', maxBuffer: 1 << 24 },
  )
  sample = made.stdout
  stack = await startTestStack({ env: { MAX_CONCURRENT_COMMANDS: String(SLOTS) } })
  api = new ApiClient(stack)
})
beforeEach(async () => {
  gate = await startGatedServer(sample)
})
afterEach(() => gate.stop())
afterAll(async () => {
  await stack.stop()
  expect((await runningProcesses()).filter((info) => info.command.includes(TOKEN))).toEqual([])
})

async function submit(body: SubmitOptions): Promise<string> {
  const id = await api.submit(body)
  submitted.push(id)
  return id
}

/** Submits until a command is seen in the stage. */
async function commandIn(stage: Command['processing_stage'], body: SubmitOptions): Promise<string> {
  for (;;) {
    const id = await submit(body)
    if (await api.reaches(id, stage)) return id
  }
}

/** Commands of which one is in each stage; the others among them were missed there, or have ended too soon. */
async function commandsInEveryStage(): Promise<string[]> {
  const earlier = submitted.length
  const wanted: { stage: Command['processing_stage']; body: SubmitOptions; id?: string }[] = [
    {
      stage: 'DOWNLOADING',
      body: { input_files: { in_v: gate.url }, output_files: { out_v: 'a.mp4' }, ffmpeg_command: `-i {{in_v}} ${MARK} {{out_v}}` },
    },
    {
      stage: 'FFMPEG',
      body: { output_files: { out_v: 'b.mp4' }, ffmpeg_command: `-re -f lavfi -i testsrc2=s=320x180:d=5 ${MARK} {{out_v}}` },
    },
    {
      stage: 'UPLOADING',
      body: {
        output_files: { out_v: 'c.yuv' },
        ffmpeg_command: `-f lavfi -i color=s=1920x1080:d=2 -pix_fmt yuv420p ${MARK} -f rawvideo {{out_v}}`,
      },
    },
  ]
  for (;;) {
    const stages = await Promise.all(wanted.map(async ({ id }) => id && (await api.poll(id)).processing_stage))
    const missing = wanted.filter(({ stage }, index) => stages[index] !== stage)
    if (missing.length === 0) return submitted.slice(earlier)
    for (const command of missing) command.id = await commandIn(command.stage, command.body)
  }
}

async function expectAllToSucceed(ids: string[]): Promise<void> {
  gate.open()
  const commands = await Promise.all(ids.map((id) => api.ended(id)))
  expect(commands.map((command) => command.error_message)).toEqual(ids.map(() => null))
  for (const output of commands.flatMap((command) => Object.values(command.output_files))) await expectWholeDownload(output)
  await expectNothingLeftBehind()
}

async function expectWholeDownload(output: Command['output_files'][string]): Promise<void> {
  const response = await fetch(output.storage_url ?? '')
  expect(response.status).toBe(200)
  let bytes = 0
  for await (const chunk of response.body ?? []) bytes += chunk.length
  expect(bytes / 1_000_000).toBe(output.size_mbytes)
}

/** No slot, no job, and no object in the bucket but the outputs that clients see. */
async function expectNothingLeftBehind(): Promise<void> {
  const next = await Promise.all(
    Array.from({ length: SLOTS }, () =>
      submit({ output_files: { out_v: 'x.png' }, ffmpeg_command: '-f lavfi -i color=d=1 -frames:v 1 {{out_v}}' }),
    ),
  )
  const later = await Promise.all(next.map((id) => api.ended(id)))
  expect(later.map((command) => command.status)).toEqual(later.map(() => 'SUCCESS'))
  await waitUntil('the executor has no job left', async () => {
    const { executor } = healthSchema.parse(await (await fetch(`${stack.url}/api/v1/health`)).json())
    return executor.ok && executor.running_jobs === 0
  })
  const ended = await Promise.all(submitted.map((id) => api.ended(id)))
  const visible = ended.flatMap((command) => Object.values(command.output_files))
  const expected = visible.map((output) => `default/${output.file_id}/${output.filename}`).sort()
  await waitUntil('the bucket holds what clients see and nothing else', async () => {
    const keys = await keysInBucket(stack.stateDir)
    return keys.length === expected.length && keys.every((key, index) => key === expected[index])
  })
}

/** Reads the local bucket's index beside the running stack, which locks it when an idle workerd closes it. */
async function keysInBucket(stateDir: string): Promise<string[]> {
  const folder = path.join(stateDir, 'v3/r2/miniflare-R2BucketObject')
  const name = (await readdir(folder)).find((file) => /^[0-9a-f]+\.sqlite$/.test(file))
  const database = new DatabaseSync(path.join(folder, name ?? 'missing'), { readOnly: true, timeout: 10_000 })
  try {
    return database
      .prepare('SELECT key FROM _mf_objects ORDER BY key')
      .all()
      .map((row) => String(row.key))
  } finally {
    database.close()
  }
}

test('kill -9 of the executor in every stage: each command still ends in SUCCESS, once', async () => {
  const ids = await commandsInEveryStage()
  await stack.killExecutor()
  await expectAllToSucceed(ids)
})

test('kill -9 of workerd in every stage: each command still ends in SUCCESS, once', async () => {
  const ids = await commandsInEveryStage()
  await stack.killWorker()
  await expectAllToSucceed(ids)
})

test('kill -9 of everything in every stage: after a restart on the same state each command ends in SUCCESS, once', async () => {
  const ids = await commandsInEveryStage()
  await stack.killAll()
  await stack.start()
  await expectAllToSucceed(ids)
})

test('kill -9 during submits leaves whole commands or none', async () => {
  const answered: string[] = []
  const submits = Array.from({ length: 30 }, async () => {
    answered.push(
      await api.submit({ output_files: { out_v: 'x.png' }, ffmpeg_command: `-f lavfi -i color=d=1 -frames:v 1 ${MARK} {{out_v}}` }),
    )
  })
  const settled = Promise.allSettled(submits)
  await waitUntil('some submits are answered', () => answered.length >= 3)
  await stack.killAll()
  await settled
  await stack.start()
  for (const id of answered) expect((await api.ended(id)).status).toBe('SUCCESS')
  await waitUntil(
    'every listed command has ended in SUCCESS',
    async () => {
      const { commands } = commandListSchema.parse(await (await api.fetch('/api/v1/commands?limit=100')).json())
      return commands.every(({ status }) => status === 'SUCCESS') && commands.length >= answered.length
    },
    120_000,
  )
})
