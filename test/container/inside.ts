/** The attacks, and the tables of the policy, against the image's own FFmpeg and the sandbox that holds in its containers. */
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { inspect } from 'node:util'
import { describe, expect, onTestFinished, test } from 'vitest'
import { z } from 'zod'
import { needs } from '../machine/needs.ts'
import { docker, EXECUTOR_IMAGE } from './engine.ts'

const ROOT = path.resolve(import.meta.dirname, '../..')

const reportSchema = z.object({
  numPassedTests: z.number(),
  testResults: z.array(
    z.object({ assertionResults: z.array(z.object({ fullName: z.string(), status: z.string(), failureMessages: z.array(z.string()) })) }),
  ),
})

/** Runs test files inside a container of the executor's image, which gets this project to read and nothing else. */
async function runInside(vitestProject: string, ...files: string[]): Promise<{ passed: string[]; skipped: string[]; failed: string[] }> {
  const reports = await mkdtemp(path.join(tmpdir(), 'renderio-test-'))
  onTestFinished(() => rm(reports, { recursive: true, force: true }))
  const volumes = ['--volume', `${ROOT}:/project:ro`, '--volume', `${reports}:/reports`]
  const vitest = ['node_modules/vitest/vitest.mjs', 'run', '--configLoader=runner', '--reporter=json', '--outputFile=/reports/report.json']
  // It ends with 1 where a test failed, which the report says too.
  const run = docker(
    'run',
    '--rm',
    '--entrypoint=node',
    ...volumes,
    '--workdir=/project',
    EXECUTOR_IMAGE,
    ...vitest,
    `--project=${vitestProject}`,
    ...files,
  )
  const [outcome] = await Promise.allSettled([run])
  const report = await readFile(path.join(reports, 'report.json'), 'utf8').then(
    (text) => reportSchema.parse(JSON.parse(text)),
    () => Promise.reject(new Error(`there is no report: ${outcome.status === 'rejected' ? inspect(outcome.reason) : outcome.value}`)),
  )
  const results = report.testResults.flatMap((file) => file.assertionResults)
  const named = (status: string) => results.filter((result) => result.status === status).map((result) => result.fullName)
  return {
    passed: named('passed'),
    skipped: named('skipped'),
    failed: results.flatMap((result) => result.failureMessages.map((message) => `${result.fullName}: ${message}`)),
  }
}

describe('inside the executor’s image', needs('docker'), () => {
  test('no attack gets past Landlock, and each of the dangerous ones gets through without it', { timeout: 10 * 60_000 }, async () => {
    const { passed, skipped, failed } = await runInside('security', 'test/security/attacks-executor.test.ts')
    expect(failed).toEqual([])
    expect(passed.filter((name) => name.includes('in the sandbox landlock')).length).toBeGreaterThan(200)
    expect(passed.filter((name) => name.includes('with nothing to hold them')).length).toBeGreaterThan(15)
    expect(skipped.filter((name) => !name.includes('in the sandbox bwrap'))).toEqual([])
  })

  test('the policy knows every demuxer, filter and option of its FFmpeg', { timeout: 5 * 60_000 }, async () => {
    const { passed, failed } = await runInside('security', 'test/security/policy-coverage.test.ts')
    expect(failed).toEqual([])
    expect(passed.length).toBeGreaterThan(4)
  })

  test('the sandbox holds, limits and cleans up', { timeout: 5 * 60_000 }, async () => {
    const { passed, failed } = await runInside('executor', 'test/executor/sandbox.test.ts')
    expect(failed).toEqual([])
    expect(passed.filter((name) => name.includes('landlock')).length).toBeGreaterThan(5)
  })

  test('facts are what its ffprobe tells', { timeout: 5 * 60_000 }, async () => {
    const { passed, failed } = await runInside('executor', 'test/executor/facts.test.ts')
    expect(failed).toEqual([])
    expect(passed.length).toBeGreaterThan(60)
  })
})
