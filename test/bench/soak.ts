/** Mixed load while the executor is killed again and again: nothing is lost, nothing is left behind, nothing grows. */
import { readdir } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { jobsDirOf } from '../../src/cli/executor-process.ts'
import { readSettings } from '../../src/cli/settings.ts'
import type { Stack } from '../../src/cli/stack.ts'
import { dataOf } from '../client/client.ts'
import { ApiClient } from '../support/api-client.ts'
import { killProcess } from '../support/processes.ts'
import { waitUntil } from '../support/wait-until.ts'
import type { BareServer } from './bare-server.ts'
import type { CommandLog } from './command-log.ts'
import type { BenchMedia } from './media.ts'
import { executorPid, type Memory, residentMemory } from './memory.ts'
import { figure, type Goal, medianOf, type Row } from './rows.ts'
import { kindsOf, type Outcome, runClient, seededRandom } from './soak-load.ts'
import { sleepFor, submit } from './submit.ts'

/** Clients beyond the number of slots, so that some always wait. */
const MORE_CLIENTS = 4
const KILL_AFTER_SECONDS = { min: 20, max: 60 }
const KILLS_THAT_EXCUSE = 3
const SAMPLE_EVERY_MS = 2000
/** Shares of the time whose memory is compared: when all parts are warm, and at the end. */
const EARLY = { from: 0.1, to: 0.3 }
const LATE = { from: 0.8, to: 1 }
const CLEARED_TIMEOUT_MS = 60_000
const NONE: Goal = { op: '=', bound: 0 }
const FLAT: Goal = { op: '<', bound: 50 }

export interface SoakOptions {
  stack: Stack
  stateDir: string
  media: BenchMedia
  bare: BareServer
  commandLog: CommandLog
  minutes: number
  /** Of every choice that is made: which commands, and when the executor is killed. */
  seed: number
}

export async function measureSoak({ stack, stateDir, media, bare, commandLog, minutes, seed }: SoakOptions): Promise<Row[]> {
  console.log(`soak: ${minutes} minutes, --seed ${seed}`)
  const slots = readSettings(process.env).maxConcurrentCommands
  const besides = { besides: bare.pid }
  const kinds = kindsOf(media.url)
  const end = AbortSignal.timeout(minutes * 60_000)
  const clients = Array.from({ length: slots + MORE_CLIENTS }, (_, n) => runClient(stack, kinds, seededRandom(`${seed}/client-${n}`), end))
  const [outcomes, kills, samples] = await Promise.all([
    Promise.all(clients).then((each) => each.flat()),
    killAtRandom(besides, seededRandom(`${seed}/kills`), end),
    sampleMemory(besides, end),
  ])
  const verdict = await judge(outcomes, kills, commandLog)
  for (const { kind, commandId, expected, got } of verdict.wrong) console.log(`soak: ${kind} ${commandId}: ${got}, not ${expected}`)
  return [
    figure('soak', 'commands', '', outcomes.length),
    figure('soak', 'kills of the executor', '', kills.length),
    figure('soak', 'commands that took another attempt', '', verdict.repeated),
    figure('soak', 'EXECUTOR_LOST, hit by three kills', '', verdict.excused),
    figure('soak', 'ended otherwise than they should', '', verdict.wrong.length, NONE),
    figure('soak', 'slots at work at once, afterwards', '', await slotsAtWork(stack, slots), { op: '=', bound: slots }),
    figure('soak', 'listed as not ended', '', await lowest(() => notEnded(stack)), NONE),
    figure('soak', 'job folders left', '', await lowest(() => jobFolders(stateDir)), NONE),
    ...memoryRows('workerd', samples),
    ...memoryRows('executor', samples),
  ]
}

/** Answers when they were, in ms since the epoch. */
async function killAtRandom(besides: { besides: number }, random: () => number, signal: AbortSignal): Promise<number[]> {
  const kills: number[] = []
  const { min, max } = KILL_AFTER_SECONDS
  while (await paused((min + (max - min) * random()) * 1000, signal)) {
    const pid = await executorPid(besides)
    if (pid === null) continue
    killProcess(pid)
    kills.push(Date.now())
  }
  return kills
}

async function sampleMemory(besides: { besides: number }, signal: AbortSignal): Promise<Memory[]> {
  const samples: Memory[] = []
  while (await paused(SAMPLE_EVERY_MS, signal)) samples.push(await residentMemory(besides))
  return samples
}

/** Answers false where `signal` came first. */
async function paused(ms: number, signal: AbortSignal): Promise<boolean> {
  await sleep(ms, undefined, { signal }).catch(() => undefined)
  return !signal.aborted
}

/** Only a command that was begun when each of three kills fell may have lost its executor for good. */
async function judge(outcomes: readonly Outcome[], kills: readonly number[], commandLog: CommandLog) {
  const wrong: Outcome[] = []
  let repeated = 0
  let excused = 0
  for (const outcome of outcomes) {
    const ended = outcome.got === outcome.expected || outcome.got === 'EXECUTOR_LOST'
    if (!ended) {
      wrong.push(outcome)
      continue
    }
    const { startedAt, endedAt, attempts } = await commandLog.lifeOf(outcome.commandId)
    if (attempts > 1) repeated++
    if (outcome.got === outcome.expected) continue
    const hits = kills.filter((at) => startedAt !== null && at >= startedAt && at <= endedAt).length
    if (hits >= KILLS_THAT_EXCUSE) excused++
    else wrong.push(outcome)
  }
  return { wrong, repeated, excused }
}

/** As many commands as there are slots: how many of them were at work at the same time. */
async function slotsAtWork(stack: Stack, slots: number): Promise<number> {
  const api = new ApiClient(stack)
  const ids = await Promise.all(Array.from({ length: slots }, () => submit(stack, sleepFor(5))))
  let most = 0
  await waitUntil('as many commands as there are slots have ended', async () => {
    const commands = await Promise.all(ids.map((id) => api.poll(id)))
    most = Math.max(most, commands.filter((command) => command.processing_stage === 'FFMPEG').length)
    const failed = commands.find((command) => command.status === 'FAILED')
    if (failed) throw new Error(`${failed.command_id} ended with ${failed.error_status}: ${failed.error_message}`)
    return commands.every((command) => command.status === 'SUCCESS')
  })
  return most
}

async function notEnded(stack: Stack): Promise<number> {
  const { typed } = new ApiClient(stack)
  const totals = (['QUEUED', 'PROCESSING'] as const).map(async (status) => {
    return (await dataOf(typed.GET('/api/v1/commands', { params: { query: { status, limit: 1 } } }))).total
  })
  return (await Promise.all(totals)).reduce((sum, total) => sum + total, 0)
}

/** Of all lives of the executor. Their names begin with the command's id. */
async function jobFolders(stateDir: string): Promise<number> {
  const jobsDir = jobsDirOf(stateDir)
  return (await readdir(jobsDir, { recursive: true })).filter((name) => /^\d+\/[0-9a-f-]{36}\.\d+-[^/]*$/.test(name)).length
}

/** The count when it has come to nothing, or the last one when it does not. */
async function lowest(count: () => Promise<number>): Promise<number> {
  await waitUntil('nothing is left', async () => (await count()) === 0, CLEARED_TIMEOUT_MS).catch(() => undefined)
  return count()
}

function memoryRows(part: keyof Memory, samples: readonly Memory[]): Row[] {
  const during = ({ from, to }: { from: number; to: number }) =>
    samples
      .slice(Math.floor(from * samples.length), Math.ceil(to * samples.length))
      .map((sample) => sample[part])
      .filter((megabytes) => !Number.isNaN(megabytes))
  const early = medianOf('soak', `memory of ${part}, early`, 'MB', during(EARLY))
  const late = medianOf('soak', `memory of ${part}, late`, 'MB', during(LATE))
  return [early, late, figure('soak', `growth of ${part}`, 'MB', late.value - early.value, FLAT)]
}
