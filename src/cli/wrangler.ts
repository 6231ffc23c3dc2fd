/** How this project calls wrangler. */
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import { promisify } from 'node:util'
import { COMPILE_CACHE } from './compile-cache.ts'
import { OperatorError } from './operator-error.ts'
import { LOOPBACK } from './ports.ts'
import { PROJECT_ROOT } from './settings.ts'

/** Wrangler's program itself: the `wrangler` command is one more Node process that only starts it. */
const WRANGLER = path.join(PROJECT_ROOT, 'node_modules/wrangler/wrangler-dist/cli.js')

/** Environment for wrangler, and for Miniflare with or without it: nothing asks the network, nothing is written outside the project and the state folder. */
export function wranglerEnvironment(stateDir: string): NodeJS.ProcessEnv {
  return {
    ...process.env,
    // For `[build]` in wrangler.toml, which has nothing to do then.
    SITE_IS_BUILT: '1',
    CLOUDFLARE_CF_FETCH_ENABLED: 'false',
    // The banner asks the npm registry for a newer version.
    WRANGLER_HIDE_BANNER: 'true',
    WRANGLER_SEND_METRICS: 'false',
    WRANGLER_SEND_ERROR_REPORTS: 'false',
    WRANGLER_WRITE_LOGS: 'false',
    // The default is one folder in the home, through which stacks of the same name would find each other.
    WRANGLER_REGISTRY_PATH: path.join(stateDir, 'registry'),
    X_LOCAL_EXPLORER: 'false',
    X_LOCAL_OBSERVABILITY: 'false',
    // Bytes that pass through leave garbage that V8 would let grow to a quarter of a gigabyte before it looks.
    MINIFLARE_WORKERD_V8_FLAGS: process.env.MINIFLARE_WORKERD_V8_FLAGS ?? '--max-semi-space-size=1 --initial-old-space-size=2',
    NODE_COMPILE_CACHE: COMPILE_CACHE,
    WRANGLER_LOG: 'log',
    NO_COLOR: '1',
    FORCE_COLOR: '0',
  }
}

/**
 * Arguments of `wrangler dev`. Variables come from a file, since a command line is there for every user to read.
 * Without a `script` the Worker is bundled from its sources, and again whenever they change.
 */
export function wranglerDevArgv(options: {
  script: string | null
  port: number
  stateDir: string
  envFile: string
  containers: boolean
}): string[] {
  return [
    process.execPath,
    '--no-warnings',
    WRANGLER,
    'dev',
    ...(options.script === null ? [] : [options.script, '--no-bundle']),
    // The sections of `wrangler.toml` that stand in no environment.
    '--env=',
    `--enable-containers=${options.containers}`,
    '--show-interactive-dev-session=false',
    `--ip=${LOOPBACK}`,
    `--port=${options.port}`,
    '--inspector-port=0',
    `--persist-to=${options.stateDir}`,
    `--env-file=${options.envFile}`,
  ]
}

/** Runs a wrangler command to its end and returns what it printed. Throws an OperatorError with its complaint where it fails. */
export async function runWrangler(args: readonly string[], stateDir: string): Promise<string> {
  try {
    const { stdout } = await promisify(execFile)(process.execPath, ['--no-warnings', WRANGLER, ...args], {
      cwd: PROJECT_ROOT,
      env: wranglerEnvironment(stateDir),
      maxBuffer: 64 * 1024 * 1024,
    })
    return stdout
  } catch (error) {
    const complaint = error instanceof Error && 'stderr' in error ? String(error.stderr).trim() : String(error)
    throw new OperatorError(`wrangler ${args.slice(0, 3).join(' ')} failed: ${complaint}`)
  }
}

/** Runs a wrangler command in the terminal of this one. Throws an OperatorError where it fails, after wrangler's own complaint. */
export async function passToWrangler(args: readonly string[]): Promise<void> {
  const child = spawn(process.execPath, ['--no-warnings', WRANGLER, ...args], { cwd: PROJECT_ROOT, stdio: 'inherit' })
  const [code] = await once(child, 'exit')
  if (code !== 0) throw new OperatorError(`wrangler ${args[0]} failed`)
}
