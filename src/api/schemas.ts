/** The wire contract. Validation, types and the OpenAPI document all come from these schemas. */
import { z } from '@hono/zod-openapi'
import { OUTPUT_FOLDER, PLAYLIST_PREFIX } from '../ffmpeg/bundle.ts'
import { manifestFormat } from '../ffmpeg/manifest.ts'
import { filesByAlias } from './bounded-schemas.ts'
import { BODY_EXAMPLE, commandText, echoedNumber, inputUrl, outputFilename, runSeconds, webhookUrlSchema } from './value-schemas.ts'
import { mustBe, notWanted } from './wanted.ts'

const MAX_METADATA_DEPTH = 100

const MAP_OF_INPUTS = `an object that gives each input a name and a URL, such as ${JSON.stringify(BODY_EXAMPLE.input_files)}`
const MAP_OF_OUTPUTS = `an object that gives each output a name and a file name, such as ${JSON.stringify(BODY_EXAMPLE.output_files)}, or the text "${OUTPUT_FOLDER}"`

export const inputFilesSchema = filesByAlias('in', inputUrl, MAP_OF_INPUTS).openapi({
  type: 'object',
  additionalProperties: { type: 'string', format: 'uri' },
  description: 'Alias (`in_…`) → http(s) URL.',
  example: BODY_EXAMPLE.input_files,
})

export const outputFilesSchema = filesByAlias('out', outputFilename, MAP_OF_OUTPUTS)
  .refine((files) => {
    const names = Object.values(files).map((name) => name.toLowerCase())
    return new Set(names).size === names.length
  }, 'two outputs have the same file name')
  .superRefine((files, context) => {
    for (const [alias, name] of Object.entries(files)) {
      if (!alias.startsWith(PLAYLIST_PREFIX) || manifestFormat(name) !== null) continue
      const message = `an output ${PLAYLIST_PREFIX}… is a playlist, whose name ends in .m3u8 or .mpd`
      context.addIssue({ code: 'custom', path: [alias], message })
    }
  })
  .openapi({
    type: 'object',
    additionalProperties: { type: 'string' },
    description:
      'Alias (`out_…`) → plain file name. A name with `%d` or `%03d` is a numbered sequence, stored as one zip. An alias `out_playlist_…` is an HLS playlist (`.m3u8`) or DASH manifest (`.mpd`), stored with all its files, as is any other output that the command writes as one.',
    example: BODY_EXAMPLE.output_files,
  })

/** A union of schemas would tell that nothing fits, and not what is wrong with the map. */
export const outputsSchema = z
  .unknown()
  .transform((value, context) => {
    if (value === OUTPUT_FOLDER) return OUTPUT_FOLDER
    const parsed = outputFilesSchema.safeParse(value)
    if (parsed.success) return parsed.data
    for (const issue of parsed.error.issues) {
      const { path } = issue
      const message = issue.code === 'invalid_key' ? (issue.issues[0]?.message ?? issue.message) : issue.message
      if (issue.code === 'invalid_type') context.issues.push({ ...issue, input: value })
      else context.issues.push({ code: 'custom', path, message, input: value })
    }
    return z.NEVER
  })
  .openapi({
    anyOf: [
      {
        type: 'object',
        additionalProperties: { type: 'string' },
        description:
          'Alias (`out_…`) → plain file name, or the name of a sequence or playlist. Empty where the result is text: a command that writes to `-f null -`, or one of ffprobe.',
      },
      { type: 'string', enum: [OUTPUT_FOLDER], description: 'Everything that the command writes by bare names, as one zip.' },
    ],
    example: BODY_EXAMPLE.output_files,
  })

/** Passed on by reference: zod's own object schemas would drop a property named `__proto__`. */
export const metadataSchema = z
  .custom<Record<string, unknown>>((value) => typeof value === 'object' && value !== null && !Array.isArray(value), {
    error: ({ input }) => notWanted(input, 'an object of at most 10 properties, such as {"order": "17"}'),
  })
  .refine((metadata) => Object.keys(metadata).length <= 10, 'metadata has 10 properties at most')
  .refine((metadata) => isShallow(metadata, MAX_METADATA_DEPTH), `metadata is nested ${MAX_METADATA_DEPTH} levels deep at most`)
  .openapi({ type: 'object', additionalProperties: true, description: 'Returned by the poll and the webhook as it is.' })

/** Without recursion, which a deep value would break, as it would break everyone who writes it as JSON again. */
function isShallow(value: object, maxDepth: number): boolean {
  let level: object[] = [value]
  for (let depth = 1; level.length > 0; depth++) {
    if (depth > maxDepth) return false
    level = level.flatMap((parent) => Object.values(parent)).filter((child) => typeof child === 'object' && child !== null)
  }
  return true
}

/** What every kind of submit has in common. */
export const submitBase = {
  input_files: inputFilesSchema.default({}),
  output_files: outputsSchema.default({}),
  input_compressed_folder: z.string(mustBe('the URL of a zip in double quotes, such as "https://example.com/kit.zip"')).nullish().openapi({
    format: 'uri',
    description: 'A zip, unpacked into the working directory before the command runs, which then names its files as they are.',
  }),
  metadata: metadataSchema.nullish(),
  webhook_url: webhookUrlSchema.nullish().openapi({ format: 'uri', description: 'Called when the command has ended.' }),
  max_command_run_seconds: runSeconds
    .nullish()
    .openapi({ type: 'number', description: 'FFmpeg is stopped after so many seconds. 300 unless given.' }),
  vcpu_count: echoedNumber.openapi({ type: 'number', description: 'Taken from clients of the older form, and only echoed.' }),
}

const SUBMIT = 'an object such as {"input_files": {"in_video": "https://…"}, "output_files": {"out_video": "…"}, "ffmpeg_command": "…"}'

export const submitSchema = z
  .object({ ...submitBase, ffmpeg_command: commandText }, mustBe(SUBMIT))
  .openapi('RunFFmpegCommand', { example: BODY_EXAMPLE })
export type SubmitBody = z.output<typeof submitSchema>

export const submittedSchema = z.object({ command_id: z.uuid() }).openapi('Submitted')

export const filesDeletedSchema = z.object({ deleted: z.literal(true), files_deleted: z.number().int() }).openapi('FilesDeleted')

export const commandDeletedSchema = z.object({ deleted: z.literal(true), command_id: z.uuid() }).openapi('CommandDeleted')

export const statusSchema = z.enum(['QUEUED', 'PROCESSING', 'SUCCESS', 'FAILED'])

const commandTypeSchema = z.enum(['FFMPEG_COMMAND', 'CHAINED_COMMAND', 'MULTIPLE_COMMAND'])

export const outputFileSchema = z
  .object({
    file_id: z.string(),
    storage_url: z.string().nullable().openapi({ description: 'Works with a plain GET for a limited time; fresh at every poll.' }),
    status: z.enum(['PROCESSING', 'STORED', 'FAILED']),
    rendi_store_type: z.enum(['OUTPUT', 'STORED_FILE', 'UPLOAD']),
    is_deleted: z.boolean(),
    filename: z.string(),
    size_mbytes: z.number().openapi({ description: 'Megabytes of a million bytes; of all files together where there are several.' }),
    size_compressed_mbytes: z.number().optional().openapi({ description: 'Of the zip itself.' }),
    file_count: z.number().int().optional().openapi({ description: 'How many files a zip holds, or a playlist consists of.' }),
    duration: z.number().nullable().openapi({ description: 'Seconds.' }),
    file_type: z.string(),
    file_format: z.string().nullable(),
    codec: z.string().nullable(),
    pixel_format: z.string().nullable(),
    mime_type: z
      .string()
      .openapi({ description: 'By the file’s name, as the download’s Content-Type; by its contents where the name tells none.' }),
    width: z.number().nullable().openapi({ description: 'Pixels, as players show the picture: turned by `rotation`.' }),
    height: z.number().nullable(),
    rotation: z
      .number()
      .int()
      .nullable()
      .openapi({
        enum: [0, 90, 180, 270, null],
        description: 'Degrees with the clock by which players turn the stored picture; null without one.',
      }),
    frame_rate: z.number().nullable(),
    bitrate_video_kb: z.number().nullable().openapi({ description: 'Kilobits per second of the first video stream.' }),
    bitrate_audio_kb: z.number().nullable().openapi({ description: 'Kilobits per second of the first audio stream.' }),
    sample_rate: z.number().nullable().openapi({ description: 'Hertz.' }),
    channels: z.number().nullable(),
  })
  .openapi('OutputFile')

const ERROR_STATUSES = [
  'UNREACHABLE_INPUT_FILE',
  'INPUT_TOO_LARGE',
  'FFMPEG_ERROR',
  'OUTPUT_MISSING',
  'OUTPUT_TOO_LARGE',
  'TIMEOUT',
  'CANCELLED',
  'EXECUTOR_LOST',
  'INTERNAL_ERROR',
] as const

const originalRequestSchema = z.object({
  input_files: z.record(z.string(), z.string()),
  output_files: z.union([z.record(z.string(), z.string()), z.literal(OUTPUT_FOLDER)]),
  input_compressed_folder: z.string().optional(),
  webhook_url: z.string().optional(),
  max_command_run_seconds: z.number().optional(),
  vcpu_count: z.number().optional(),
  ffmpeg_command: z.string().optional(),
  ffmpeg_commands: z.array(z.string()).optional(),
})

/** The poll response. */
export const commandSchema = z
  .object({
    command_id: z.uuid(),
    status: statusSchema,
    command_type: commandTypeSchema,
    created_at: z.iso.datetime(),
    processing_stage: z.enum(['QUEUED', 'DOWNLOADING', 'FFMPEG', 'UPLOADING']).nullable(),
    progress: z.number().min(0).max(100).nullable().openapi({ description: 'Per cent; null where it cannot be known.' }),
    queue_position: z.number().int().nullable().openapi({ description: 'Commands ahead of it; null when it does not wait.' }),
    total_processing_seconds: z.number().nullable(),
    ffmpeg_command_run_seconds: z.number().nullable(),
    metadata: z.record(z.string(), z.unknown()).openapi({ type: 'object', additionalProperties: true }),
    error_status: z.enum(ERROR_STATUSES).nullable(),
    error_message: z.string().nullable(),
    original_request: originalRequestSchema,
    output_files: z.record(z.string(), outputFileSchema),
    stdout: z.string().nullable().openapi({
      description:
        'What the command has written to standard output, such as the report of ffprobe or a checksum; its first 64 KiB. Null where there is none, and in lists.',
    }),
    stdout_truncated: z.literal(true).optional().openapi({ description: 'Present where more was written than `stdout` holds.' }),
    report: z.string().nullable().openapi({
      description:
        'What FFmpeg found out, of a command without output files: the lines of its log that filters such as `loudnorm` or `cropdetect` print, the last 8,000 characters of them. Null where there is none, and in lists.',
    }),
    log_url: z.string().openapi({ description: 'All that FFmpeg has printed, as text; it is fetched with the API key.' }),
  })
  .openapi('Command')
export type CommandView = z.output<typeof commandSchema>

/** A whole number of a query, named in its faults. */
export const queryInteger = (name: string, minimum: number, maximum: number) =>
  z.coerce
    .number(`${name} is a whole number`)
    .int(`${name} is a whole number`)
    .min(minimum, `${name} is ${minimum} at least`)
    .max(maximum, `${name} is ${maximum} at most`)

/** Seconds to hold the answer. */
export const waitSchema = queryInteger('wait', 0, 60)

export const waitQuerySchema = z.object({
  wait: waitSchema.optional().openapi({ description: 'Hold the answer until the command ends, or for so many seconds (60 at most).' }),
})

export const pageQuerySchema = z.object({
  limit: queryInteger('limit', 1, 100).default(50),
  offset: queryInteger('offset', 0, Number.MAX_SAFE_INTEGER).default(0),
})

/** A point in time, as milliseconds since the epoch. */
const queryTime = (name: string, description: string) =>
  z.iso
    .datetime({ offset: true, error: `${name} is a date and time with its zone, such as 2026-01-31T08:00:00Z` })
    .transform((text) => Date.parse(text))
    .optional()
    .openapi({ type: 'string', format: 'date-time', description })

export const commandListQuerySchema = pageQuerySchema.extend({
  status: z.enum(statusSchema.options, `status is one of ${statusSchema.options.join(', ')}`).optional(),
  command_type: z.enum(commandTypeSchema.options, `command_type is one of ${commandTypeSchema.options.join(', ')}`).optional(),
  created_after: queryTime('created_after', 'Only commands that were submitted later than this.'),
  created_before: queryTime('created_before', 'Only commands that were submitted earlier than this.'),
})

export const commandListSchema = z
  .object({ commands: z.array(commandSchema), limit: z.number(), offset: z.number(), total: z.number() })
  .openapi('CommandList')

export const healthSchema = z
  .object({
    status: z.enum(['ok', 'unavailable']),
    executor: z
      .union([
        z.object({ ok: z.literal(true), ffmpeg_version: z.string(), sandbox: z.string(), cpus: z.number(), running_jobs: z.number() }),
        z.object({ ok: z.literal(false), message: z.string() }),
      ])
      .optional()
      .openapi({ description: 'Only where the request has an API key.' }),
  })
  .openapi('Health')
