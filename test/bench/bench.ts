/** `npm run bench`: what the service costs beside plain FFmpeg doing the same job in the same run. `-- --help` tells the rest. */
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { PROJECT_ROOT, readSettings } from '../../src/cli/settings.ts'
import { type Stack, startStack } from '../../src/cli/stack.ts'
import { stopSignal } from '../../src/cli/stop-signal.ts'
import { type BareServer, startBareServer } from './bare-server.ts'
import { CommandLog } from './command-log.ts'
import { measureContainers } from './containers.ts'
import { measureInputs } from './inputs.ts'
import { measureBusySubmits, measureMany, measureThroughput } from './load.ts'
import { type BenchMedia, type Sample, startBenchMedia } from './media.ts'
import { measurePaging } from './paging.ts'
import { measureCopy, measureTiny, measureTranscode } from './plain-jobs.ts'
import { readReport, writeReport } from './report.ts'
import { measurePolls, measureSubmits } from './requests.ts'
import { type Row, tableOf } from './rows.ts'
import { measureSoak, type SoakOptions } from './soak.ts'
import { measureWebhooks } from './webhooks.ts'

interface Bench {
  stack: Stack
  media: BenchMedia
  bare: BareServer
  commandLog: CommandLog
}

interface Scenario {
  about: string
  samples?: Sample[]
  run: (bench: Bench) => Promise<Row[]>
}

interface AloneScenario {
  about: string
  samples: Sample[]
  run: (soak: SoakOptions) => Promise<Row[]>
}

const SCENARIOS: Record<string, Scenario> = {
  tiny: {
    about: 'a one-second video made small, warm, one at a time: what is added to plain FFmpeg',
    samples: ['tiny.mp4'],
    run: ({ stack, media }) => measureTiny(stack, media.url('tiny.mp4')),
  },
  transcode: {
    about: '30 s of 720p H.264 to 480p, beside plain FFmpeg',
    samples: ['30s.mp4'],
    run: ({ stack, media }) => measureTranscode(stack, media.url('30s.mp4')),
  },
  copy50: {
    about: 'a stream copy of 50 MB, beside plain FFmpeg and the local R2 alone',
    samples: ['50mb.mov'],
    run: ({ stack, media, bare }) => {
      const goals = { ratio: null, withoutR2: null, peakMemory: null }
      return measureCopy({ scenario: 'copy50', stack, bare, inputUrl: media.url('50mb.mov'), bytes: 50e6, goals })
    },
  },
  copy1g: {
    about: 'a stream copy of 1,000 MB, likewise, and the memory that it takes',
    samples: ['1000mb.mov'],
    run: ({ stack, media, bare }) =>
      measureCopy({
        scenario: 'copy1g',
        stack,
        bare,
        inputUrl: media.url('1000mb.mov'),
        bytes: 1000e6,
        goals: { ratio: { op: '≤', bound: 2.5 }, withoutR2: { op: '≤', bound: 1.3 }, peakMemory: { op: '<', bound: 200 } },
      }),
  },
  containers: {
    about: 'a tiny job in a cold and in a warm container, where a Docker engine answers',
    run: ({ stack }) => measureContainers(stack),
  },
  submits: {
    about: 'submits a second, beside a bare route of the same server',
    run: ({ stack, bare }) => measureSubmits(stack, bare),
  },
  webhooks: {
    about: 'how soon a webhook is at its receiver, and how many a second can be',
    run: ({ stack, commandLog }) => measureWebhooks(stack, commandLog),
  },
  paging: {
    about: 'lists and submits of an account with 100,000 commands',
    run: () => measurePaging(),
  },
  throughput: {
    about: '60 tiny jobs from 8 clients, beside as many FFmpegs as there are slots under xargs -P',
    samples: ['tiny.mp4'],
    run: ({ stack, media }) => measureThroughput(stack, media.url('tiny.mp4')),
  },
  inputs: {
    about: 'four inputs of 100 MB at 200 Mbit/s each, beside curl --parallel and FFmpeg',
    samples: ['100mb.mov'],
    run: ({ stack, media }) => measureInputs(stack, (n) => media.url(`100mb.mov?megabits=200&n=${n}`)),
  },
  busy: {
    about: 'how long a submit takes while every slot is busy and 100 commands wait',
    run: ({ stack }) => measureBusySubmits(stack),
  },
  polls: {
    about: 'polls a second, beside a bare route of the same server',
    run: ({ stack, bare }) => measurePolls(stack, bare),
  },
  many: {
    about: '1,000 commands at once: none lost, none run twice, and the memory after them',
    run: ({ stack, bare, commandLog }) => measureMany(stack, bare, commandLog),
  },
}

/** With a stack of its own, which it may kill. */
const ALONE: Record<string, AloneScenario> = {
  soak: {
    about: 'mixed load for --minutes (30) while the Worker, the executor or all of it is killed at random (--seed)',
    samples: ['tiny.mp4', '12mb.mov', '50mb.mov', '70mb.mov'],
    run: measureSoak,
  },
}

const HELP = `npm run bench [-- [scenario …] [--against bench-results/<file>.json] [--minutes N] [--seed N]]

Measures the embedded stack beside plain FFmpeg, marks the goals that are met (✓) and missed (✗), and writes the figures to
bench-results/. With --against it shows those of an earlier run beside them. Without a scenario it runs all of them, one after the other:

${Object.entries({ ...SCENARIOS, ...ALONE })
  .map(([name, { about }]) => `  ${name.padEnd(12)}${about}`)
  .join('\n')}
`

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    options: {
      against: { type: 'string' },
      minutes: { type: 'string', default: '30' },
      seed: { type: 'string', default: String(Math.floor(Math.random() * 1e6)) },
      help: { type: 'boolean' },
    },
    allowPositionals: true,
  })
  if (values.help) return console.log(HELP)
  const names = positionals.length > 0 ? positionals : [...Object.keys(SCENARIOS), ...Object.keys(ALONE)]
  const unknown = names.find((name) => !(name in SCENARIOS) && !(name in ALONE))
  if (unknown !== undefined) throw new Error(`There is no scenario ${unknown}; --help lists them`)
  const soak = { minutes: numberOf('minutes', values.minutes), seed: numberOf('seed', values.seed) }
  const earlier = values.against === undefined ? null : await readReport(values.against)
  const stopping = stopSignal()
  const stopped = once(stopping, 'abort')
  const rows: Row[] = []
  const measure = async (name: string, run: () => Promise<Row[]>) => {
    if (stopping.aborted) return
    console.log(`${name} …`)
    try {
      await Promise.race([run().then((measured) => rows.push(...measured)), stopped])
    } catch (error) {
      // What the others have measured is still worth knowing.
      console.error(`${name} could not be measured:`, error)
      process.exitCode = 1
    }
  }
  const together = chosenOf(SCENARIOS, names)
  if (together.length > 0) {
    await withBench([...new Set(together.flatMap(({ samples = [] }) => samples))], async (bench) => {
      for (const { name, run } of together) await measure(name, () => run(bench))
    })
  }
  for (const { name, samples, run } of chosenOf(ALONE, names)) {
    const media = await startBenchMedia(samples)
    await measure(name, () => run({ media, ...soak })).finally(media.stop)
  }
  console.log(tableOf(rows, earlier))
  const file = await writeReport(path.join(PROJECT_ROOT, 'bench-results'), rows)
  console.log(`\nWritten to ${path.relative(PROJECT_ROOT, file)}`)
  // A scenario that was given up still waits for its stack.
  if (stopping.aborted) process.exit(1)
}

function chosenOf<S>(scenarios: Record<string, S>, names: readonly string[]): (S & { name: string })[] {
  return names.flatMap((name) => {
    const scenario = scenarios[name]
    return scenario === undefined ? [] : [{ ...scenario, name }]
  })
}

/** Starts what scenarios need, and ends it after them. */
async function withBench<T>(samples: readonly Sample[], use: (bench: Bench) => Promise<T>): Promise<T> {
  const stateDir = await mkdtemp(path.join(tmpdir(), 'renderio-bench-state-'))
  const settings = { ...readSettings(process.env), port: 0, stateDir }
  const media = await startBenchMedia(samples)
  const bare = await startBareServer()
  const commandLog = new CommandLog()
  const stack = await startStack({ settings, log: (line) => commandLog.note(line) })
  try {
    return await use({ stack, media, bare, commandLog })
  } finally {
    await Promise.all([stack.stop(), bare.stop(), media.stop()])
    await rm(stateDir, { recursive: true, force: true })
  }
}

function numberOf(option: string, value: string): number {
  const number = Number(value)
  if (!(number >= 0)) throw new Error(`--${option} must be a number from 0, not ${value}`)
  return number
}

await main()
