/** Whatever one account sends, the small commands of another take at most twice as long as on an idle service, and memory and disk come back. */
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { folderUsage } from '../../container/folder.ts'
import { jobsDirOf } from '../../src/cli/executor-process.ts'
import { needs } from '../machine/needs.ts'
import { makeAccounts } from '../support/accounts.ts'
import { ApiClient } from '../support/api-client.ts'
import { startTestStack, type TestStack } from '../support/stack.ts'
import { waitUntil } from '../support/wait-until.ts'
import { ATTACKS, type Attack } from './attacks.ts'
import { type HostileServer, startHostileServer } from './hostile-files.ts'

const MEGABYTE = 1024 ** 2
const MAX_JOB_DISK_MB = 300
/** Small commands of the neighbour, one after the other, whose time together is compared. */
const COMMANDS = 4
const MAX_RATIO = 2
/** Times that an attack is tried: something else on this machine may slow down one of them. */
const ATTEMPTS = 3
/** Requests of one attack, one after the other: one alone would be over before the neighbour felt it. */
const VALIDATIONS = 5
/** How much more than before the attacks the service may keep, in megabytes: the commands that measure leave some behind as well. */
const KEPT_MB = 350

let stateDir: string
let stack: TestStack
let server: HostileServer
let attacker: ApiClient
let neighbour: ApiClient
let memoryBefore: number

beforeAll(async () => {
  stateDir = await mkdtemp(path.join(tmpdir(), 'renderio-neighbours-'))
  server = await startHostileServer()
  const { attacker: attackerKey = '' } = await makeAccounts(stateDir, ['attacker'])
  stack = await startTestStack({
    stateDir,
    env: { MAX_JOB_DISK_MB: String(MAX_JOB_DISK_MB), MAX_CONCURRENT_COMMANDS: '2', MAX_SPARE_FFMPEGS: '0' },
  })
  neighbour = new ApiClient(stack)
  attacker = new ApiClient({ url: stack.url, apiKey: attackerKey })
  // What is loaded at the first time only.
  await timeOfCommands()
  memoryBefore = await memory()
})
afterAll(async () => {
  await stack?.stop()
  server?.stop()
  await rm(stateDir, { recursive: true, force: true })
})

/** What the neighbour's commands take together, in milliseconds. */
async function timeOfCommands(): Promise<number> {
  const began = performance.now()
  for (let n = 0; n < COMMANDS; n++) {
    const id = await neighbour.submit({
      output_files: { out_p: 'p.png' },
      ffmpeg_command: '-f lavfi -i color=s=16x16:d=1 -frames:v 1 {{out_p}}',
    })
    expect((await neighbour.poll(id, 60)).status).toBe('SUCCESS')
  }
  return performance.now() - began
}

/** The neighbour's time while the attack goes on, by that just before it: the least of some attempts. */
async function slowdown(attack: () => Promise<void>): Promise<number> {
  let least = Number.POSITIVE_INFINITY
  for (let attempt = 0; attempt < ATTEMPTS && least > MAX_RATIO; attempt++) {
    const idle = await timeOfCommands()
    const times: number[] = []
    let over = false
    const attacking = attack().finally(() => {
      over = true
    })
    // As long as the attack lasts: nobody knows when it bites.
    const measuring = async () => {
      while (!over) times.push(await timeOfCommands())
    }
    await Promise.all([attacking, measuring()])
    least = Math.min(least, times.reduce((sum, time) => sum + time, 0) / times.length / idle)
  }
  return least
}

async function carryOut(attack: Attack): Promise<void> {
  if (attack.kind === 'validation') {
    for (let n = 0; n < VALIDATIONS; n++) await validate(attack.body(), attack.ends)
    return
  }
  const id = await attacker.submit(attack.body(server))
  // Storing what it has made is what others do as well.
  const { processing_stage, error_status, error_message } = await waitUntil(
    'the command has made its outputs, or failed',
    async () => {
      const command = await attacker.poll(id)
      return (command.processing_stage === 'UPLOADING' || command.status === 'SUCCESS' || command.status === 'FAILED') && command
    },
    150_000,
  )
  if (processing_stage === 'UPLOADING') await attacker.cancel(id)
  expect(error_status ?? 'complete', error_message ?? '').toBe(attack.ends)
}

async function validate(body: object, status: number): Promise<void> {
  const text = JSON.stringify(body)
  const headers = { 'content-type': 'application/json' }
  const answer = await attacker.fetch('/api/v1/validate', { method: 'POST', headers, body: text })
  const told = await answer.text()
  expect(told.length, 'no answer grows beyond what was sent').toBeLessThan(3 * text.length + 10_000)
  expect(answer.status, told.slice(0, 1000)).toBe(status)
}

/** Megabytes that the executor and the Worker take together; NaN where the system does not tell. */
async function memory(): Promise<number> {
  const pids = [await stack.executorPid(), ...(await stack.workerdPids())]
  const sizes = await Promise.all(
    pids.map(async (pid) => /^VmRSS:\s+(\d+) kB/m.exec(await readFile(`/proc/${pid}/status`, 'utf8').catch(() => ''))?.[1]),
  )
  return sizes.reduce((sum, kilobytes) => sum + Number(kilobytes) / 1024, 0)
}

// A build that starts in no time would make the neighbour's commands too short to compare.
describe('a neighbour is not held up by', needs('ffmpeg5'), () => {
  test.each(ATTACKS)('$title', { timeout: ATTEMPTS * 180_000 }, async (attack) => {
    expect(await slowdown(() => carryOut(attack))).toBeLessThanOrEqual(MAX_RATIO)
  })
})

test('inputs take no more disk than a command may have, while they arrive', async () => {
  const attack = ATTACKS.find(({ ends }) => ends === 'INPUT_TOO_LARGE')
  if (attack === undefined) throw new Error('there is no such attack')
  let most = 0
  let over = false
  const attacking = carryOut(attack).finally(() => {
    over = true
  })
  const looking = async () => {
    while (!over) most = Math.max(most, (await folderUsage(jobsDirOf(stateDir))).bytes)
  }
  await Promise.all([attacking, looking()])
  expect(most).toBeGreaterThan(MEGABYTE)
  expect(most).toBeLessThan((MAX_JOB_DISK_MB + 20) * MEGABYTE)
})

test('the attacks leave neither memory nor disk in use', needs('linux'), async () => {
  await waitUntil('memory has come back', async () => (await memory()) < memoryBefore + KEPT_MB, 120_000, 1000)
  await waitUntil('the disk is free', async () => (await folderUsage(jobsDirOf(stateDir))).bytes < 10 * MEGABYTE)
})
