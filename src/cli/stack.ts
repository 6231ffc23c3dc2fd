/** The whole service on this machine as an object: the Worker in `wrangler dev`, and the executor, as a process or in containers. */
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { hashApiKey } from '../api/api-key.ts'
import { type ExecutorHost, useContainers, useExecutor } from './executor-host.ts'
import { startExecutorProcess } from './executor-process.ts'
import { type InstanceSecrets, loadInstanceSecrets, writePrivateFile } from './instance-secrets.ts'
import { KeyStore } from './key-store.ts'
import { OperatorError } from './operator-error.ts'
import { assertPortFree, findFreePort } from './ports.ts'
import { PROJECT_ROOT, type Settings } from './settings.ts'
import { buildSite } from './site.ts'
import { lockState } from './state-lock.ts'
import { Supervised } from './supervise.ts'
import { isWorthShowing, reportsWorkerdCrash } from './worker-output.ts'
import { wranglerDevArgv, wranglerEnvironment } from './wrangler.ts'

const READY_TIMEOUT_MS = 90_000
const PROBE_INTERVAL_MS = 100
const PROBE_TIMEOUT_MS = 5000
/** On one's own machine the inputs are on one's own machine. */
const EVERY_ORIGIN = '*'
/** Wrangler ends workerd. */
const WORKER_GRACE_MS = 5000
/** An image is built first, which takes minutes when it is built for the first time. */
const IMAGE_TIMEOUT_MS = 30 * 60_000

export interface Stack {
  /** Origin of the API. */
  url: string
  /** A key of the account `default`. */
  apiKey: string
  /** What runs the commands. */
  executor: string
  /** Ends both and all that they started. May be called twice. */
  stop: () => Promise<void>
}

export interface StackOptions {
  settings: Settings
  /** Whether FFmpeg runs as a process beside the Worker, or in containers of a Docker engine. */
  executorIn?: 'process' | 'containers'
  /** Gets each log line of the parts, and of the supervision. */
  log: (line: string) => void
  /** Gives up the start, and undoes it. */
  signal?: AbortSignal
}

/** Starts the stack and resolves when the API answers. Throws an OperatorError where the machine lacks something. */
export async function startStack({ settings, executorIn = 'process', log, signal }: StackOptions): Promise<Stack> {
  const port = settings.port === 0 ? await findFreePort() : settings.port
  await assertPortFree(port)
  await buildSite()
  const unlock = await lockState(settings.stateDir)
  const secrets = await loadInstanceSecrets(settings.stateDir)
  const apiKey = settings.apiKey ?? secrets.api_key
  const url = `http://localhost:${port}`

  const executor = await hostExecutor().catch(async (error: unknown) => {
    await unlock()
    throw error
  })
  try {
    // Before the Worker starts: two that open the same new store at once find it locked.
    await registerApiKey(apiKey, settings, secrets)
  } catch (error) {
    await executor.stop()
    await unlock()
    throw error
  }
  const envFile = await writeEnvFile(settings, secrets, executor.vars)
  const worker = superviseWorker({ port, stateDir: settings.stateDir, envFile, containers: executor.containers, log })
  const stop = async () => {
    // In this order the Worker never sees its executor vanish.
    await worker.stop()
    await executor.stop()
    await unlock()
  }
  const giveUp = new AbortController()
  try {
    const waiting = AbortSignal.any([giveUp.signal, ...(signal ? [signal] : [])])
    const parts = [worker, ...(executor.program ? [executor.program] : [])]
    await Promise.race([
      waitUntilHealthy(url, executor.containers ? IMAGE_TIMEOUT_MS : READY_TIMEOUT_MS, waiting),
      ...parts.map(rejectWhenEnded),
    ])
  } catch (error) {
    giveUp.abort()
    await stop()
    throw error
  }
  const origins = settings.workerVars.ALLOWED_PRIVATE_ORIGINS ?? EVERY_ORIGIN
  if (origins !== '') log(`Inputs and webhooks may be on private addresses: ALLOWED_PRIVATE_ORIGINS=${origins}`)
  return { url, apiKey, executor: executor.description, stop }

  function hostExecutor(): Promise<ExecutorHost> {
    if (executorIn === 'containers') return useContainers()
    return settings.executor ? useExecutor(settings.executor) : startExecutorProcess(settings, secrets.executor_token, log)
  }
}

async function writeEnvFile(settings: Settings, secrets: InstanceSecrets, executorVars: ExecutorHost['vars']): Promise<string> {
  const file = path.join(settings.stateDir, 'worker.env')
  await writePrivateFile(
    file,
    formatEnvFile({
      ALLOWED_PRIVATE_ORIGINS: EVERY_ORIGIN,
      // Nobody but its owner asks.
      RATE_LIMITS: 'off',
      ...settings.workerVars,
      MAX_CONCURRENT_COMMANDS: String(settings.maxConcurrentCommands),
      ...executorVars,
      URL_SIGNING_SECRET: secrets.url_signing_secret,
    }),
  )
  return file
}

function superviseWorker(options: {
  port: number
  stateDir: string
  envFile: string
  containers: boolean
  log: (line: string) => void
}): Supervised {
  const { log, ...dev } = options
  const worker = new Supervised({
    name: 'The Worker',
    argv: wranglerDevArgv(dev),
    cwd: PROJECT_ROOT,
    env: wranglerEnvironment(dev.stateDir),
    graceMs: WORKER_GRACE_MS,
    onLine: (line) => {
      if (isWorthShowing(line)) log(line)
      if (reportsWorkerdCrash(line)) worker.restart()
    },
    onEvent: log,
  })
  return worker
}

/** Single quotes keep every character but themselves, which no setting contains. */
function formatEnvFile(variables: Readonly<Record<string, string>>): string {
  return Object.entries(variables)
    .map(([name, value]) => `${name}='${value}'\n`)
    .join('')
}

async function registerApiKey(apiKey: string, settings: Settings, secrets: InstanceSecrets): Promise<void> {
  const store = new KeyStore({ stateDir: settings.stateDir, remote: false })
  await store.put(await hashApiKey(apiKey), { account: 'default', label: 'npm run dev', created_at: secrets.api_key_created_at })
}

/** A part that dies while the stack starts will not get better by itself. */
async function rejectWhenEnded(part: Supervised): Promise<never> {
  const reason = await part.exited
  throw new OperatorError(`${part.name} ended while it started (${reason}): see the lines above`)
}

/** Resolves when the Worker says that an executor really runs FFmpeg. */
async function waitUntilHealthy(url: string, timeoutMs: number, signal: AbortSignal): Promise<void> {
  const deadline = Date.now() + timeoutMs
  let answer = 'none'
  while (Date.now() < deadline) {
    signal.throwIfAborted()
    try {
      const response = await fetch(`${url}/api/v1/health`, { signal: AbortSignal.any([signal, AbortSignal.timeout(PROBE_TIMEOUT_MS)]) })
      answer = `${response.status} ${await response.text()}`
      if (response.status === 200) return
    } catch {
      // Nothing listens yet.
    }
    await sleep(PROBE_INTERVAL_MS)
  }
  throw new OperatorError(`Not ready after ${timeoutMs / 1000} s. The last answer of ${url}/api/v1/health: ${answer}`)
}
