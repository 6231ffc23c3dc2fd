/** `npm run check`: runs all checks, and prints what those that failed have to say, or that all is well. */
import { OperatorError, runProgram } from '../../src/cli/operator-error.ts'
import { CHECKED, runChecks } from './checks.ts'

await runProgram(async () => {
  const complaints = await runChecks()
  for (const complaint of complaints) console.error(complaint)
  if (complaints.length === 0) console.log(`Checked: ${CHECKED}`)
  else throw new OperatorError(`${complaints.length} of the checks failed: see above`)
})
