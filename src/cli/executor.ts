/** `npm run executor`: the executor alone, where `npx wrangler dev --enable-containers=false` looks for it, until it is told to stop. */
import { setTimeout as sleep } from 'node:timers/promises'
import { DEVELOPMENT_EXECUTOR_TOKEN } from '../development.ts'
import { type ExecutorHealth, executorHealthSchema } from '../executor/protocol.ts'
import { startExecutorProcess } from './executor-process.ts'
import { OperatorError, runProgram } from './operator-error.ts'
import { assertPortFree, LOOPBACK } from './ports.ts'
import { PROJECT_ROOT, readSettings } from './settings.ts'
import { stopSignal } from './stop-signal.ts'
import { rejectWhenEnded } from './supervise.ts'

const PROBE_INTERVAL_MS = 100

await runProgram(async () => {
  const stopping = stopSignal()
  const settings = readSettings(process.env)
  const port = settings.executorPort
  const token = settings.executorToken ?? DEVELOPMENT_EXECUTOR_TOKEN
  await assertPortFree(port, 'EXECUTOR_PORT')
  const executor = await startExecutorProcess({
    settings,
    port,
    token,
    owner: `${PROJECT_ROOT}:${port}`,
    log: (line) => console.error(line),
  })
  try {
    const url = `http://${LOOPBACK}:${port}`
    const { ffmpeg_version, sandbox } = await Promise.race([untilReady(url, token, stopping), rejectWhenEnded(executor.program)])
    console.log(`Executor on ${url}, with FFmpeg ${ffmpeg_version} (${executor.description}) in the sandbox ${sandbox}`)
    if (!stopping.aborted) await new Promise((resolve) => stopping.addEventListener('abort', resolve, { once: true }))
  } catch (error) {
    if (!stopping.aborted) throw error
  } finally {
    await executor.stop()
  }
})

/** Resolves once it says that FFmpeg runs. Throws an OperatorError where it says that FFmpeg does not. */
async function untilReady(url: string, token: string, signal: AbortSignal): Promise<ExecutorHealth> {
  for (;;) {
    signal.throwIfAborted()
    const answer = await fetch(`${url}/v1/health`, { headers: { authorization: `Bearer ${token}` }, signal }).catch(() => null)
    if (answer) {
      const health = executorHealthSchema.parse(await answer.json())
      if (health.ok) return health
      throw new OperatorError('FFmpeg does not run in the executor’s sandbox: see the lines above')
    }
    await sleep(PROBE_INTERVAL_MS)
  }
}
