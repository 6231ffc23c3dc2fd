/** Single jobs beside the same by hand, in turns, so that a machine that changes its pace changes it for both. */
import type { Stack } from '../../src/cli/stack.ts'
import type { BareServer } from './bare-server.ts'
import { watchMemory } from './memory.ts'
import { type BenchJob, timePlain } from './plain.ts'
import { figure, type Goal, medianOf, type Row } from './rows.ts'
import { inRounds, spreadOf } from './statistics.ts'
import { deleteFiles, runToSuccess } from './submit.ts'

/** What little work a job is shows what the service adds. */
export async function measureTiny(stack: Stack, inputUrl: string): Promise<Row[]> {
  const job: BenchJob = { inputUrl, args: ['-vf', 'scale=160:90'], outputName: 'out.mp4' }
  const rounds = await inRounds(30, async () => ({ plain: await timePlain(job), ours: await timeOurs(stack, job) }))
  const over = rounds.map(({ ours, plain }) => ours - plain)
  return [
    ...timesOf('tiny', rounds),
    medianOf('tiny', 'over plain FFmpeg', 'ms', over, { op: '≤', bound: 25 }),
    figure('tiny', 'over plain FFmpeg, 95th percentile', 'ms', spreadOf(over).p95, { op: '≤', bound: 60 }),
  ]
}

/** FFmpeg's own work, which the service should not slow. */
export async function measureTranscode(stack: Stack, inputUrl: string): Promise<Row[]> {
  const job: BenchJob = { inputUrl, args: ['-vf', 'scale=854:480'], outputName: 'out.mp4' }
  const rounds = await inRounds(5, async () => ({ plain: await timePlain(job), ours: await timeOurs(stack, job) }))
  const ratios = rounds.map(({ ours, plain }) => ours / plain)
  return [...timesOf('transcode', rounds), medianOf('transcode', 'ratio to plain FFmpeg', '×', ratios, { op: '≤', bound: 1.02 })]
}

export interface CopyGoals {
  ratio: Goal | null
  /** Without the time that the local R2 takes, which is not the service's. */
  withoutR2: Goal | null
  peakMemory: Goal | null
}

/** Bytes that only pass through: nearly all of it is moving them. */
export async function measureCopy(options: {
  scenario: string
  stack: Stack
  bare: BareServer
  inputUrl: string
  bytes: number
  goals: CopyGoals
}): Promise<Row[]> {
  const { scenario, stack, bare, inputUrl, bytes, goals } = options
  const job: BenchJob = { inputUrl, args: ['-c', 'copy'], outputName: 'out.mov' }
  const memory = await watchMemory({ besides: bare.pid })
  const rounds = await inRounds(3, async () => ({
    plain: await timePlain(job),
    ours: await timeOurs(stack, job),
    inR2: await bare.timeUpload(bytes),
  }))
  const peak = await memory.peak()
  const ratios = rounds.map(({ ours, plain }) => ours / plain)
  const ratiosWithoutR2 = rounds.map(({ ours, plain, inR2 }) => (ours - inR2) / plain)
  const inR2 = rounds.map((round) => round.inR2)
  return [
    ...timesOf(scenario, rounds),
    medianOf(scenario, 'ratio to plain FFmpeg', '×', ratios, goals.ratio),
    medianOf(scenario, 'from an executor into local R2 alone', 'ms', inR2),
    medianOf(scenario, 'ratio to plain FFmpeg, without that time', '×', ratiosWithoutR2, goals.withoutR2),
    figure(scenario, 'peak memory of workerd', 'MB', peak.workerd, goals.peakMemory),
    figure(scenario, 'peak memory of the executor', 'MB', peak.executor, goals.peakMemory),
  ]
}

function timesOf(scenario: string, rounds: { plain: number; ours: number }[]): Row[] {
  const [plain, ours] = [rounds.map((round) => round.plain), rounds.map((round) => round.ours)]
  return [medianOf(scenario, 'plain FFmpeg', 'ms', plain), medianOf(scenario, 'POST to answer', 'ms', ours)]
}

async function timeOurs(stack: Stack, job: BenchJob): Promise<number> {
  const start = performance.now()
  const commandId = await runToSuccess(stack, {
    input_files: { in_file: job.inputUrl },
    output_files: { out_file: job.outputName },
    ffmpeg_command: `-i {{in_file}} ${job.args.join(' ')} {{out_file}}`,
  })
  const took = performance.now() - start
  await deleteFiles(stack, commandId)
  return took
}
