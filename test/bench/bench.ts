/**
 * `npm run bench [-- scenario … --against bench-results/<file>.json]`: what the service costs beside plain FFmpeg doing the same job in the
 * same run, and beside what it cost in an earlier one.
 */
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { z } from 'zod'
import { PROJECT_ROOT, readSettings } from '../../src/cli/settings.ts'
import { type Stack, startStack } from '../../src/cli/stack.ts'
import { ApiClient } from '../support/api-client.ts'
import { type BareServer, startBareServer } from './bare-server.ts'
import { measureContainers } from './containers.ts'
import { measureInputs } from './inputs.ts'
import { measureBusySubmits, measureMany, measureThroughput } from './load.ts'
import { type BenchMedia, startBenchMedia } from './media.ts'
import { watchMemory } from './memory.ts'
import { measurePaging } from './paging.ts'
import { type BenchJob, timePlain } from './plain.ts'
import { type Row, spreadOf, tableOf } from './statistics.ts'
import { CommandEnds, measureWebhooks } from './webhooks.ts'

/** What is taken from an earlier report. */
const reportSchema = z.object({
  schema_version: z.literal(1),
  rows: z.array(z.object({ scenario: z.string(), measure: z.string(), value: z.number().nullable() })),
})

interface Bench {
  stack: Stack
  media: BenchMedia
  bare: BareServer
  ends: CommandEnds
}

const SCENARIOS: Record<string, (bench: Bench) => Promise<Row[]>> = {
  tiny: ({ stack, media }) =>
    compare(
      'tiny',
      stack,
      { inputUrl: media.url('tiny.mp4'), args: ['-vf', 'scale=160:90'], outputName: 'out.mp4' },
      15,
      (ours, plain) => ({
        measure: 'over plain FFmpeg',
        unit: 'ms',
        value: ours - plain,
        goal: '≤ 60',
      }),
    ),
  transcode: ({ stack, media }) =>
    compare(
      'transcode',
      stack,
      { inputUrl: media.url('30s.mp4'), args: ['-vf', 'scale=854:480'], outputName: 'out.mp4' },
      3,
      (ours, plain) => ({
        measure: 'ratio to plain FFmpeg',
        unit: '×',
        value: ours / plain,
        goal: '≤ 1.05',
      }),
    ),
  copy50: (bench) => copy(bench, 50),
  copy500: (bench) => copy(bench, 500),
  containers: ({ stack }) => measureContainers(stack),
  submits: async ({ stack, bare }) => {
    const blocker = await holdAllSlots(stack)
    const ours = await rate(() =>
      submit(stack, { ffmpeg_command: '-f lavfi -i color=d=1 -frames:v 1 {{out_file}}', output_files: { out_file: 'x.png' } }),
    )
    const theirs = await rate(async () => void (await (await fetch(`${bare.url}/submit`, { method: 'POST' })).json()))
    await blocker()
    return [
      row('submits', 'submits a second', '/s', ours, null),
      row('submits', 'bare route, a second', '/s', theirs, null),
      row('submits', 'ratio to the bare route', '×', ours / theirs, '≥ 0.5'),
    ]
  },
  webhooks: ({ stack, ends }) => measureWebhooks(stack, ends),
  paging: () => measurePaging(),
  throughput: ({ stack, media }) => measureThroughput(stack, media.url('tiny.mp4')),
  inputs: ({ stack, media }) => measureInputs(stack, (n) => media.url(`100mb.mov?megabits=200&n=${n}`)),
  busy: ({ stack }) => measureBusySubmits(stack),
  polls: async ({ stack, bare }) => {
    const api = new ApiClient(stack)
    const id = await api.submit({ ffmpeg_command: '-f lavfi -i color=d=1 -frames:v 1 {{out_file}}', output_files: { out_file: 'x.png' } })
    await api.ended(id)
    const ours = await rate(async () => void (await (await api.fetch(`/api/v1/commands/${id}`)).json()))
    const theirs = await rate(async () => void (await (await fetch(bare.url)).text()))
    return [
      row('polls', 'polls a second', '/s', ours, null),
      row('polls', 'bare route, a second', '/s', theirs, null),
      row('polls', 'ratio to the bare route', '×', ours / theirs, '≥ 0.6'),
    ]
  },
  many: ({ stack, ends }) => measureMany(stack, () => ends.attempts),
}

async function copy({ stack, media, bare }: Bench, megabytes: number): Promise<Row[]> {
  const scenario = `copy${megabytes}`
  const memory = await watchMemory(process.pid)
  const job = { inputUrl: media.url(`${megabytes}mb.mov`), args: ['-c', 'copy'], outputName: 'out.mov' }
  const rows = await compare(scenario, stack, job, 3, (ours, plain) => ({
    measure: 'ratio to plain FFmpeg',
    unit: '×',
    value: ours / plain,
    goal: '≤ 2',
  }))
  const peak = await memory.peak()
  const inR2 = await bare.timeUpload(megabytes * 1_000_000)
  return [
    ...rows,
    row(scenario, 'executor into local R2 alone', 'ms', inR2, null),
    row(scenario, 'peak memory of workerd', 'MB', peak.workerd, '< 250'),
    row(scenario, 'peak memory of the executor', 'MB', peak.executor, '< 250'),
  ]
}

/** Plain and ours in turn, so that a machine that changes its pace changes it for both. */
async function compare(
  scenario: string,
  stack: Stack,
  job: BenchJob,
  runs: number,
  verdict: (ours: number, plain: number) => Pick<Row, 'measure' | 'unit' | 'value' | 'goal'>,
): Promise<Row[]> {
  const ours: number[] = []
  const plain: number[] = []
  // One round that does not count warms caches and connections.
  for (let round = 0; round <= runs; round++) {
    const figures = { plain: await timePlain(job), ours: await timeOurs(stack, job) }
    if (round === 0) continue
    plain.push(figures.plain)
    ours.push(figures.ours)
  }
  const verdicts = ours.map((time, round) => verdict(time, plain[round] ?? Number.NaN))
  const [first] = verdicts
  const spread = spreadOf(verdicts.map(({ value }) => value))
  return [
    { scenario, measure: 'plain FFmpeg', unit: 'ms', value: spreadOf(plain).median, spread: spreadOf(plain), goal: null },
    { scenario, measure: 'POST to answer', unit: 'ms', value: spreadOf(ours).median, spread: spreadOf(ours), goal: null },
    ...(first ? [{ ...first, scenario, value: spread.median, spread }] : []),
  ]
}

function row(scenario: string, measure: string, unit: Row['unit'], value: number, goal: string | null): Row {
  return { scenario, measure, unit, value, spread: null, goal }
}

async function timeOurs(stack: Stack, job: BenchJob): Promise<number> {
  const start = performance.now()
  const command = await submit(
    stack,
    {
      input_files: { in_file: job.inputUrl },
      output_files: { out_file: job.outputName },
      ffmpeg_command: `-i {{in_file}} ${job.args.join(' ')} {{out_file}}`,
    },
    60,
  )
  if (command.status !== 'SUCCESS') throw new Error(JSON.stringify(command))
  return performance.now() - start
}

async function submit(stack: Stack, body: object, waitSeconds = 0): Promise<Record<string, unknown>> {
  const response = await fetch(`${stack.url}/api/v1/run-ffmpeg-command`, {
    method: 'POST',
    headers: { 'x-api-key': stack.apiKey, 'content-type': 'application/json', ...(waitSeconds && { prefer: `wait=${waitSeconds}` }) },
    body: JSON.stringify(body),
  })
  if (!response.ok) throw new Error(`${response.status} ${await response.text()}`)
  return (await response.json()) as Record<string, unknown>
}

/** Calls a second, eight at a time, over three seconds. */
async function rate(call: () => Promise<unknown>): Promise<number> {
  const seconds = 3
  const end = performance.now() + seconds * 1000
  let calls = 0
  const worker = async () => {
    for (; performance.now() < end; calls++) await call()
  }
  await Promise.all(Array.from({ length: 8 }, worker))
  return calls / seconds
}

/** Fills the slots with commands that sleep, so that FFmpeg takes no time from what is measured. Ends when told. */
async function holdAllSlots(stack: Stack): Promise<() => Promise<void>> {
  const ids = await Promise.all(
    Array.from({ length: readSettings(process.env).maxConcurrentCommands }, () =>
      submit(stack, { ffmpeg_command: '-re -f lavfi -i anullsrc=d=12 {{out_file}}', output_files: { out_file: 'x.wav' } }),
    ),
  )
  return async () => {
    for (const { command_id } of ids) {
      await fetch(`${stack.url}/api/v1/commands/${command_id}?wait=30`, { headers: { 'x-api-key': stack.apiKey } })
    }
  }
}

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({ options: { against: { type: 'string' } }, allowPositionals: true })
  const names = positionals.length > 0 ? positionals : Object.keys(SCENARIOS)
  const earlier = values.against === undefined ? null : reportSchema.parse(JSON.parse(await readFile(values.against, 'utf8'))).rows
  const unknown = names.filter((name) => !Object.hasOwn(SCENARIOS, name))
  if (unknown.length > 0) throw new Error(`unknown: ${unknown.join(', ')}; there are ${Object.keys(SCENARIOS).join(', ')}`)
  const stateDir = await mkdtemp(path.join(tmpdir(), 'renderio-bench-state-'))
  const settings = { ...readSettings(process.env), port: 0, stateDir }
  const media = await startBenchMedia(['tiny.mp4', '30s.mp4', '50mb.mov', '100mb.mov', '500mb.mov'])
  const bare = await startBareServer()
  const ends = new CommandEnds()
  const stack = await startStack({ settings, log: (line) => ends.note(line) })
  try {
    const rows: Row[] = []
    for (const name of names) rows.push(...((await SCENARIOS[name]?.({ stack, media, bare, ends })) ?? []))
    console.log(tableOf(rows, earlier))
    const folder = path.join(PROJECT_ROOT, 'bench-results')
    await mkdir(folder, { recursive: true })
    const file = path.join(folder, `${new Date().toISOString().replaceAll(':', '-')}.json`)
    await writeFile(file, `${JSON.stringify({ schema_version: 1, at: new Date().toISOString(), rows }, null, 2)}\n`)
    console.log(`\nWritten to ${path.relative(PROJECT_ROOT, file)}`)
  } finally {
    await Promise.all([stack.stop(), bare.stop(), media.stop()])
    await rm(stateDir, { recursive: true, force: true })
  }
}

await main()
