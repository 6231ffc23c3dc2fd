/** What the environment may say about this process. */
import { availableParallelism, tmpdir, totalmem } from 'node:os'
import { join } from 'node:path'
import { z } from 'zod'
import { isLoopback } from './loopback.ts'

const megabytes = z.coerce.number().int().positive()

const environmentSchema = z.object({
  PORT: z.coerce.number().int().min(0).max(65535).default(0),
  HOST: z.string().min(1).default('127.0.0.1'),
  EXECUTOR_TOKEN: z.string().min(1).optional(),
  TRUST_NETWORK: z.enum(['0', '1']).default('0'),
  FFMPEG_PATH: z.string().min(1).default('ffmpeg'),
  FFPROBE_PATH: z.string().min(1).default('ffprobe'),
  JOBS_DIR: z
    .string()
    .min(1)
    .default(join(tmpdir(), `renderio-jobs-${process.getuid?.() ?? 'user'}`)),
  SANDBOX: z.enum(['auto', 'landlock', 'bwrap', 'none']).default('auto'),
  REQUIRE_SANDBOX: z.enum(['0', '1']).default('0'),
  MAX_JOB_DISK_MB: megabytes.default(10_000),
  MAX_FFMPEG_MEMORY_MB: megabytes.optional(),
  MAX_SPARE_FFMPEGS: z.coerce.number().int().min(0).default(availableParallelism()),
  DRAIN_SECONDS: z.coerce.number().min(0).default(0),
  LOG_LEVEL: z.enum(['debug', 'info', 'warn', 'error', 'silent']).default('info'),
})

export interface Settings {
  /** 0 takes any free port. */
  port: number
  host: string
  /** Null where none is asked for. */
  token: string | null
  /** Whether the network lets nobody in but who may use this executor, as on Cloudflare: without a token it then serves every request. */
  trustNetwork: boolean
  ffmpeg: string
  ffprobe: string
  jobsDir: string
  sandbox: 'auto' | 'landlock' | 'bwrap' | 'none'
  requireSandbox: boolean
  /** The most a job's folder may hold whatever its own limits say, in bytes. */
  maxJobDiskBytes: number
  /** The most memory one FFmpeg may allocate, in bytes. */
  maxFfmpegMemoryBytes: number
  /** The most FFmpegs that may wait for commands that are likely to come. */
  maxSpareFfmpegs: number
  /** What the jobs that run get, after SIGTERM, to end and be fetched, in milliseconds. */
  drainMs: number
  logLevel: string
}

/** Reads the settings. Throws one line that names every variable that cannot be understood, or says what fence is missing. */
export function readSettings(env: Record<string, string | undefined>): Settings {
  // An empty variable means "not set", as in a compose file's `EXECUTOR_TOKEN=`.
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== undefined && value !== ''))
  const parsed = environmentSchema.safeParse(given)
  if (!parsed.success) throw new Error(parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('; '))
  const { data } = parsed
  if (data.EXECUTOR_TOKEN === undefined && data.TRUST_NETWORK === '0' && !isLoopback(data.HOST)) {
    throw new Error(
      `EXECUTOR_TOKEN is not set, and others may reach HOST=${data.HOST}: set EXECUTOR_TOKEN to a long secret, or HOST=127.0.0.1, or TRUST_NETWORK=1 where the network lets in nobody else`,
    )
  }
  return {
    port: data.PORT,
    host: data.HOST,
    token: data.EXECUTOR_TOKEN ?? null,
    trustNetwork: data.TRUST_NETWORK === '1',
    ffmpeg: data.FFMPEG_PATH,
    ffprobe: data.FFPROBE_PATH,
    jobsDir: data.JOBS_DIR,
    sandbox: data.SANDBOX,
    requireSandbox: data.REQUIRE_SANDBOX === '1',
    maxJobDiskBytes: data.MAX_JOB_DISK_MB * 1024 ** 2,
    maxFfmpegMemoryBytes: data.MAX_FFMPEG_MEMORY_MB === undefined ? threeQuartersOfMemory() : data.MAX_FFMPEG_MEMORY_MB * 1024 ** 2,
    maxSpareFfmpegs: data.MAX_SPARE_FFMPEGS,
    drainMs: data.DRAIN_SECONDS * 1000,
    logLevel: data.LOG_LEVEL,
  }
}

/** Leaves room for this process and for the page cache; a container's own limit counts where there is one. */
function threeQuartersOfMemory(): number {
  const constrained = process.constrainedMemory()
  const memory = constrained > 0 ? Math.min(constrained, totalmem()) : totalmem()
  return Math.floor(memory * 0.75)
}
