/**
 * The stack as `npm run dev` keeps it, with another Worker: `node soak-dev.ts <script> <Miniflare's options>`.
 * A process of its own, so that all of it can be killed at once.
 */
import { runProgram } from '../../src/cli/operator-error.ts'
import { readSettings } from '../../src/cli/settings.ts'
import { startStack } from '../../src/cli/stack.ts'
import { stopSignal } from '../../src/cli/stop-signal.ts'

await runProgram(async () => {
  const [script = '', options = ''] = process.argv.slice(2)
  const stopping = stopSignal()
  const log = (line: string) => console.error(line)
  const stack = await startStack({ settings: readSettings(process.env), bundle: { script, options }, log, signal: stopping })
  console.log(`Ready on ${stack.url}`)
  console.log(`API key ${stack.apiKey}`)
  if (!stopping.aborted) await new Promise((resolve) => stopping.addEventListener('abort', resolve, { once: true }))
  await stack.stop()
})
