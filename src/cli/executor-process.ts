/** The executor as a process of this machine, supervised. */
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { COMPILE_CACHE } from './compile-cache.ts'
import type { ExecutorHost } from './executor-host.ts'
import { findFfmpegForOthers } from './ffmpeg-path.ts'
import { LOOPBACK } from './ports.ts'
import { PROJECT_ROOT, type Settings } from './settings.ts'
import { stateId } from './state-lock.ts'
import { Supervised } from './supervise.ts'

/** Room for young objects is what V8 is slow to give back: with less of it memory stays flat, whatever the number of jobs. */
export const EXECUTOR_ARGV: readonly [string, ...string[]] = [
  process.execPath,
  '--max-semi-space-size=4',
  path.join(PROJECT_ROOT, 'container/server.ts'),
]

/** It ends its jobs first. */
const GRACE_MS = 8000

/** What of this process's environment the executor may see: it runs other people's commands, so no secret is among it. */
const ENVIRONMENT = ['PATH', 'TMPDIR', 'SANDBOX', 'REQUIRE_SANDBOX', 'MAX_JOB_DISK_MB', 'MAX_FFMPEG_MEMORY_MB', 'MAX_SPARE_FFMPEGS']

export interface ExecutorProcessOptions {
  settings: Pick<Settings, 'ffmpegPath' | 'ffprobePath' | 'allowOldFfmpeg'>
  /** On the loopback interface; nothing may listen there. */
  port: number
  token: string
  /** A state folder, or whatever else no two executors have in common at the same time: its jobs are in a folder named by it. */
  owner: string
  log: (line: string) => void
}

/** Starts it. Throws an OperatorError where FFmpeg is missing, or too old to be given other people's media. */
export async function startExecutorProcess({
  settings,
  port,
  token,
  owner,
  log,
}: ExecutorProcessOptions): Promise<ExecutorHost & { program: Supervised }> {
  const { ffmpeg, ffprobe, warning } = await findFfmpegForOthers(settings)
  if (warning !== null) log(warning)
  const jobsDir = jobsDirOf(owner)
  const inherited = Object.fromEntries(ENVIRONMENT.map((name) => [name, process.env[name]]))
  const program = new Supervised({
    name: 'The executor',
    argv: EXECUTOR_ARGV,
    cwd: PROJECT_ROOT,
    env: {
      ...inherited,
      NODE_COMPILE_CACHE: COMPILE_CACHE,
      // Its notes on each job repeat what the Worker logs.
      LOG_LEVEL: process.env.LOG_LEVEL ?? 'warn',
      HOST: LOOPBACK,
      PORT: String(port),
      EXECUTOR_TOKEN: token,
      FFMPEG_PATH: ffmpeg,
      FFPROBE_PATH: ffprobe,
      JOBS_DIR: jobsDir,
    },
    graceMs: GRACE_MS,
    onLine: log,
    onEvent: log,
  })
  return {
    description: ffmpeg,
    vars: { EXECUTOR_URL: `http://${LOOPBACK}:${port}`, EXECUTOR_TOKEN: token },
    containers: false,
    program,
    stop: async () => {
      await program.stop()
      await rm(jobsDir, { recursive: true, force: true })
    },
  }
}

/** Outside the state folder: the sandboxed user could not reach it in someone's home. One per owner, as the executor empties it at start. */
export function jobsDirOf(owner: string): string {
  return path.join(tmpdir(), `renderio-jobs-${stateId(owner)}`)
}
