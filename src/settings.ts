/**
 * What an operator may set, read once per isolate from the Worker's variables and secrets.
 * The table in the guide to settings follows this file.
 */
import { z } from 'zod'
import { parseBrowserOrigins } from './browser-origins.ts'
import { DEVELOPMENT_EXECUTOR_PORT, DEVELOPMENT_EXECUTOR_TOKEN, DEVELOPMENT_SIGNING_SECRET, publiclyKnown } from './development.ts'
import { parseOrigins } from './outbound/address.ts'
import { parseSchedule } from './webhooks/schedule.ts'

const MEBIBYTE = 1024 * 1024
const DAY_SECONDS = 86_400

const count = (fallback: number) => z.coerce.number().int().positive().default(fallback)
const optionalText = z
  .string()
  .optional()
  .transform((text) => text || null)

const settingsSchema = z
  .object({
    DEVELOPMENT_DEFAULTS: z.enum(['on', 'off']).default('off'),
    FILE_RETENTION_DAYS: z.coerce.number().positive().default(30),
    COMMAND_RETENTION_DAYS: z.coerce.number().positive().default(90),
    /** R2's presigned URLs live seven days at most. */
    STORAGE_URL_TTL_SECONDS: count(DAY_SECONDS).pipe(z.number().max(7 * DAY_SECONDS)),
    MAX_CONCURRENT_COMMANDS: count(4),
    MAX_QUEUED_COMMANDS: count(10_000),
    MAX_COMMAND_RUN_SECONDS: count(3600),
    MAX_INPUT_MB: z.coerce.number().positive().default(5000),
    MAX_DOWNLOAD_SECONDS: count(1800),
    MIN_DOWNLOAD_KBPS: z.coerce.number().positive().default(8),
    CONTAINER_IDLE_SECONDS: count(300),
    CONTAINER_SCOPE: optionalText,
    RATE_LIMITS: z.enum(['on', 'off']).default('on'),
    MAX_JOB_DISK_MB: z.coerce.number().positive().default(10_000),
    /** What R2 takes as a part. */
    UPLOAD_PART_MB: count(32).pipe(z.number().min(5).max(5000)),
    WEBHOOK_RETRY_SCHEDULE: z.string().optional(),
    ALLOWED_PRIVATE_ORIGINS: z.string().default(''),
    ALLOWED_ORIGINS: z.string().default(''),
    PUBLIC_URL: optionalText,
    CLIENT_ADDRESS_HEADER: optionalText.pipe(
      z
        .string()
        .regex(/^[A-Za-z0-9-]+$/, 'the name of a header, such as X-Real-IP')
        .nullable(),
    ),
    EXECUTOR_URL: optionalText,
    EXECUTOR_TOKEN: optionalText,
    EXECUTOR_PORT: count(DEVELOPMENT_EXECUTOR_PORT).pipe(z.number().max(65_535)),
    URL_SIGNING_SECRET: optionalText,
    R2_ACCOUNT_ID: optionalText,
    R2_ACCESS_KEY_ID: optionalText,
    R2_SECRET_ACCESS_KEY: optionalText,
    R2_BUCKET: optionalText,
  })
  .transform((raw) => {
    const known = publiclyKnown(raw)
    if (raw.DEVELOPMENT_DEFAULTS === 'off') return { ...raw, publiclyKnown: known, localExecutor: null }
    const token = raw.EXECUTOR_TOKEN ?? DEVELOPMENT_EXECUTOR_TOKEN
    return {
      ...raw,
      publiclyKnown: known,
      EXECUTOR_TOKEN: token,
      URL_SIGNING_SECRET: raw.URL_SIGNING_SECRET ?? DEVELOPMENT_SIGNING_SECRET,
      localExecutor: { url: `http://127.0.0.1:${raw.EXECUTOR_PORT}`, token },
    }
  })
  .transform((raw) => ({
    /** Whether the values in `development.ts` stand in for what is not set. */
    development: raw.DEVELOPMENT_DEFAULTS === 'on',
    /** Variables whose values everyone knows: where there are any, the Worker answers on this machine only. */
    publiclyKnown: raw.publiclyKnown,
    /** Where FFmpeg runs in development if there are no containers: `npm run executor`. */
    localExecutor: raw.localExecutor,
    /** How long outputs are kept, in milliseconds. */
    fileRetentionMs: raw.FILE_RETENTION_DAYS * DAY_SECONDS * 1000,
    /** How long a command is kept after its end, in milliseconds; its outputs go with it at the latest. */
    commandRetentionMs: raw.COMMAND_RETENTION_DAYS * DAY_SECONDS * 1000,
    storageUrlTtlSeconds: raw.STORAGE_URL_TTL_SECONDS,
    maxConcurrentCommands: raw.MAX_CONCURRENT_COMMANDS,
    maxQueuedCommands: raw.MAX_QUEUED_COMMANDS,
    maxCommandRunSeconds: raw.MAX_COMMAND_RUN_SECONDS,
    maxInputBytes: Math.floor(raw.MAX_INPUT_MB * MEBIBYTE),
    /** How long the inputs of one attempt may take together, in milliseconds. */
    maxDownloadMs: raw.MAX_DOWNLOAD_SECONDS * 1000,
    /** A server that sends less is cut off, in bytes a second. */
    minDownloadRate: (raw.MIN_DOWNLOAD_KBPS * 1000) / 8,
    /** How long a container that has nothing to do is kept, in milliseconds. */
    containerIdleMs: raw.CONTAINER_IDLE_SECONDS * 1000,
    /** What sets the containers of this service apart from those of another on the same engine; null where there is no other. */
    containerScope: raw.CONTAINER_SCOPE,
    rateLimits: raw.RATE_LIMITS === 'on',
    maxJobDiskBytes: Math.floor(raw.MAX_JOB_DISK_MB * MEBIBYTE),
    uploadPartBytes: raw.UPLOAD_PART_MB * MEBIBYTE,
    /** Seconds before each attempt to deliver a webhook, the first included. */
    webhookDelays: parseSchedule(raw.WEBHOOK_RETRY_SCHEDULE),
    /** The only private addresses that inputs and webhooks may be on. */
    privateOrigins: parseOrigins(raw.ALLOWED_PRIVATE_ORIGINS),
    /** Whose pages may use the API in a browser: origins as browsers send them. */
    browserOrigins: parseBrowserOrigins(raw.ALLOWED_ORIGINS),
    /** Origin under which clients reach the Worker, where it is not that of their request. */
    publicUrl: raw.PUBLIC_URL?.replace(/(?<!\/)\/+$/, '') ?? null,
    /** The header in which whoever stands before the Worker says who asks; null where nobody does, and none is believed. */
    clientAddressHeader: raw.CLIENT_ADDRESS_HEADER,
    /** Where an executor of one's own answers; null means Cloudflare Containers. */
    executor: raw.EXECUTOR_URL === null ? null : { url: raw.EXECUTOR_URL.replace(/(?<!\/)\/+$/, ''), token: raw.EXECUTOR_TOKEN },
    urlSigningSecret: raw.URL_SIGNING_SECRET,
    r2Credentials:
      raw.R2_ACCOUNT_ID && raw.R2_ACCESS_KEY_ID && raw.R2_SECRET_ACCESS_KEY && raw.R2_BUCKET
        ? {
            accountId: raw.R2_ACCOUNT_ID,
            accessKeyId: raw.R2_ACCESS_KEY_ID,
            secretAccessKey: raw.R2_SECRET_ACCESS_KEY,
            bucket: raw.R2_BUCKET,
          }
        : null,
  }))
export type Settings = z.output<typeof settingsSchema>

const parsed = new WeakMap<object, Settings>()

/** The settings in `env`. Throws a ZodError that names the variable when a value is unusable. */
export function settingsOf(env: object): Settings {
  const known = parsed.get(env)
  if (known) return known
  const settings = settingsSchema.parse(env)
  parsed.set(env, settings)
  return settings
}

/** The secret of the links that the Worker signs. Throws where the operator has set none: a made-up one would not hold. */
export function signingSecretOf(settings: Settings): string {
  if (!settings.urlSigningSecret) throw new Error('URL_SIGNING_SECRET is not set: run `wrangler secret put URL_SIGNING_SECRET`')
  return settings.urlSigningSecret
}
