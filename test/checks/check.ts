/** `npm run check`: runs all checks, and prints what those that failed have to say. */
import { OperatorError, runProgram } from '../../src/cli/operator-error.ts'
import { runChecks } from './checks.ts'

await runProgram(async () => {
  const complaints = await runChecks()
  for (const complaint of complaints) console.error(complaint)
  if (complaints.length > 0) throw new OperatorError(`${complaints.length} of the checks failed: see above`)
})
