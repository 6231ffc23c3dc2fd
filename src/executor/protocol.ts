/**
 * The executor protocol, version 1: JSON over HTTP between the Worker (client) and the program that runs FFmpeg (server).
 * Changes are additive only, so that a Worker and an executor of different ages understand each other.
 * This file and `src/ffmpeg` are the only code that both sides share.
 */
import { z } from 'zod'
import type { Bundle } from '../ffmpeg/bundle.ts'
import { mediaFactsSchema } from '../ffmpeg/media.ts'
import type { Program } from '../ffmpeg/program.ts'

/**
 * Which of the additions an executor knows, in its health: those up to this number. An executor that does not say knows none.
 * - 2: `programs`; the lists, playlists and graphs that a command reads are judged before FFmpeg reads them; streams of states.
 */
export const PROTOCOL_REVISION = 2

/** `<command_id>.<attempt>`, or a stored file's id there: a lost attempt's leftovers can never be mistaken for the next attempt's. */
export const jobNameSchema = z.string().regex(/^[0-9a-f-]{36}\.\d{1,3}$/, 'a job is named <command_id>.<attempt>')

/** A plain name in the job's folder: no separators, no leading dash (FFmpeg would read an option), not `.` or `..`. */
export const jobFilenameSchema = z
  .string()
  .max(255)
  .regex(/^(?!-)(?!\.{1,2}$)[A-Za-z0-9._-]+$/, 'a plain file name')

const filesByAlias = z.record(z.string(), jobFilenameSchema)

/** What a job may use. A breach ends it with the `code` named beside each. */
export const jobLimitsSchema = z.object({
  /** Wall time from the run's request until its outputs are complete, in seconds: unpacking, all commands, and packing. `TIMEOUT`. */
  run_seconds: z.number().positive(),
  /** The most that `run_seconds` may be, in seconds: what a job that ran out of time may ask for. */
  most_run_seconds: z.number().positive().optional(),
  /** What the files in the job's folder take on disk, in bytes: `OUTPUT_TOO_LARGE`. */
  disk_bytes: z.number().int().positive(),
})
export type JobLimits = z.infer<typeof jobLimitsSchema>

const programSchema = z.enum(['ffmpeg', 'ffprobe']) satisfies z.ZodType<Program>

/** An output that is more than one file. */
export const bundleSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('folder'), filename: jobFilenameSchema }),
  z.object({ kind: z.literal('sequence'), filename: jobFilenameSchema, pattern: z.string().max(255) }),
  z.object({ kind: z.literal('playlist'), filename: jobFilenameSchema }),
]) satisfies z.ZodType<Bundle>

/**
 * Body of `POST /v1/jobs/:job/run`; and, with inputs still on their way, of `POST /v1/jobs/:job/prepare`, which lets the executor start FFmpeg
 * meanwhile. Preparing saves time and changes nothing else.
 */
export const runRequestSchema = z.object({
  /** Finished argv lists without the program's name, run in order in the job's folder. */
  commands: z.array(z.array(z.string())).min(1).max(10),
  /** Which program each of the commands is for. All are for FFmpeg unless given. */
  programs: z.array(programSchema).max(10).optional(),
  /** Alias → file name of each input already PUT. */
  inputs: filesByAlias,
  /**
   * Alias → URL of each input without its query, by which a list that a command reads may name it. It tells the executor nothing of what it has
   * not been given: the file itself.
   */
  sources: z.record(z.string(), z.string()).optional(),
  /** Alias → file name that the commands must have written when they end. */
  outputs: filesByAlias,
  /** Alias → output that is made of several files that the commands must have written when they end. */
  bundles: z.record(z.string(), bundleSchema).optional(),
  /** File name of a zip already PUT, which is unpacked into the job's folder before the first command, and removed. */
  archive: jobFilenameSchema.optional(),
  limits: jobLimitsSchema,
})
export type RunRequest = z.infer<typeof runRequestSchema>

/**
 * Answer of `PUT /v1/jobs/:job/inputs/:filename`: the bytes that the file has now. A file may come in several requests, one after the other.
 * One without a Content-Range begins the file anew; one with `Content-Range: bytes <offset>-<last>/<total>` goes on with a file that has exactly
 * `offset` bytes, and is a `CONFLICT` for any other. `last` and `total` are `*` where they are not known; a `total` that is past a limit is
 * refused at once.
 */
export const inputStoredSchema = z.object({ bytes: z.number().int().nonnegative() })

/** Body of `POST /v1/jobs/:job/probe`: names of inputs already PUT, which the job may still run with afterwards. */
export const probeRequestSchema = z.object({ files: z.array(jobFilenameSchema).min(1).max(100) })

/** Its answer: what is in each file. For one that is no media, all that the name does not tell is null. */
export const probedFilesSchema = z.object({ files: z.record(jobFilenameSchema, mediaFactsSchema) })
export type ProbedFiles = z.infer<typeof probedFilesSchema>

export const progressSchema = z.object({
  /** 0–100 over all commands of the job, null where the length of the output cannot be known. */
  percent: z.number().min(0).max(100).nullable(),
  /** Zero-based index of the command that runs. */
  step: z.number().int().nonnegative(),
  frame: z.number().nullable(),
  fps: z.number().nullable(),
  /** Seconds of output written so far. */
  out_time_seconds: z.number().nullable(),
  /** Output seconds per wall second. */
  speed: z.number().nullable(),
})
export type Progress = z.infer<typeof progressSchema>

/** Why a job failed. `INTERNAL_ERROR` is ours, the rest is the command's or, of the first two, the archive's. */
export const jobErrorSchema = z.object({
  code: z.enum([
    'INPUT_UNUSABLE',
    'INPUT_TOO_LARGE',
    'FFMPEG_ERROR',
    'OUTPUT_MISSING',
    'OUTPUT_TOO_LARGE',
    'TIMEOUT',
    'CANCELLED',
    'INTERNAL_ERROR',
  ]),
  message: z.string(),
  /** Zero-based index of the command that failed. */
  step: z.number().int().nonnegative(),
})
export type JobError = z.infer<typeof jobErrorSchema>

const writtenOutput = z.object({
  filename: jobFilenameSchema,
  /** Of what is fetched: of all files together where it is a playlist. */
  size_bytes: z.number().int().nonnegative(),
  /** `zip`: fetched as the one file that it was packed into. `playlist`: as many files, listed at `/outputs/:alias/files`. */
  bundle: z
    .object({
      kind: z.enum(['zip', 'playlist']),
      file_count: z.number().int().positive(),
      /** Of the files before they were packed. */
      content_bytes: z.number().int().nonnegative(),
    })
    .optional(),
})
const probedOutput = writtenOutput.extend({ media: mediaFactsSchema })

/** What the commands have written to their standard output, as far as it is kept; absent where they wrote nothing. */
const standardOutput = z.object({ text: z.string(), truncated: z.boolean() }).optional()

/** FFmpeg's stderr, where it is short enough to come along: `GET /v1/jobs/:job/log` has it in any case, `?last=N` its last N bytes. */
const shortLog = z.string().optional()

const jobBase = {
  job: jobNameSchema,
  /** Grows at every change: pass it as `after` to wait for the next one. */
  revision: z.number().int().nonnegative(),
  /** Wall time FFmpeg has run so far, in seconds. */
  ffmpeg_seconds: z.number().nonnegative(),
}

/**
 * Answer of `GET /v1/jobs/:job`; and, once it has accepted the run, of `POST /v1/jobs/:job/run`.
 * `GET` takes `?after=N&wait=S`: the state once its revision is above N, or as it is after S seconds. Whoever sends `Accept: application/x-ndjson`
 * gets both as a stream instead, one line for each state whose revision is above `after`, as it comes: of several that come faster than they are
 * read only the latest, of progress two a second at most. An empty line every five seconds tells that the connection holds. The stream ends after
 * `SUCCEEDED` and `FAILED`, and after ten minutes, when the client asks again. An executor that knows of no streams answers the one document, which
 * is a line like any other.
 * `RECEIVING` → `RUNNING` → `PROBING` (the outputs are complete and may be fetched) → `SUCCEEDED`, or `FAILED` from any of them.
 */
export const jobStateSchema = z.discriminatedUnion('state', [
  z.object({ ...jobBase, state: z.literal('RECEIVING') }),
  z.object({ ...jobBase, state: z.literal('RUNNING'), progress: progressSchema.nullable() }),
  z.object({ ...jobBase, state: z.literal('PROBING'), outputs: z.record(z.string(), writtenOutput), stdout: standardOutput }),
  z.object({
    ...jobBase,
    state: z.literal('SUCCEEDED'),
    outputs: z.record(z.string(), probedOutput),
    stdout: standardOutput,
    log: shortLog,
  }),
  z.object({ ...jobBase, state: z.literal('FAILED'), error: jobErrorSchema, log: shortLog }),
])
export type JobState = z.infer<typeof jobStateSchema>
export type StandardOutputText = NonNullable<z.infer<typeof standardOutput>>

/** Answer of `GET /v1/jobs/:job/outputs/:alias/files`: the manifest and everything that belongs to it. */
export const outputListSchema = z.object({
  files: z.array(z.object({ name: z.string(), size_bytes: z.number().int().nonnegative() })),
})
export type OutputList = z.infer<typeof outputListSchema>

export const sandboxKindSchema = z.enum(['landlock', 'bwrap', 'none'])
export type SandboxKind = z.infer<typeof sandboxKindSchema>

/** Answer of `GET /v1/health`. FFmpeg has really been run for it. */
export const executorHealthSchema = z.object({
  ok: z.boolean(),
  protocol: z.literal(1),
  /** `PROTOCOL_REVISION` of the executor. */
  protocol_revision: z.number().int().positive().default(1),
  ffmpeg_version: z.string(),
  sandbox: sandboxKindSchema,
  cpus: z.number().int().positive(),
  /** Jobs whose inputs arrive, that run, or whose files are looked into. While there are any the executor is not idle. */
  running_jobs: z.number().int().nonnegative(),
})
export type ExecutorHealth = z.infer<typeof executorHealthSchema>

/** Body of every answer with a status of 400 or more. */
export const executorErrorSchema = z.object({
  error: z.object({
    code: z.enum([
      'BAD_REQUEST',
      'UNAUTHORIZED',
      'FORBIDDEN',
      'JOB_NOT_FOUND',
      'FILE_NOT_FOUND',
      'CONFLICT',
      'INPUT_TOO_LARGE',
      'RANGE_NOT_SATISFIABLE',
      'SHUTTING_DOWN',
      'INTERNAL_ERROR',
      // Said in the place of an executor that is not there.
      'NO_EXECUTOR',
    ]),
    message: z.string(),
    /** Of an `INPUT_TOO_LARGE`: whether the one input is past its limit, or all of the job's together. */
    limit: z.enum(['input', 'job']).optional(),
  }),
})
export type ExecutorError = z.infer<typeof executorErrorSchema>

/** What answers that are streams of job states are called. */
export const STATES_TYPE = 'application/x-ndjson'

/** Request header on an input's PUT: the most bytes that the whole file may have. */
export const MAX_BYTES_HEADER = 'x-max-bytes'

/** Request header on an input's PUT: `JobLimits.disk_bytes` of the run to come, which all inputs together must keep to. */
export const MAX_JOB_BYTES_HEADER = 'x-max-job-bytes'
