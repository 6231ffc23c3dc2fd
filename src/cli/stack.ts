/** The embedded stack as an object: the executor as a Node process, the Worker in `wrangler dev`, both supervised. */
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { hashApiKey } from '../api/api-key.ts'
import { findFfmpeg } from './ffmpeg-path.ts'
import { type InstanceSecrets, loadInstanceSecrets, writePrivateFile } from './instance-secrets.ts'
import { KeyStore } from './key-store.ts'
import { OperatorError } from './operator-error.ts'
import { assertPortFree, findFreePort, LOOPBACK } from './ports.ts'
import { PROJECT_ROOT, type Settings } from './settings.ts'
import { lockState, stateId } from './state-lock.ts'
import { Supervised } from './supervise.ts'
import { isWorthShowing, reportsWorkerdCrash } from './worker-output.ts'
import { wranglerDevArgv, wranglerEnvironment } from './wrangler.ts'

const READY_TIMEOUT_MS = 90_000
const PROBE_INTERVAL_MS = 100
const PROBE_TIMEOUT_MS = 5000
/** On one's own machine the inputs are on one's own machine. */
const EVERY_ORIGIN = '*'
/** The executor ends its jobs first; wrangler ends workerd. */
const EXECUTOR_GRACE_MS = 8000
const WORKER_GRACE_MS = 5000

/** What of this process's environment the executor may see: it runs other people's commands, so no secret is among it. */
const EXECUTOR_ENVIRONMENT = ['PATH', 'TMPDIR', 'SANDBOX', 'REQUIRE_SANDBOX', 'MAX_JOB_DISK_MB', 'MAX_FFMPEG_MEMORY_MB']

export interface Stack {
  /** Origin of the API. */
  url: string
  /** A key of the account `default`. */
  apiKey: string
  ffmpeg: string
  /** Ids of the two processes, which also head their process groups, in their current lives. */
  pids: () => { executor: number; worker: number }
  /** Ends both and all that they started. May be called twice. */
  stop: () => Promise<void>
}

export interface StackOptions {
  settings: Settings
  /** Gets each log line of the parts, and of the supervision. */
  log: (line: string) => void
  /** Gives up the start, and undoes it. */
  signal?: AbortSignal
}

/** Starts the stack and resolves when the API answers. Throws an OperatorError where the machine lacks something. */
export async function startStack({ settings, log, signal }: StackOptions): Promise<Stack> {
  const port = settings.port === 0 ? await findFreePort() : settings.port
  await assertPortFree(port)
  const ffmpeg = await findFfmpeg(settings)
  if (ffmpeg.notice !== null) log(ffmpeg.notice)
  const unlock = await lockState(settings.stateDir)
  const secrets = await loadInstanceSecrets(settings.stateDir)
  const apiKey = settings.apiKey ?? secrets.api_key
  const url = `http://localhost:${port}`

  const executorPort = await findFreePort()
  const jobsDir = jobsDirOf(settings.stateDir)
  const envFile = await writeEnvFile(settings, secrets, executorPort)
  const executor = superviseExecutor({ port: executorPort, token: secrets.executor_token, jobsDir, ffmpeg, log })
  const worker = superviseWorker({ port, stateDir: settings.stateDir, envFile, log })
  const stop = async () => {
    // In this order the Worker never sees its executor vanish.
    await worker.stop()
    await executor.stop()
    await rm(jobsDir, { recursive: true, force: true })
    await unlock()
  }
  const giveUp = new AbortController()
  try {
    const waiting = AbortSignal.any([giveUp.signal, ...(signal ? [signal] : [])])
    await Promise.all([
      registerApiKey(apiKey, settings, secrets),
      Promise.race([waitUntilHealthy(url, waiting), rejectWhenEnded(executor), rejectWhenEnded(worker)]),
    ])
  } catch (error) {
    giveUp.abort()
    await stop()
    throw error
  }
  const origins = settings.workerVars.ALLOWED_PRIVATE_ORIGINS ?? EVERY_ORIGIN
  if (origins !== '') log(`Inputs and webhooks may be on private addresses: ALLOWED_PRIVATE_ORIGINS=${origins}`)
  return { url, apiKey, ffmpeg: ffmpeg.ffmpeg, stop, pids: () => ({ executor: executor.pid, worker: worker.pid }) }
}

/** Outside the state folder: the sandboxed user could not reach it in someone's home. One per state folder, as the executor empties it at start. */
function jobsDirOf(stateDir: string): string {
  return path.join(tmpdir(), `renderio-jobs-${stateId(stateDir)}`)
}

function superviseExecutor(options: {
  port: number
  token: string
  jobsDir: string
  ffmpeg: { ffmpeg: string; ffprobe: string }
  log: (line: string) => void
}): Supervised {
  const inherited = Object.fromEntries(EXECUTOR_ENVIRONMENT.map((name) => [name, process.env[name]]))
  return new Supervised({
    name: 'The executor',
    argv: [process.execPath, path.join(PROJECT_ROOT, 'container/server.ts')],
    cwd: PROJECT_ROOT,
    env: {
      ...inherited,
      // Its notes on each job repeat what the Worker logs.
      LOG_LEVEL: process.env.LOG_LEVEL ?? 'warn',
      HOST: LOOPBACK,
      PORT: String(options.port),
      EXECUTOR_TOKEN: options.token,
      FFMPEG_PATH: options.ffmpeg.ffmpeg,
      FFPROBE_PATH: options.ffmpeg.ffprobe,
      JOBS_DIR: options.jobsDir,
    },
    graceMs: EXECUTOR_GRACE_MS,
    onLine: options.log,
    onEvent: options.log,
  })
}

async function writeEnvFile(settings: Settings, secrets: InstanceSecrets, executorPort: number): Promise<string> {
  const file = path.join(settings.stateDir, 'worker.env')
  await writePrivateFile(
    file,
    formatEnvFile({
      ALLOWED_PRIVATE_ORIGINS: EVERY_ORIGIN,
      // Nobody but its owner asks.
      RATE_LIMITS: 'off',
      ...settings.workerVars,
      MAX_CONCURRENT_COMMANDS: String(settings.maxConcurrentCommands),
      EXECUTOR_URL: `http://${LOOPBACK}:${executorPort}`,
      EXECUTOR_TOKEN: secrets.executor_token,
      URL_SIGNING_SECRET: secrets.url_signing_secret,
    }),
  )
  return file
}

function superviseWorker(options: { port: number; stateDir: string; envFile: string; log: (line: string) => void }): Supervised {
  const { port, stateDir, envFile, log } = options
  const worker = new Supervised({
    name: 'The Worker',
    argv: wranglerDevArgv({ port, stateDir, envFile }),
    cwd: PROJECT_ROOT,
    env: wranglerEnvironment(stateDir),
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
async function waitUntilHealthy(url: string, signal: AbortSignal): Promise<void> {
  const deadline = Date.now() + READY_TIMEOUT_MS
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
  throw new OperatorError(`Not ready after ${READY_TIMEOUT_MS / 1000} s. The last answer of ${url}/api/v1/health: ${answer}`)
}
