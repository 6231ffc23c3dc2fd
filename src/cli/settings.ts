/** Settings of the embedded run, from the environment. */
import { existsSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import path from 'node:path'
import { z } from 'zod'
import { API_KEY_PATTERN } from '../api/api-key.ts'
import { DEVELOPMENT_API_KEY, DEVELOPMENT_EXECUTOR_PORT } from '../development.ts'
import { OperatorError } from './operator-error.ts'

/** The repository: the commands work from any directory. */
export const PROJECT_ROOT = path.resolve(import.meta.dirname, '../..')

/** The Worker's own settings that the embedded run passes on when they are set. The Worker judges their values. */
const WORKER_SETTINGS = [
  'FILE_RETENTION_DAYS',
  'COMMAND_RETENTION_DAYS',
  'STORAGE_URL_TTL_SECONDS',
  'MAX_COMMAND_RUN_SECONDS',
  'MAX_QUEUED_COMMANDS',
  'MAX_DOWNLOAD_SECONDS',
  'MIN_DOWNLOAD_KBPS',
  'CONTAINER_IDLE_SECONDS',
  'RATE_LIMITS',
  'CLIENT_ADDRESS_HEADER',
  'MAX_INPUT_MB',
  'MAX_JOB_DISK_MB',
  'UPLOAD_PART_MB',
  'WEBHOOK_RETRY_SCHEDULE',
  'ALLOWED_PRIVATE_ORIGINS',
  'ALLOWED_ORIGINS',
  'PUBLIC_URL',
  'R2_ACCOUNT_ID',
  'R2_ACCESS_KEY_ID',
  'R2_SECRET_ACCESS_KEY',
  'R2_BUCKET',
] as const

const wholeNumber = (min: number, max: number) => {
  const rule = `a whole number from ${min} to ${max}`
  return z.string().regex(/^\d+$/, rule).transform(Number).pipe(z.number().min(min, rule).max(max, rule))
}

/** The default of `STATE_DIR` for a project in `root`: wrangler's own folder is used only where `npm run dev` already keeps its state there. */
export function defaultStateDir(root: string): string {
  const [own, wranglers] = ['.renderio', '.wrangler/state'] as const
  const isUsed = (folder: string) => existsSync(path.join(root, folder, 'secrets.json'))
  return isUsed(wranglers) && !isUsed(own) ? wranglers : own
}

const environmentSchema = z.object({
  /** 0 is any free port. */
  PORT: wholeNumber(0, 65_535).default(8787),
  STATE_DIR: z.string().default(() => defaultStateDir(PROJECT_ROOT)),
  RENDERIO_API_KEY: z
    .string()
    .regex(API_KEY_PATTERN, 'ffsk_ and 64 hex digits in lower case')
    .refine((key) => key !== DEVELOPMENT_API_KEY, 'another than that of `npx wrangler dev`, which everyone knows')
    .optional(),
  MAX_CONCURRENT_COMMANDS: wholeNumber(1, 1000).default(availableParallelism()),
  FFMPEG_PATH: z.string().optional(),
  FFPROBE_PATH: z.string().optional(),
  ALLOW_OLD_FFMPEG: z.enum(['0', '1'], '0 or 1').default('0'),
  EXECUTOR_URL: z.url({ protocol: /^https?$/, error: 'an http or https URL' }).optional(),
  EXECUTOR_TOKEN: z.string().optional(),
  EXECUTOR_PORT: wholeNumber(1, 65_535).default(DEVELOPMENT_EXECUTOR_PORT),
})

export interface Settings {
  port: number
  /** Absolute. */
  stateDir: string
  /** The key to accept; where undefined, the one in the state folder. */
  apiKey: string | undefined
  maxConcurrentCommands: number
  ffmpegPath: string | undefined
  ffprobePath: string | undefined
  /** Whether the FFmpeg that npm brings may be used where there is no other. */
  allowOldFfmpeg: boolean
  /** An executor that runs already, and what it asks for. */
  executor: { url: string; token: string | undefined } | null
  /** Where `npm run executor` listens, and what it asks for. */
  executorPort: number
  executorToken: string | undefined
  /** Further variables of the Worker. */
  workerVars: Readonly<Record<string, string>>
}

/** Reads the settings. An empty variable counts as unset. Throws an OperatorError that names the first unusable one. */
export function readSettings(environment: NodeJS.ProcessEnv): Settings {
  const given = Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== ''))
  const parsed = environmentSchema.safeParse(given)
  if (!parsed.success) {
    const issue = parsed.error.issues[0]
    const name = String(issue?.path[0])
    throw new OperatorError(`${name}=${name === 'RENDERIO_API_KEY' ? '…' : given[name]} is not usable: it must be ${issue?.message}`)
  }
  const {
    PORT,
    STATE_DIR,
    RENDERIO_API_KEY,
    MAX_CONCURRENT_COMMANDS,
    FFMPEG_PATH,
    FFPROBE_PATH,
    ALLOW_OLD_FFMPEG,
    EXECUTOR_URL,
    EXECUTOR_TOKEN,
    EXECUTOR_PORT,
  } = parsed.data
  return {
    port: PORT,
    stateDir: path.resolve(PROJECT_ROOT, STATE_DIR),
    apiKey: RENDERIO_API_KEY,
    maxConcurrentCommands: MAX_CONCURRENT_COMMANDS,
    ffmpegPath: FFMPEG_PATH,
    ffprobePath: FFPROBE_PATH,
    allowOldFfmpeg: ALLOW_OLD_FFMPEG === '1',
    executor: EXECUTOR_URL === undefined ? null : { url: EXECUTOR_URL, token: EXECUTOR_TOKEN },
    executorPort: EXECUTOR_PORT,
    executorToken: EXECUTOR_TOKEN,
    workerVars: {
      ...Object.fromEntries(WORKER_SETTINGS.flatMap((name) => (given[name] === undefined ? [] : [[name, given[name]]]))),
      // Set to nothing it allows none, as a service for others must.
      ...(environment.ALLOWED_PRIVATE_ORIGINS !== undefined && { ALLOWED_PRIVATE_ORIGINS: environment.ALLOWED_PRIVATE_ORIGINS }),
    },
  }
}
