/**
 * `npm run test:quick`: the tests of pure functions and of the Worker, with the checks beside them. The terminal is the tests'; what failed
 * checks have to say follows when everything has ended. The tests run the FFmpeg that npm brings: it is old, but it is one file, and starts
 * in a tenth of the time in which a distribution's has loaded its two hundred libraries. Tests that need a newer one are skipped.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { availableParallelism } from 'node:os'
import { findBundledFfmpeg } from '../../src/cli/ffmpeg-path.ts'
import { OperatorError, runProgram } from '../../src/cli/operator-error.ts'
import { PROJECT_ROOT } from '../../src/cli/settings.ts'
import { runChecks } from './checks.ts'

await runProgram(async () => {
  const bundled = await findBundledFfmpeg()
  const env = bundled === null ? {} : { FFMPEG_PATH: bundled.ffmpeg, FFPROBE_PATH: bundled.ffprobe }
  const [complaints, testsPassed] = await Promise.all([runChecks(), runTests(env)])
  for (const complaint of complaints) console.error(complaint)
  const failures = [
    ...(testsPassed ? [] : ['The tests failed']),
    ...(complaints.length === 0 ? [] : [`${complaints.length} of the checks failed`]),
  ]
  if (failures.length > 0) throw new OperatorError(`${failures.join(', and ')}: see above`)
})

async function runTests(env: NodeJS.ProcessEnv): Promise<boolean> {
  // The longest files come first, and wait for time to pass more than they compute.
  const workers = String(2 * availableParallelism())
  const args = ['run', '--project', 'unit', '--project', 'worker', '--maxWorkers', workers, ...process.argv.slice(2)]
  const [exitCode] = await once(spawn('vitest', args, { cwd: PROJECT_ROOT, env: { ...process.env, ...env }, stdio: 'inherit' }), 'close')
  return exitCode === 0
}
