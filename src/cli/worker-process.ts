/** The Worker as a process of this machine, supervised. */
import path from 'node:path'
import type { ApiKeyRecord } from '../api/api-key.ts'
import { dockerForWrangler } from './docker.ts'
import { PROJECT_ROOT } from './settings.ts'
import { Supervised } from './supervise.ts'
import type { WorkerBundle } from './worker-bundle.ts'
import { isWorthShowing, KEY_IS_STORED, reportsWorkerdCrash } from './worker-output.ts'
import { wranglerDevArgv, wranglerEnvironment } from './wrangler.ts'

/** Its parent ends workerd. */
const GRACE_MS = 5000

export interface WorkerProcessOptions {
  /** Null to follow the sources. */
  bundle: WorkerBundle | null
  port: number
  stateDir: string
  /** A file with the Worker's variables: a command line is there for every user to read. */
  envFile: string
  /** Whether its executors are containers. */
  containers: boolean
  /** A key that the Worker must know; wrangler's server finds it in the store. */
  apiKey: { hash: string; record: ApiKeyRecord }
  log: (line: string) => void
}

/** What Miniflare runs by itself; null where that takes wrangler's development server, which follows sources and builds images. */
export function runsAlone({ bundle, containers }: Pick<WorkerProcessOptions, 'bundle' | 'containers'>): WorkerBundle | null {
  return containers ? null : bundle
}

export interface WorkerProcess {
  program: Supervised
  /** Resolves once the Worker knows the API key. A Worker that is asked before remembers the key as unknown for a while. */
  keyKnown: Promise<void>
}

/** Starts it. */
export function startWorkerProcess({ log, bundle, containers, apiKey, ...place }: WorkerProcessOptions): WorkerProcess {
  const alone = runsAlone({ bundle, containers })
  const argv = alone
    ? localWorkerArgv({ bundle: alone, apiKey, ...place })
    : wranglerDevArgv({ script: bundle?.script ?? null, containers, ...place })
  const keyKnown = Promise.withResolvers<void>()
  if (!alone) keyKnown.resolve()
  const program = new Supervised({
    name: 'The Worker',
    argv,
    cwd: PROJECT_ROOT,
    env: { ...wranglerEnvironment(place.stateDir), ...(containers && dockerForWrangler()) },
    graceMs: GRACE_MS,
    onLine: (line) => {
      if (line === KEY_IS_STORED) return keyKnown.resolve()
      if (isWorthShowing(line)) log(line)
      if (reportsWorkerdCrash(line)) program.restart()
    },
    onEvent: log,
  })
  return { program, keyKnown: keyKnown.promise }
}

/** Command line of the program that is a Worker and what Cloudflare has around it. */
export function localWorkerArgv(options: {
  bundle: WorkerBundle
  port: number
  stateDir: string
  envFile: string
  apiKey: WorkerProcessOptions['apiKey'] | null
}): string[] {
  const { bundle, port, stateDir, envFile, apiKey } = options
  // Once workerd runs there is next to nothing that this program does: memory matters more than speed.
  const program = [process.execPath, '--no-warnings', '--optimize-for-size', path.join(PROJECT_ROOT, 'src/cli/local-worker.ts')]
  const key = apiKey === null ? [] : [apiKey.hash, JSON.stringify(apiKey.record)]
  return [...program, bundle.script, bundle.options, String(port), stateDir, envFile, ...key]
}
