/** Tells at the end of a run which tests were skipped: what this machine lacks, how to get it, and what was therefore not tested. */
import path from 'node:path'
import type { Reporter, SerializedError, TestCase, TestModule, TestRunEndReason, Vitest } from 'vitest/node'
import { REQUIREMENTS, type Requirement } from '../machine/requirements.ts'

const ROOT = path.resolve(import.meta.dirname, '../..')

interface Gap {
  /** What is missing. */
  name: string
  /** How to get it; null where the test names what it lacks in its own words. */
  obtain: string | null
  /** The groups of tests that were skipped, with the number of tests in each. */
  untested: Map<string, number>
}

export default class SkippedReporter implements Reporter {
  #picksTests = false

  onInit(vitest: Vitest): void {
    // A pattern skips every test that it does not match.
    this.#picksTests = vitest.config.testNamePattern !== undefined
  }

  onTestRunEnd(modules: readonly TestModule[], _errors: readonly SerializedError[], reason: TestRunEndReason): void {
    if (this.#picksTests) return
    const tests = modules.flatMap((module) => [...module.children.allTests()])
    const skipped = tests.filter((test) => test.result().state === 'skipped')
    const explained = skipped.filter((test) => reasonsOf(test).length > 0)
    if (explained.length > 0) {
      console.log(`Skipped ${explained.length} of ${tests.length} tests, because this machine lacks the following.\n`)
      for (const gap of gapsOf(explained)) console.log(describe(gap))
    }
    // The tests of a group whose preparation has failed count as skipped, too.
    if (reason !== 'passed' || explained.length === skipped.length) return
    const silent = skipped.filter((test) => !explained.includes(test)).map((test) => `  ${groupOf(test)}: ${test.name}`)
    console.error(`Tests must say why they are skipped (test/machine/needs.ts):\n${silent.join('\n')}`)
    process.exitCode = 1
  }
}

function gapsOf(tests: readonly TestCase[]): Gap[] {
  const gaps = new Map<string, Gap>()
  for (const test of tests) {
    for (const { name, obtain } of reasonsOf(test)) {
      const gap = gaps.get(name) ?? { name, obtain, untested: new Map() }
      gaps.set(name, gap)
      gap.untested.set(groupOf(test), (gap.untested.get(groupOf(test)) ?? 0) + 1)
    }
  }
  return [...gaps.values()]
}

function reasonsOf(test: TestCase): Pick<Gap, 'name' | 'obtain'>[] {
  const missing = test.meta().missing ?? []
  const result = test.result()
  const note = result.state === 'skipped' ? result.note : undefined
  return [
    ...missing.map((id) => ({ name: REQUIREMENTS[id].name, obtain: obtaining(REQUIREMENTS[id]) })),
    ...(note === undefined ? [] : [{ name: note, obtain: null }]),
  ]
}

function obtaining({ linux, macos }: Requirement): string {
  return process.platform === 'darwin' ? macos : linux
}

/** The file and the outermost group in which a test stands: together they name what it guarantees. */
function groupOf(test: TestCase): string {
  let title = test.name
  for (let parent = test.parent; parent.type === 'suite'; parent = parent.parent) title = parent.name
  return `${path.relative(ROOT, test.module.moduleId)}: ${title}`
}

function describe({ name, obtain, untested }: Gap): string {
  const rows = [...untested].map(([group, count]) => `    ${String(count).padStart(4)}  ${group}`)
  return [name, ...(obtain === null ? [] : [`  How to get it: ${obtain}`]), '  Not tested:', ...rows, ''].join('\n')
}
