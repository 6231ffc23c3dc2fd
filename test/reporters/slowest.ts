/** Tells at the end of a run which tests and which files took longest. */
import path from 'node:path'
import type { Reporter, TestModule } from 'vitest/node'

const ROOT = path.resolve(import.meta.dirname, '../..')
const SHOWN = 10

interface Timed {
  name: string
  ms: number
}

export default class SlowestReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const tests = modules.flatMap((module) =>
      [...module.children.allTests()].map((test) => ({
        name: `${fileOf(module)}: ${test.fullName}`,
        ms: test.diagnostic()?.duration ?? 0,
      })),
    )
    print('tests', tests)
    print(
      'files',
      modules.map((module) => ({ name: fileOf(module), ms: module.diagnostic().duration })),
    )
  }
}

function fileOf(module: TestModule): string {
  return path.relative(ROOT, module.moduleId)
}

function print(what: string, timed: readonly Timed[]): void {
  const slowest = [...timed].sort((a, b) => b.ms - a.ms).slice(0, SHOWN)
  console.log(`The slowest ${what}, in seconds:`)
  for (const { name, ms } of slowest) console.log(`${(ms / 1000).toFixed(1).padStart(7)}  ${name}`)
  console.log()
}
