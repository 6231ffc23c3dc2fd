/**
 * `npm run check`: lint, format, generated types and types, side by side. Arguments are a command that runs beside them, as the tests of
 * `npm run test:quick` do: the terminal is its own, and what failed checks have to say follows when all have ended.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import { text } from 'node:stream/consumers'
import { OperatorError, runProgram } from '../../src/cli/operator-error.ts'

const ROOT = path.resolve(import.meta.dirname, '../..')
/** What the compiler found out the last time about files that have not changed since. */
const COMPILED = path.join(ROOT, 'dist/checks')

const TYPED = [
  'tsconfig.json',
  'container/tsconfig.json',
  'src/console/tsconfig.json',
  'src/docs/tsconfig.json',
  'test/browser/tsconfig.json',
]

/** The commands of a lane run one after the other: compilers side by side would want much memory, and divide the same cores. */
const LANES: string[][][] = [
  [['biome', 'check', '.']],
  [['npm', 'run', '--silent', 'types:check']],
  TYPED.map((config) => {
    const facts = path.join(COMPILED, `${config.replaceAll('/', '-')}.tsbuildinfo`)
    // Several checkers would each look into much that others look into as well.
    return ['tsc', '-p', config, '--checkers', '1', '--incremental', '--tsBuildInfoFile', facts]
  }),
]

await runProgram(async () => {
  const beside = process.argv.slice(2)
  const [complaints, exitCode] = await Promise.all([check(), beside.length === 0 ? 0 : runHere(beside)])
  for (const complaint of complaints) console.error(complaint)
  process.exitCode = exitCode
  if (complaints.length > 0) throw new OperatorError(`${complaints.length} of the checks failed: see above`)
})

/** What the checks that failed have printed. */
async function check(): Promise<string[]> {
  const complaints: string[] = []
  await Promise.all(
    LANES.map(async (commands) => {
      for (const command of commands) {
        const output = await complaintOf(command)
        if (output !== null) complaints.push(`\n> ${command.join(' ')}\n${output}`)
      }
    }),
  )
  return complaints
}

/** What the command printed if it failed; null if it did not. */
async function complaintOf([program = '', ...args]: string[]): Promise<string | null> {
  const child = spawn(program, args, { cwd: ROOT, stdio: ['ignore', 'pipe', 'pipe'] })
  const [[exitCode], ...printed] = await Promise.all([once(child, 'close'), text(child.stdout), text(child.stderr)])
  return exitCode === 0 ? null : printed.join('').trim()
}

/** Its exit code; 1 if a signal ended it. */
async function runHere([program = '', ...args]: string[]): Promise<number> {
  const [exitCode] = await once(spawn(program, args, { cwd: ROOT, stdio: 'inherit' }), 'close')
  return exitCode ?? 1
}
