/**
 * `npm run dev`, and with `--containers` `npm run dev:containers`: keeps the stack running until it is told to stop.
 * With `--watch` the Worker and the console follow their sources.
 */
import { runProgram } from './operator-error.ts'
import { readSettings } from './settings.ts'
import { watchSite } from './site.ts'
import { startStack } from './stack.ts'
import { stopSignal } from './stop-signal.ts'

await runProgram(async () => {
  const stopping = stopSignal()
  const watch = process.argv.includes('--watch')
  try {
    const stack = await startStack({
      settings: readSettings(process.env),
      executorIn: process.argv.includes('--containers') ? 'containers' : 'process',
      watch,
      log: (line) => console.error(line),
      signal: stopping,
    })
    if (watch) watchSite((line) => console.error(line), stopping)
    console.log(`Ready on ${stack.url}`)
    console.log(`API key ${stack.apiKey}`)
    if (!stopping.aborted) await new Promise((resolve) => stopping.addEventListener('abort', resolve, { once: true }))
    await stack.stop()
  } catch (error) {
    if (!stopping.aborted) throw error
  }
})
