/** Lint, format, generated types and types, side by side. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import { text } from 'node:stream/consumers'
import { PROJECT_ROOT } from '../../src/cli/settings.ts'

/** Where the compiler keeps what it knows of files that have not changed since its last run. */
const COMPILED = path.join(PROJECT_ROOT, 'dist/checks')

const TYPED = [
  'tsconfig.json',
  'container/tsconfig.json',
  'src/console/tsconfig.json',
  'src/docs/tsconfig.json',
  'test/browser/tsconfig.json',
]

/** The commands of a lane run one after the other: compilers side by side would need much memory and share the same cores. */
const LANES: string[][][] = [
  [['biome', 'check', '.']],
  [['npm', 'run', '--silent', 'types:check']],
  TYPED.map((config) => {
    const facts = path.join(COMPILED, `${config.replaceAll('/', '-')}.tsbuildinfo`)
    // Each of several checkers would look into much that the others look into as well.
    return ['tsc', '-p', config, '--checkers', '1', '--incremental', '--tsBuildInfoFile', facts]
  }),
]

/** What is checked, as it is told to whoever runs the checks. */
export const CHECKED = 'lint, format, generated types, types'

/** Runs all checks. Answers what each of those that failed has printed, below its command. */
export async function runChecks(): Promise<string[]> {
  const complaints: string[] = []
  await Promise.all(
    LANES.map(async (commands) => {
      for (const command of commands) {
        const printed = await complaintOf(command)
        if (printed !== null) complaints.push(`\n> ${command.join(' ')}\n${printed}`)
      }
    }),
  )
  return complaints
}

/** What the command printed if it failed; null if it succeeded. */
async function complaintOf([program = '', ...args]: string[]): Promise<string | null> {
  const child = spawn(program, args, { cwd: PROJECT_ROOT, stdio: ['ignore', 'pipe', 'pipe'] })
  const [[exitCode], ...printed] = await Promise.all([once(child, 'close'), text(child.stdout), text(child.stderr)])
  return exitCode === 0 ? null : printed.join('').trim()
}
