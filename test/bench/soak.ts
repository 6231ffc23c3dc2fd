/**
 * Mixed load while the Worker, the executor, both or the whole stack are killed at random, and objects are evicted in the middle of what they
 * do: nothing is lost, nothing is left behind, nothing grows.
 */
import { createWriteStream } from 'node:fs'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { PROJECT_ROOT, readSettings } from '../../src/cli/settings.ts'
import { buildSite } from '../../src/cli/site.ts'
import { bundleWorker, CONFIG } from '../../src/cli/worker-bundle.ts'
import { seededRandom } from '../support/seeded-random.ts'
import { startTestStack, type TestStack } from '../support/stack.ts'
import { CommandLog } from './command-log.ts'
import type { BenchMedia } from './media.ts'
import { PatientClient } from './patient-client.ts'
import { figure, type Goal, isMet, type Row } from './rows.ts'
import { EVICTED_LINE } from './soak-evictions.ts'
import type { Sample } from './soak-files.ts'
import { type Kill, killAtRandom, tookExecutor, tookWorker } from './soak-kills.ts'
import { kindsOf } from './soak-kinds.ts'
import { leftovers, listedCommands, listedFiles, notEnded, slotsAtWork } from './soak-leftovers.ts'
import { type Kind, type Outcome, runClient } from './soak-load.ts'
import { memoryRows, sampleMemory } from './soak-memory.ts'
import { SoakWebhooks } from './soak-webhooks.ts'

/** Clients beyond the number of slots, so that some always wait. */
const MORE_CLIENTS = 4
const KILLS_THAT_EXCUSE = 3
/** The share of the time, at its end, in which the load goes on and nobody kills: what grows in a process shows when it grows old. */
const CALM = 0.2
const NONE: Goal = { op: '=', bound: 0 }

/** Small parts, so that a file takes several; and a schedule of webhooks that is over while somebody watches. */
const ENVIRONMENT = { UPLOAD_PART_MB: '5', WEBHOOK_RETRY_SCHEDULE: '0,1,2,5,10,15,30,30,30,30' }

export interface SoakOptions {
  media: BenchMedia
  minutes: number
  /** Of every choice that is made outside of the stack: what clients do, what is killed and when. */
  seed: number
}

export async function measureSoak({ media, minutes, seed }: SoakOptions): Promise<Row[]> {
  const stateDir = await mkdtemp(path.join(tmpdir(), 'renderio-bench-soak-'))
  const logFile = await newLogFile(seed)
  console.log(`soak: ${minutes} minutes, --seed ${seed}; the stack's log: ${path.relative(PROJECT_ROOT, logFile)}`)
  const logStream = createWriteStream(logFile)
  const commandLog = new CommandLog()
  let evictions = 0
  const stack = await startTestStack({
    stateDir,
    env: ENVIRONMENT,
    program: await programOf(stateDir),
    onLine: (line) => {
      logStream.write(`${line}\n`)
      if (line.includes(EVICTED_LINE)) evictions++
      commandLog.note(line)
    },
  })
  const webhooks = await SoakWebhooks.start()
  let isClean = false
  try {
    const rows = await soak({ stack, webhooks, commandLog, kinds: await kindsFrom(media), minutes, seed })
    isClean = rows.every((row) => isMet(row) !== false)
    return [figure('soak', 'objects evicted by themselves', '', evictions), ...rows]
  } finally {
    await webhooks.stop()
    await stack.stop()
    logStream.end()
    if (isClean) await rm(stateDir, { recursive: true, force: true })
    else console.log(`soak: not all is as it should be; the state is kept in ${stateDir}`)
  }
}

/** Ids of what the service has told its clients that it has accepted. */
interface Accepted {
  command: ReadonlySet<string>
  file: ReadonlySet<string>
}

interface Soak {
  stack: TestStack
  webhooks: SoakWebhooks
  commandLog: CommandLog
  kinds: readonly Kind[]
  minutes: number
  seed: number
}

async function soak({ stack, webhooks, commandLog, kinds, minutes, seed }: Soak): Promise<Row[]> {
  const slots = readSettings(process.env).maxConcurrentCommands
  const end = AbortSignal.timeout(Math.round(minutes * 60_000))
  const calm = AbortSignal.timeout(Math.round(minutes * (1 - CALM) * 60_000))
  const client = new PatientClient(stack)
  const accepted = { command: new Set<string>(), file: new Set<string>() }
  const session = (n: number) => ({
    client,
    webhooks,
    random: seededRandom(`${seed}/client-${n}`),
    accepted: (what: keyof Accepted, id: string) => void accepted[what].add(id),
    deleted: (id: string) => void accepted.command.delete(id),
  })
  const clients = Array.from({ length: slots + MORE_CLIENTS }, (_, n) => runClient(kinds, session(n), end))
  const [outcomes, kills, samples] = await Promise.all([
    Promise.all(clients).then((each) => each.flat()),
    killAtRandom(stack, seededRandom(`${seed}/kills`), calm),
    sampleMemory(stack, { calm, end }),
  ])
  const { wrong, excused } = judged(outcomes, kills)
  const untold = await webhooks.faults()
  const last = await slotsAtWork(client, slots)
  for (const id of last.ids) accepted.command.add(id)
  const strays = await deleteStrays(client, accepted.file)
  return [
    ...loadRows({ outcomes, kills, client, webhooks, commandLog }),
    figure('soak', 'EXECUTOR_LOST, hit by three kills', '', excused),
    figure('soak', 'files whose first answer was lost', '', strays.length),
    verdict('ended otherwise than they should', wrong.map(sentenceOf)),
    verdict('webhooks that were not told as they should', untold),
    figure('soak', 'slots at work at once, afterwards', '', last.most, { op: '=', bound: slots }),
    figure('soak', 'listed as not ended', '', await notEnded(client), NONE),
    ...(await listRows(client, accepted)),
    ...Object.entries(await leftovers(client, stack.stateDir)).map(([what, found]) => verdict(what, found)),
    ...memoryRows(samples),
  ]
}

/** A Worker with short slices, whose objects are evicted now and then. */
async function programOf(stateDir: string): Promise<string[]> {
  const main = path.join(PROJECT_ROOT, 'test/bench/soak-worker/index.ts')
  await buildSite()
  const { script, options } = await bundleWorker(CONFIG, path.join(stateDir, 'soak-worker'), stateDir, main)
  return [process.execPath, path.join(PROJECT_ROOT, 'test/bench/soak-dev.ts'), script, options]
}

async function newLogFile(seed: number): Promise<string> {
  const folder = path.join(PROJECT_ROOT, 'bench-results')
  await mkdir(folder, { recursive: true })
  return path.join(folder, `${new Date().toISOString().replaceAll(':', '-')}-soak-${seed}.log`)
}

async function kindsFrom(media: BenchMedia): Promise<Kind[]> {
  const url = (name: string, megabits?: number) => `${media.url(name)}${megabits === undefined ? '' : `?megabits=${megabits}`}`
  const sample = async (name: string, megabits: number): Promise<Sample> => {
    return { url: url(name, megabits), bytes: Buffer.from(await (await fetch(url(name))).arrayBuffer()) }
  }
  // In half a slice more than a part of 5 MiB comes, so that every slice leaves something to go on with.
  return kindsOf({ url, medium: await sample('12mb.mov', 50), large: await sample('70mb.mov', 100) })
}

interface Loaded {
  outcomes: readonly Outcome[]
  kills: readonly Kill[]
  client: PatientClient
  webhooks: SoakWebhooks
  commandLog: CommandLog
}

/** What has been done, and to whom. */
function loadRows({ outcomes, kills, client, webhooks, commandLog }: Loaded): Row[] {
  return [
    figure('soak', 'commands and files', '', outcomes.length),
    figure('soak', 'kills of the Worker', '', kills.filter(tookWorker).length),
    figure('soak', 'kills of the executor', '', kills.filter(tookExecutor).length),
    figure('soak', 'kills of the whole stack', '', kills.filter(({ victim }) => victim === 'everything').length),
    figure('soak', 'commands that took another attempt', '', commandLog.repeated),
    figure('soak', 'requests that broke off and were made again', '', client.broken),
    figure('soak', 'answers of 5xx, asked again', '', client.failed),
    figure('soak', 'webhooks wanted', '', webhooks.expected),
    figure('soak', 'webhooks received, repetitions included', '', webhooks.received),
  ]
}

/** Only a command that was under way when each of three kills fell may have lost its executor for good. */
function judged(outcomes: readonly Outcome[], kills: readonly Kill[]): { wrong: Outcome[]; excused: number } {
  const hits = ({ begunAt, endedAt }: Outcome) =>
    kills.filter((kill) => tookExecutor(kill) && kill.at >= begunAt && kill.at <= endedAt).length
  const otherwise = outcomes.filter(({ got, expected }) => got !== expected)
  const isExcused = (outcome: Outcome) => outcome.got === 'EXECUTOR_LOST' && hits(outcome) >= KILLS_THAT_EXCUSE
  return { wrong: otherwise.filter((outcome) => !isExcused(outcome)), excused: otherwise.filter(isExcused).length }
}

/** Nobody knows of a file whose first answer was lost, so that its owner finds it on the list, and deletes it. Answers their ids. */
async function deleteStrays(client: PatientClient, accepted: ReadonlySet<string>): Promise<string[]> {
  const { given } = await listedFiles(client)
  const strays = given.filter((id) => !accepted.has(id))
  for (const file_id of strays) await client.ask((typed) => typed.DELETE('/api/v1/files/{file_id}', { params: { path: { file_id } } }))
  return strays
}

/** The account's lists against what clients know. */
async function listRows(client: PatientClient, accepted: Accepted): Promise<Row[]> {
  const [commands, { given }] = await Promise.all([listedCommands(client), listedFiles(client)])
  const listed = new Set(commands)
  return [
    verdict(
      'commands accepted and not on the list',
      [...accepted.command].filter((id) => !listed.has(id)),
    ),
    verdict(
      'commands on the list that nobody has submitted, or that were deleted',
      commands.filter((id) => !accepted.command.has(id)),
    ),
    verdict('files on the list that should be deleted', given),
  ]
}

/** How many there are of what must not be; each is printed. */
function verdict(what: string, found: readonly string[]): Row {
  for (const each of found) console.log(`soak: ${what}: ${each}`)
  return figure('soak', what, '', found.length, NONE)
}

function sentenceOf({ kind, id, got, expected }: Outcome): string {
  return `${kind} ${id ?? '(never accepted)'}: ${got}, not ${expected}`
}
