/** The whole service on this machine as an object: the Worker in a simulator of Cloudflare, and the executor, as a process or in containers. */
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type ApiKeyRecord, hashApiKey } from '../api/api-key.ts'
import { type ExecutorHost, useContainers, useExecutor } from './executor-host.ts'
import { startExecutorProcess } from './executor-process.ts'
import { type InstanceSecrets, loadInstanceSecrets, scopeOf, writePrivateFile } from './instance-secrets.ts'
import { OperatorError } from './operator-error.ts'
import { assertPortFree, findFreePort } from './ports.ts'
import { callRegularly, SCHEDULED_PATH } from './schedule.ts'
import type { Settings } from './settings.ts'
import { buildSite } from './site.ts'
import { lockState } from './state-lock.ts'
import { rejectWhenEnded } from './supervise.ts'
import { buildWorker, type WorkerBundle } from './worker-bundle.ts'
import { runsAlone, startWorkerProcess } from './worker-process.ts'

const READY_TIMEOUT_MS = 90_000
const PROBE_INTERVAL_MS = 100
const PROBE_TIMEOUT_MS = 5000
/** As in wrangler.toml. */
const EVERY_ORIGIN = '*'
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
  /** Whether the Worker is made anew whenever a source of it changes. */
  watch?: boolean
  /** The Worker to run; this project's own unless given. */
  bundle?: WorkerBundle
  /** Gets each log line of the parts, and of the supervision. */
  log: (line: string) => void
  /** Gives up the start, and undoes it. */
  signal?: AbortSignal
}

/** Starts the stack and resolves when the API answers. Throws an OperatorError where the machine lacks something. */
export async function startStack({ settings, executorIn = 'process', watch = false, log, signal, ...given }: StackOptions): Promise<Stack> {
  const port = settings.port === 0 ? await findFreePort() : settings.port
  await assertPortFree(port, 'PORT')
  const [bundle] = await Promise.all([watch ? null : (given.bundle ?? buildWorker(settings.stateDir)), buildSite()])
  const unlock = await lockState(settings.stateDir)
  const secrets = await loadInstanceSecrets(settings.stateDir)
  const apiKey = settings.apiKey ?? secrets.api_key
  const key = {
    hash: await hashApiKey(apiKey),
    record: { account: 'default', label: 'npm run dev', created_at: secrets.api_key_created_at },
  }
  const url = `http://localhost:${port}`

  const executor = await hostExecutor().catch(async (error: unknown) => {
    await unlock()
    throw error
  })
  const isAlone = runsAlone({ bundle, containers: executor.containers }) !== null
  try {
    if (!isAlone) await storeKey(key, settings.stateDir)
  } catch (error) {
    await executor.stop()
    await unlock()
    throw error
  }
  const envFile = await writeEnvFile(settings, secrets, executor.vars)
  const worker = startWorkerProcess({
    bundle,
    port,
    stateDir: settings.stateDir,
    envFile,
    containers: executor.containers,
    apiKey: key,
    log,
  })
  // The program that Miniflare runs in does it by itself.
  const endCalls = isAlone ? () => undefined : callRegularly(() => fetch(url + SCHEDULED_PATH))
  const stop = async () => {
    endCalls()
    // In this order the Worker never sees its executor vanish.
    await worker.program.stop()
    await executor.stop()
    await unlock()
  }
  const giveUp = new AbortController()
  try {
    const waiting = AbortSignal.any([giveUp.signal, ...(signal ? [signal] : [])])
    const parts = [worker.program, ...(executor.program ? [executor.program] : [])]
    await Promise.race([
      waitUntilReady(url, { apiKey, keyKnown: worker.keyKnown }, executor.containers ? IMAGE_TIMEOUT_MS : READY_TIMEOUT_MS, waiting),
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

  async function hostExecutor(): Promise<ExecutorHost> {
    if (executorIn === 'containers') return useContainers({ stateDir: settings.stateDir, scope: scopeOf(secrets, settings.stateDir) })
    if (settings.executor) return useExecutor(settings.executor)
    return startExecutorProcess({ settings, port: await findFreePort(), token: secrets.executor_token, owner: settings.stateDir, log })
  }
}

async function writeEnvFile(settings: Settings, secrets: InstanceSecrets, executorVars: ExecutorHost['vars']): Promise<string> {
  const file = path.join(settings.stateDir, 'worker.env')
  await writePrivateFile(
    file,
    formatEnvFile({
      ...settings.workerVars,
      // This stack has secrets of its own, and may be put where everyone reaches it.
      DEVELOPMENT_DEFAULTS: 'off',
      MAX_CONCURRENT_COMMANDS: String(settings.maxConcurrentCommands),
      ...executorVars,
      URL_SIGNING_SECRET: secrets.url_signing_secret,
    }),
  )
  return file
}

/** Single quotes keep every character but themselves, which no setting contains. */
function formatEnvFile(variables: Readonly<Record<string, string>>): string {
  return Object.entries(variables)
    .map(([name, value]) => `${name}='${value}'\n`)
    .join('')
}

/** Before the Worker starts: two that open the same new store at once find it locked. */
async function storeKey({ hash, record }: { hash: string; record: ApiKeyRecord }, stateDir: string): Promise<void> {
  // Miniflare takes a hundred megabytes, which most starts leave to the Worker's own process.
  const { KeyStore } = await import('./key-store.ts')
  await new KeyStore({ stateDir, remote: false }).put(hash, record)
}

/** Resolves when the Worker says that an executor really runs FFmpeg, and knows the key. */
async function waitUntilReady(
  url: string,
  { apiKey, keyKnown }: { apiKey: string; keyKnown: Promise<void> },
  timeoutMs: number,
  signal: AbortSignal,
): Promise<void> {
  const deadline = Date.now() + timeoutMs
  await Promise.race([keyKnown, sleep(timeoutMs, undefined, { signal, ref: false })])
  let answer = 'none'
  while (Date.now() < deadline) {
    signal.throwIfAborted()
    try {
      for (const path of ['/api/v1/health', '/api/v1/commands?limit=1']) {
        const timeout = AbortSignal.any([signal, AbortSignal.timeout(PROBE_TIMEOUT_MS)])
        const response = await fetch(`${url}${path}`, { headers: { 'x-api-key': apiKey }, signal: timeout })
        answer = `${response.status} ${await response.text()} at ${path}`
        if (response.status !== 200) throw new Error(answer)
      }
      return
    } catch {
      // Nothing listens yet, or it is not ready.
      await sleep(PROBE_INTERVAL_MS)
    }
  }
  throw new OperatorError(`Not ready after ${timeoutMs / 1000} s. The last answer of ${url}: ${answer}`)
}
