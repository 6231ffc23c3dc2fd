/** The attacks, and the tables of the policy, against the image's own FFmpeg and the sandbox that holds in its containers. */
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { inspect } from 'node:util'
import { beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { needs } from '../machine/needs.ts'
import { docker, EXECUTOR_IMAGE } from './engine.ts'
import { IMAGES_TIMEOUT_MS, imagesMade } from './images.ts'

const ROOT = path.resolve(import.meta.dirname, '../..')
const ATTACKS = 'test/security/attacks-executor.test.ts'
const POLICY = 'test/security/policy-coverage.test.ts'
const SANDBOX = 'test/executor/sandbox.test.ts'
const FACTS = 'test/executor/facts.test.ts'

const reportSchema = z.object({
  testResults: z.array(
    z.object({
      name: z.string(),
      message: z.string(),
      assertionResults: z.array(z.object({ fullName: z.string(), status: z.string(), failureMessages: z.array(z.string()) })),
    }),
  ),
})
type Report = z.output<typeof reportSchema>

/** Runs test files inside a container of the executor's image, which gets this project to read and nothing else. */
async function runInside(projects: readonly string[], files: readonly string[]): Promise<Report> {
  const reports = await mkdtemp(path.join(tmpdir(), 'renderio-test-'))
  try {
    const volumes = ['--volume', `${ROOT}:/project:ro`, '--volume', `${reports}:/reports`]
    const vitest = [
      'node_modules/vitest/vitest.mjs',
      'run',
      '--configLoader=runner',
      '--reporter=json',
      '--outputFile=/reports/report.json',
    ]
    const selected = [...projects.map((project) => `--project=${project}`), ...files]
    // It ends with 1 where a test failed, which the report says too.
    const [outcome] = await Promise.allSettled([
      docker('run', '--rm', '--entrypoint=node', ...volumes, '--workdir=/project', EXECUTOR_IMAGE, ...vitest, ...selected),
    ])
    const text = await readFile(path.join(reports, 'report.json'), 'utf8').catch(() => {
      throw new Error(`there is no report: ${outcome.status === 'rejected' ? inspect(outcome.reason) : outcome.value}`)
    })
    return reportSchema.parse(JSON.parse(text))
  } finally {
    await rm(reports, { recursive: true, force: true })
  }
}

describe('inside the executor’s image', needs('docker'), () => {
  let report: Report

  // All files in one run, which costs one start and uses every core.
  beforeAll(async () => {
    await imagesMade()
    report = await runInside(['security', 'executor'], [ATTACKS, POLICY, SANDBOX, FACTS])
  }, 2 * IMAGES_TIMEOUT_MS)

  /** What has become of the tests of a file. A file that could not be run counts as failed. */
  function outcomeOf(file: string): { passed: string[]; skipped: string[]; failed: string[] } {
    const found = report.testResults.filter(({ name }) => name.endsWith(file))
    const results = found.flatMap(({ assertionResults }) => assertionResults)
    const named = (status: string) => results.filter((result) => result.status === status).map(({ fullName }) => fullName)
    return {
      passed: named('passed'),
      skipped: named('skipped'),
      failed: [
        ...found.map(({ message }) => message).filter((message) => message !== ''),
        ...results.flatMap(({ fullName, failureMessages }) => failureMessages.map((message) => `${fullName}: ${message}`)),
      ],
    }
  }

  test('no attack gets past Landlock, and each of the dangerous ones gets through without it', () => {
    const { passed, skipped, failed } = outcomeOf(ATTACKS)
    expect(failed).toEqual([])
    expect(passed.filter((name) => name.includes('in the sandbox landlock')).length).toBeGreaterThan(200)
    expect(passed.filter((name) => name.includes('with nothing to hold them')).length).toBeGreaterThan(15)
    expect(skipped.filter((name) => !name.includes('in the sandbox bwrap'))).toEqual([])
  })

  test('the policy knows every demuxer, filter and option of its FFmpeg', () => {
    const { passed, failed } = outcomeOf(POLICY)
    expect(failed).toEqual([])
    expect(passed.length).toBeGreaterThan(4)
  })

  test('the sandbox holds, limits and cleans up', () => {
    const { passed, failed } = outcomeOf(SANDBOX)
    expect(failed).toEqual([])
    expect(passed.filter((name) => name.includes('landlock')).length).toBeGreaterThan(5)
  })

  test('facts are what its ffprobe tells', () => {
    const { passed, failed } = outcomeOf(FACTS)
    expect(failed).toEqual([])
    expect(passed.length).toBeGreaterThan(60)
  })
})
