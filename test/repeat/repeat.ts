/**
 * `npm run test:repeat`: runs all tests ten times, on a quiet and on a busy machine, in order and in random order, and names each test that
 * failed even once. `npm run test:repeat -- --rounds 3 -- --project unit` runs three rounds, and passes the rest on to vitest.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, open, readFile, rm } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { Worker } from 'node:worker_threads'
import { z } from 'zod'
import { OperatorError, runProgram } from '../../src/cli/operator-error.ts'
import { type Conditions, conditionsOf, describeConditions, describeFailures, type Round } from './rounds.ts'

const ROOT = path.resolve(import.meta.dirname, '../..')
const RESULTS = path.join(ROOT, 'test-results/repeat')
const VITEST = path.join(ROOT, 'node_modules/vitest/vitest.mjs')
const MAX_SEED = 1_000_000

const reportSchema = z.object({
  testResults: z.array(
    z.object({
      name: z.string(),
      status: z.string(),
      message: z.string(),
      assertionResults: z.array(z.object({ fullName: z.string(), status: z.string() })),
    }),
  ),
})

await runProgram(async () => {
  const { values, positionals } = parseArgs({ options: { rounds: { type: 'string', default: '10' } }, allowPositionals: true })
  const count = Number(values.rounds)
  if (!Number.isInteger(count) || count < 1) throw new OperatorError('--rounds must be a whole number from 1')
  await rm(RESULTS, { recursive: true, force: true })
  await mkdir(RESULTS, { recursive: true })
  const rounds: Round[] = []
  for (let number = 1; number <= count; number++) {
    const conditions = conditionsOf(number, Math.floor(Math.random() * MAX_SEED))
    console.log(`Round ${number} of ${count}: ${describeConditions(conditions)}`)
    const round = await run(conditions, positionals)
    rounds.push(round)
    const outcome = round.trouble ?? (round.failed.length === 0 ? 'passed' : `${round.failed.length} tests failed`)
    console.log(`  ${outcome} after ${round.seconds} s; what was printed is in ${path.relative(ROOT, logOf(conditions))}`)
  }
  const passed = rounds.filter(({ failed, trouble }) => failed.length === 0 && trouble === null).length
  console.log(`\n${passed} of ${count} rounds passed`)
  if (passed < count) throw new OperatorError(describeFailures(rounds))
})

async function run(conditions: Conditions, vitestArgs: readonly string[]): Promise<Round> {
  const report = path.join(RESULTS, `${conditions.round}.json`)
  const order = conditions.seed === null ? [] : ['--sequence.shuffle', `--sequence.seed=${conditions.seed}`]
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`]
  const load = conditions.busy ? startLoad() : []
  const startedAt = Date.now()
  try {
    const exitCode = await runVitest(['run', ...reporters, ...order, ...vitestArgs], logOf(conditions))
    const failed = await failedTests(report)
    const trouble = exitCode !== 0 && failed.length === 0 ? `vitest ended with exit code ${exitCode}` : null
    return { ...conditions, seconds: Math.round((Date.now() - startedAt) / 1000), failed, trouble }
  } finally {
    await Promise.all(load.map((worker) => worker.terminate()))
  }
}

function logOf({ round }: Conditions): string {
  return path.join(RESULTS, `${round}.log`)
}

/** Its exit code; what it prints goes into a file. */
async function runVitest(args: readonly string[], logFile: string): Promise<number | null> {
  await using log = await open(logFile, 'w')
  const child = spawn(process.execPath, [VITEST, ...args], { cwd: ROOT, stdio: ['ignore', log.fd, log.fd] })
  const [exitCode] = await once(child, 'exit')
  return exitCode
}

/** The tests that failed, and the files that failed as a whole; none where there is no report. */
async function failedTests(report: string): Promise<string[]> {
  const text = await readFile(report, 'utf8').catch(() => null)
  if (text === null) return []
  return reportSchema.parse(JSON.parse(text)).testResults.flatMap(({ name, status, message, assertionResults }) => {
    const file = path.relative(ROOT, name)
    const failed = assertionResults.filter((result) => result.status === 'failed').map(({ fullName }) => `${file}: ${fullName}`)
    return status === 'failed' && failed.length === 0 ? [`${file}: ${message.split('\n')[0]}`] : failed
  })
}

/** A thread for each core that computes until it is terminated. */
function startLoad(): Worker[] {
  return Array.from({ length: availableParallelism() }, () => new Worker('for (;;) {}', { eval: true }))
}
