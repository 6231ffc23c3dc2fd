/** The executor as a process of its own, for tests. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { COMPILE_CACHE } from '../../src/cli/compile-cache.ts'
import { EXECUTOR_ARGV } from '../../src/cli/executor-process.ts'
import { FFMPEG, FFPROBE } from '../machine/ffmpeg.ts'

const START_DEADLINE_MS = 60_000
const STOP_DEADLINE_MS = 10_000

export interface ExecutorProcess {
  url: string
  port: number
  pid: number
  /** What it was started with as `EXECUTOR_TOKEN`, if anything. */
  token?: string
  /** Where it keeps its jobs; removed by `stop`. */
  jobsDir: string
  /** Ends it as an operator would, waits for it, and removes its folder. May be called twice, and after `kill`. */
  stop(): Promise<void>
  /** SIGKILL. Resolves once the process is gone. */
  kill(): Promise<void>
}

/**
 * Starts an executor on a free port of the loopback interface, with a folder of its own, and waits until it listens.
 * Throws with what it wrote to stderr if it does not get there. No FFmpeg waits in it for jobs to come, as tests look at its folders
 * and processes; `MAX_SPARE_FFMPEGS` changes that.
 */
export async function startExecutor(options: { env?: Record<string, string> } = {}): Promise<ExecutorProcess> {
  const jobsDir = options.env?.JOBS_DIR ?? (await mkdtemp(join(tmpdir(), 'renderio-test-')))
  // Not `process.env` as a whole: the test runner's own NODE_OPTIONS and the like are not the executor's.
  const env = {
    PATH: process.env.PATH ?? '',
    HOME: process.env.HOME ?? '',
    FFMPEG_PATH: FFMPEG,
    FFPROBE_PATH: FFPROBE,
    PORT: '0',
    HOST: '127.0.0.1',
    JOBS_DIR: jobsDir,
    MAX_SPARE_FFMPEGS: '0',
    NODE_COMPILE_CACHE: COMPILE_CACHE,
    ...options.env,
  }
  const [program, ...args] = EXECUTOR_ARGV
  const child = spawn(program, args, { env, stdio: ['ignore', 'pipe', 'pipe'] })
  let complaints = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    complaints += text
  })
  const port = await portWhenListening(child, () => complaints)
  const token = options.env?.EXECUTOR_TOKEN
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    pid: child.pid ?? -1,
    ...(token === undefined ? {} : { token }),
    jobsDir,
    async stop() {
      await end(child)
      await rm(jobsDir, { recursive: true, force: true })
    },
    async kill() {
      const exit = once(child, 'exit')
      child.kill('SIGKILL')
      await exit
    },
  }
}

async function portWhenListening(
  child: ChildProcess & { stdout: NonNullable<ChildProcess['stdout']> },
  complaints: () => string,
): Promise<number> {
  const deadline = setTimeout(() => child.kill('SIGKILL'), START_DEADLINE_MS)
  const closed = once(child, 'close')
  try {
    for await (const line of createInterface({ input: child.stdout })) {
      const port = listeningPort(line)
      if (port === null) continue
      // Whatever it logs later must not fill the pipe.
      child.stdout.resume()
      return port
    }
  } finally {
    clearTimeout(deadline)
  }
  // Its complaints may arrive after the end of its other output.
  await closed
  throw new Error(`the executor did not start: ${complaints()}`)
}

function listeningPort(line: string): number | null {
  if (!line.includes('"msg":"listening"')) return null
  const port = /"port":(\d+)/.exec(line)?.[1]
  return port === undefined ? null : Number(port)
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exit = once(child, 'exit')
  child.kill('SIGTERM')
  const lastResort = setTimeout(() => child.kill('SIGKILL'), STOP_DEADLINE_MS)
  await exit
  clearTimeout(lastResort)
}
