/** Many commands at a time: what the service makes of the machine, and what those who ask meanwhile notice. */
import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { promisify } from 'node:util'
import { readSettings } from '../../src/cli/settings.ts'
import type { Stack } from '../../src/cli/stack.ts'
import { dataOf } from '../client/client.ts'
import { ApiClient, type SubmitOptions } from '../support/api-client.ts'
import { residentMemory } from './memory.ts'
import { type Row, spreadOf } from './statistics.ts'

const JOBS = 60
const CLIENTS = 8
const MANY = 1000
const WAITING = 100
const SUBMITS = 60

const PICTURE: SubmitOptions = { ffmpeg_command: '-f lavfi -i color=d=1 -frames:v 1 {{out_file}}', output_files: { out_file: 'x.png' } }
/** Takes a slot and no time of the machine's. */
const SLEEP: SubmitOptions = { ffmpeg_command: '-re -f lavfi -i anullsrc=d=120 {{out_file}}', output_files: { out_file: 'x.wav' } }

/** Tiny jobs from several clients, beside as many FFmpegs as there are slots under xargs, which does the same by hand. */
export async function measureThroughput(stack: Stack, inputUrl: string): Promise<Row[]> {
  const api = new ApiClient(stack)
  const job = {
    input_files: { in_file: inputUrl },
    output_files: { out_file: 'out.mp4' },
    ffmpeg_command: '-i {{in_file}} -vf scale=160:90 {{out_file}}',
  }
  const ours = await jobsASecond(async () => {
    let left = JOBS
    const client = async () => {
      for (; left > 0; ) {
        left--
        const { status } = await api.ended(await api.submit(job))
        if (status !== 'SUCCESS') throw new Error(`a job ended as ${status}`)
      }
    }
    await Promise.all(Array.from({ length: CLIENTS }, client))
  })
  const folder = await mkdtemp(`${tmpdir()}/renderio-bench-plain-`)
  try {
    const byHand = `curl -sS -o {}.in "$1" && ffmpeg -v error -nostdin -y -i {}.in -vf scale=160:90 {}.mp4 && cp {}.mp4 {}.copy.mp4`
    const script = `seq ${JOBS} | xargs -P ${readSettings(process.env).maxConcurrentCommands} -I{} sh -c '${byHand}' sh "$0"`
    const plain = await jobsASecond(() => promisify(execFile)('sh', ['-c', script, inputUrl], { cwd: folder }))
    return [
      figure('throughput', 'jobs a second', '/s', ours, null),
      figure('throughput', 'plain FFmpeg under xargs -P', '/s', plain, null),
      figure('throughput', 'ratio to plain FFmpeg', '×', ours / plain, '≥ 0.95'),
    ]
  } finally {
    await rm(folder, { recursive: true })
  }
}

async function jobsASecond(all: () => Promise<unknown>): Promise<number> {
  const start = performance.now()
  await all()
  return JOBS / ((performance.now() - start) / 1000)
}

/** How long a submit takes while every slot is busy and many wait. */
export async function measureBusySubmits(stack: Stack): Promise<Row[]> {
  const api = new ApiClient(stack)
  const idle = await submitTimes(api)
  const held = await Promise.all(Array.from({ length: readSettings(process.env).maxConcurrentCommands + WAITING }, () => api.submit(SLEEP)))
  const busy = await submitTimes(api)
  for (const id of held) await cancel(api, id)
  return [
    { scenario: 'busy', measure: 'submit, idle', unit: 'ms', value: idle.median, spread: idle, goal: null },
    { scenario: 'busy', measure: `submit, ${WAITING} waiting`, unit: 'ms', value: busy.median, spread: busy, goal: null },
    figure('busy', 'ratio of p95', '×', busy.p95 / idle.p95, '≤ 2'),
  ]
}

async function submitTimes(api: ApiClient) {
  const times: number[] = []
  for (let n = 0; n <= SUBMITS; n++) {
    const start = performance.now()
    const id = await api.submit(SLEEP)
    // One that does not count warms caches and connections.
    if (n > 0) times.push(performance.now() - start)
    await cancel(api, id)
  }
  return spreadOf(times)
}

function cancel(api: ApiClient, id: string): Promise<unknown> {
  return dataOf(api.typed.POST('/api/v1/commands/{command_id}/cancel', { params: { path: { command_id: id } } }))
}

/** Very many commands submitted at once: each ends in SUCCESS, by one attempt, and the memory is given back. */
export async function measureMany(stack: Stack, attempts: () => number): Promise<Row[]> {
  const api = new ApiClient(stack)
  const before = { attempts: attempts(), memory: await residentMemory(process.pid) }
  const start = performance.now()
  const ids: string[] = []
  let left = MANY
  const client = async () => {
    while (left-- > 0) ids.push(await api.submit(PICTURE))
  }
  await Promise.all(Array.from({ length: CLIENTS }, client))
  const submitted = performance.now() - start
  let succeeded = 0
  for (const id of ids) succeeded += (await api.ended(id, 30 * 60_000)).status === 'SUCCESS' ? 1 : 0
  const seconds = (performance.now() - start) / 1000
  const after = await residentMemory(process.pid)
  return [
    figure('many', `submits of ${MANY}`, 's', submitted / 1000, null),
    figure('many', 'until the last has ended', 's', seconds, null),
    figure('many', 'ended in SUCCESS', '', succeeded, `${MANY}`),
    figure('many', 'attempts', '', attempts() - before.attempts, `${MANY}`),
    figure('many', 'memory of workerd, more than before', 'MB', after.workerd - before.memory.workerd, null),
    figure('many', 'memory of the executor, more than before', 'MB', after.executor - before.memory.executor, null),
  ]
}

function figure(scenario: string, measure: string, unit: Row['unit'], value: number, goal: string | null): Row {
  return { scenario, measure, unit, value, spread: null, goal }
}
