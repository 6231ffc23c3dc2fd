/** Many commands at a time: what the service makes of the machine, and what those who ask meanwhile notice. */
import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { promisify } from 'node:util'
import { readSettings } from '../../src/cli/settings.ts'
import type { Stack } from '../../src/cli/stack.ts'
import { dataOf } from '../client/client.ts'
import { ApiClient } from '../support/api-client.ts'
import type { BareServer } from './bare-server.ts'
import type { CommandLog } from './command-log.ts'
import { settledMemory } from './memory.ts'
import { figure, type Goal, medianOf, type Row } from './rows.ts'
import { inRounds, spreadOf, timed } from './statistics.ts'
import { PICTURE, runToSuccess, sleepFor, submit } from './submit.ts'

const JOBS = 60
const CLIENTS = 8
const ROUNDS = 3
const MANY = 1000
/** After so many the parts have the size that they keep while they work. */
const WARM_UP = 200
const WAITING = 100
const SUBMITS = 60
/** Longer than all of what is measured meanwhile. */
const SLEEP = sleepFor(300)
/** What each command left would add up to more, from 50 kB on. */
const NO_GROWTH: Goal = { op: '<', bound: 50 }

/** Tiny jobs from several clients, beside as many FFmpegs as there are slots under xargs, which does the same by hand. */
export async function measureThroughput(stack: Stack, inputUrl: string): Promise<Row[]> {
  const job = {
    input_files: { in_file: inputUrl },
    output_files: { out_file: 'out.mp4' },
    ffmpeg_command: '-i {{in_file}} -vf scale=160:90 {{out_file}}',
  }
  const rounds = await inRounds(ROUNDS, async () => {
    const before = await plainJobsASecond(inputUrl)
    const ours = await jobsASecond(() => eachOf(JOBS, () => runToSuccess(stack, job)))
    return { ours, plain: (before + (await plainJobsASecond(inputUrl))) / 2 }
  })
  const [ours, plain] = [rounds.map((round) => round.ours), rounds.map((round) => round.plain)]
  const ratios = rounds.map((round) => round.ours / round.plain)
  return [
    medianOf('throughput', 'jobs a second', '/s', ours),
    medianOf('throughput', 'plain FFmpeg under xargs -P, before and after', '/s', plain),
    medianOf('throughput', 'ratio to plain FFmpeg', '×', ratios, { op: '≥', bound: 0.95 }),
  ]
}

async function plainJobsASecond(inputUrl: string): Promise<number> {
  const folder = await mkdtemp(`${tmpdir()}/renderio-bench-plain-`)
  try {
    const byHand = `curl -sS -o {}.in "$1" && ffmpeg -v error -nostdin -y -i {}.in -vf scale=160:90 {}.mp4 && cp {}.mp4 {}.copy.mp4`
    const script = `seq ${JOBS} | xargs -P ${readSettings(process.env).maxConcurrentCommands} -I{} sh -c '${byHand}' sh "$0"`
    return await jobsASecond(() => promisify(execFile)('sh', ['-c', script, inputUrl], { cwd: folder }))
  } finally {
    await rm(folder, { recursive: true })
  }
}

async function jobsASecond(all: () => Promise<unknown>): Promise<number> {
  return JOBS / ((await timed(all)) / 1000)
}

/** So many calls from several clients. */
async function eachOf<T>(count: number, call: () => Promise<T>): Promise<T[]> {
  let left = count
  const results: T[] = []
  const client = async () => {
    while (left-- > 0) results.push(await call())
  }
  await Promise.all(Array.from({ length: CLIENTS }, client))
  return results
}

/** How long a submit takes while every slot is busy and many wait. */
export async function measureBusySubmits(stack: Stack): Promise<Row[]> {
  const api = new ApiClient(stack)
  const idle = await submitTimes(stack, api)
  const held = await eachOf(readSettings(process.env).maxConcurrentCommands + WAITING, () => submit(stack, SLEEP))
  const busy = await submitTimes(stack, api)
  for (const id of held) await cancel(api, id)
  return [
    medianOf('busy', 'submit, idle', 'ms', idle),
    medianOf('busy', `submit, ${WAITING} waiting`, 'ms', busy),
    figure('busy', 'ratio of p95', '×', spreadOf(busy).p95 / spreadOf(idle).p95, { op: '≤', bound: 2 }),
  ]
}

function submitTimes(stack: Stack, api: ApiClient): Promise<number[]> {
  return inRounds(SUBMITS, async () => {
    const start = performance.now()
    const id = await submit(stack, SLEEP)
    const took = performance.now() - start
    await cancel(api, id)
    return took
  })
}

function cancel(api: ApiClient, id: string): Promise<unknown> {
  return dataOf(api.typed.POST('/api/v1/commands/{command_id}/cancel', { params: { path: { command_id: id } } }))
}

/**
 * Very many commands submitted at once: each ends in SUCCESS, by one attempt, and leaves no memory behind.
 * Of what so many objects take at a time workerd's allocator gives nothing back, so that only as many again tell whether more is taken.
 */
export async function measureMany(stack: Stack, bare: BareServer, commandLog: CommandLog): Promise<Row[]> {
  const besides = { besides: bare.pid }
  await runAll(stack, WARM_UP)
  const before = { runs: commandLog.ffmpegRuns, memory: await settledMemory(besides) }
  const all = await runAll(stack, MANY)
  const runs = commandLog.ffmpegRuns - before.runs
  const after = await settledMemory(besides)
  await runAll(stack, MANY)
  const afterTwice = await settledMemory(besides)
  return [
    figure('many', `submits of ${MANY}`, 's', all.submitMs / 1000),
    figure('many', 'until the last has ended', 's', all.totalMs / 1000),
    figure('many', 'ended in SUCCESS', '', all.succeeded, { op: '=', bound: MANY }),
    figure('many', 'runs of FFmpeg', '', runs, { op: '=', bound: MANY }),
    figure('many', 'memory of workerd, settled, before', 'MB', before.memory.workerd),
    figure('many', 'growth of workerd by them', 'MB', after.workerd - before.memory.workerd),
    figure('many', `growth of workerd by ${MANY} more`, 'MB', afterTwice.workerd - after.workerd, NO_GROWTH),
    figure('many', 'memory of the executor, settled, before', 'MB', before.memory.executor),
    figure('many', 'growth of the executor by them', 'MB', after.executor - before.memory.executor, NO_GROWTH),
    figure('many', `growth of the executor by ${MANY} more`, 'MB', afterTwice.executor - after.executor, NO_GROWTH),
  ]
}

async function runAll(stack: Stack, count: number): Promise<{ submitMs: number; totalMs: number; succeeded: number }> {
  const api = new ApiClient(stack)
  const start = performance.now()
  const ids = await eachOf(count, () => submit(stack, PICTURE))
  const submitMs = performance.now() - start
  let succeeded = 0
  for (const id of ids) succeeded += (await api.ended(id, 30 * 60_000)).status === 'SUCCESS' ? 1 : 0
  return { submitMs, totalMs: performance.now() - start, succeeded }
}
