import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { executorHealthSchema, type JobState } from '../../src/executor/protocol.ts'
import { JobClient, testSource } from '../executor/job-client.ts'
import { type ExecutorProcess, startExecutor } from '../support/executor-process.ts'
import { descendantsOf } from '../support/processes.ts'
import { waitUntil } from '../support/wait-until.ts'
import { hoursApart, hugePng } from './bombs.ts'
import { brokenSample, type Sample, seedsForAll } from './mutations.ts'
import { makeSamples } from './sample-media.ts'

/** A failure is repeated by its own seed: `FUZZ_SEED=<seed>` makes it the first. */
const FIRST_SEED = Number(process.env.FUZZ_SEED ?? 1)
const AT_ONCE = 3

const SAMPLE_FILES = ['video.mp4', 'video.webm', 'music.mp3', 'picture.png', 'moving.gif', 'sound.wav', 'video.ts', 'subs.srt']

/** What users do with an input, as far as it goes with any. */
const TREATMENTS: ((input: string) => string[])[] = [
  (input) => ['-i', input, '-f', 'null', '-'],
  (input) => ['-i', input, '-c', 'copy', 'out.mkv'],
  (input) => ['-i', input, '-vf', 'scale=64:-2', '-frames:v', '5', 'out.mp4'],
  (input) => [...testSource(1), '-vf', `subtitles=${input}`, '-frames:v', '2', 'out.png'],
]

let executor: ExecutorProcess
/** Process ids of what runs for as long as the executor does. */
let standing: number[]
let folder: string
let samples: Sample[]

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'renderio-test-'))
  await makeSamples(folder)
  samples = await Promise.all(
    SAMPLE_FILES.map(async (filename) => ({ filename, bytes: new Uint8Array(await readFile(join(folder, filename))) })),
  )
  // Far less than machines have, so that what wants too much meets this limit and not the machine's.
  executor = await startExecutor({ env: { MAX_FFMPEG_MEMORY_MB: '1000' } })
  standing = await descendants()
})
afterAll(async () => {
  await executor.stop()
  await rm(folder, { recursive: true, force: true })
})

/** Runs in real time beside what a test does, and must not notice. */
async function neighbour(seconds: number): Promise<JobState> {
  const job = new JobClient(executor)
  const state = await job.ended({ commands: [['-re', ...testSource(seconds), '-c:v', 'mpeg4', 'out.mp4']], outputs: { out: 'out.mp4' } })
  await job.remove()
  return state
}

async function expectGoodHealth(): Promise<void> {
  const health = executorHealthSchema.parse(await (await fetch(`${executor.url}/v1/health`)).json())
  expect(health).toMatchObject({ ok: true, running_jobs: 0 })
}

const descendants = async () => (await descendantsOf(executor.pid)).map((info) => info.pid)

/** No job's folder and no process of one is left. */
async function expectNothingLeft(): Promise<void> {
  const isJob = (name: string) => /^[0-9a-f-]{36}\.\d/.test(name)
  expect((await readdir(join(executor.jobsDir, `${executor.pid}`))).filter(isJob)).toEqual([])
  await waitUntil('all programs have ended', async () => (await descendants()).every((pid) => standing.includes(pid)))
}

async function fuzz(seed: number): Promise<string | null> {
  const { filename, how, bytes } = brokenSample(seed, samples)
  const job = new JobClient(executor)
  const input = filename.replace(/^.*\./, 'in.')
  await job.put(input, bytes)
  // Neither the samples nor the ways to break them always meet the same treatment.
  const treatment = TREATMENTS[(seed + Math.floor(seed / samples.length)) % TREATMENTS.length] ?? (() => [])
  const state = await job.ended({
    commands: [treatment(input)],
    inputs: { in: input },
    limits: { run_seconds: 5, disk_bytes: 50e6 },
  })
  await job.remove()
  const isOurFault = state.state === 'FAILED' && state.error.code === 'INTERNAL_ERROR'
  return isOurFault ? `FUZZ_SEED=${seed} (${filename}, ${how}): ${state.error.message}` : null
}

test('broken media of every kind end their own job at most', async () => {
  const beside = neighbour(5)
  const faults: string[] = []
  const seeds = Array.from({ length: seedsForAll(samples) }, (_, n) => FIRST_SEED + n)
  const worker = async () => {
    for (let seed = seeds.shift(); seed !== undefined; seed = seeds.shift()) {
      const own = `FUZZ_SEED=${seed}`
      const fault = await fuzz(seed).catch((error: unknown) => `${own}: ${error}`)
      if (fault !== null) faults.push(fault)
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, worker))
  expect(faults).toEqual([])
  expect(await beside).toMatchObject({ state: 'SUCCEEDED' })
  await expectGoodHealth()
  await expectNothingLeft()
})

const HUGE = ['-loop', '1', '-i', 'bomb.png', '-t', '60']
const APART = ['-i', 'bomb.mkv', '-vf', 'fps=1000']

describe('a small input that asks for too much ends its own job only', () => {
  test.for([
    { what: 'ten hours between frames, at a constant rate', argv: [...APART, '-f', 'null', '-'], codes: ['TIMEOUT'] },
    {
      what: 'ten hours between frames, written raw',
      argv: [...APART, '-c:v', 'rawvideo', 'out.avi'],
      codes: ['OUTPUT_TOO_LARGE'],
    },
    {
      what: '256 megapixels, encoded',
      argv: [...HUGE, '-c:v', 'libx264', 'out.mp4'],
      codes: ['TIMEOUT', 'FFMPEG_ERROR'],
    },
    {
      what: '256 megapixels, in three colours',
      argv: [...HUGE, '-pix_fmt', 'rgb24', '-c:v', 'rawvideo', 'out.avi'],
      codes: ['OUTPUT_TOO_LARGE', 'TIMEOUT', 'FFMPEG_ERROR'],
    },
    {
      what: '256 megapixels, four times as large',
      argv: [...HUGE, '-vf', 'scale=32000:32000', 'out.png'],
      codes: ['TIMEOUT', 'FFMPEG_ERROR'],
    },
  ])('$what', async ({ argv, codes }) => {
    const beside = neighbour(2)
    const job = new JobClient(executor)
    const input = argv.includes('bomb.png') ? 'bomb.png' : 'bomb.mkv'
    const bytes = input === 'bomb.png' ? hugePng() : await hoursApart(folder)
    expect(bytes.length).toBeLessThan(50_000)
    await job.put(input, bytes)
    const runSeconds = codes.includes('TIMEOUT') ? 3 : 60
    const state = await job.ended({ commands: [argv], inputs: { bomb: input }, limits: { run_seconds: runSeconds, disk_bytes: 100e6 } })
    expect(state).toMatchObject({ state: 'FAILED', error: { code: expect.toSatisfy((code) => codes.includes(code)) } })
    expect(await beside).toMatchObject({ state: 'SUCCEEDED' })
    await job.remove()
    await expectGoodHealth()
    await expectNothingLeft()
  })
})
