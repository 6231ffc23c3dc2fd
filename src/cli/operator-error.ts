/** Failures that whoever runs the command can mend, and how a command ends on one. */

/** Its message says in one line what is wrong and what to do; a stack trace would add nothing. */
export class OperatorError extends Error {
  override readonly name = 'OperatorError'
}

/** Runs a command-line program: an OperatorError is one line and exit 1, anything else shows where it came from. */
export async function runProgram(main: () => Promise<void>): Promise<void> {
  try {
    await main()
  } catch (error) {
    if (error instanceof OperatorError) process.stderr.write(`${error.message}\n`)
    else console.error(error)
    process.exitCode = 1
  }
}
