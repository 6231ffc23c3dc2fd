/** The wire contract of presets. */
import { z } from '@hono/zod-openapi'
import { OUTPUT_FOLDER } from '../ffmpeg/bundle.ts'
import { aliasSchema, boundedList } from './bounded-schemas.ts'
import { metadataSchema, outputsSchema, submitBase } from './schemas.ts'
import { MAX_COMMANDS } from './submit-schemas.ts'
import { commandText } from './value-schemas.ts'
import { mustBe } from './wanted.ts'

const MAX_KEYS = 100

const EXAMPLE = {
  name: 'Square preview',
  description: '400×400, without sound.',
  ffmpeg_command: 'ffmpeg -i {{in_video}} -vf "crop=min(iw\\,ih):min(iw\\,ih),scale=400:400" -an {{out_video}}',
  input_file_keys: ['in_video'],
  output_file_definitions: { out_video: 'preview.mp4' },
}

const presetTypeSchema = z.enum(['FFMPEG_COMMAND', 'CHAINED_COMMAND'])

const fields = {
  name: z.string().trim().min(1, 'a preset needs a name').max(200, 'a name has 200 characters at most'),
  description: z.string().max(2000, 'a description has 2,000 characters at most').nullish(),
  command_type: presetTypeSchema
    .nullish()
    .openapi({ description: 'Follows from the field that holds the command; if given, it must agree.' }),
  ffmpeg_command: commandText.nullish().openapi({ description: 'Either this or `ffmpeg_commands`.' }),
  ffmpeg_commands: boundedList(
    z.array(commandText, mustBe('a list of commands in square brackets')).min(1, 'a chain needs at least one command'),
    MAX_COMMANDS,
    `a chain has ${MAX_COMMANDS} commands at most`,
  ).nullish(),
  input_file_keys: boundedList(
    z.array(aliasSchema('in'), mustBe('a list of aliases, such as ["in_video"]')),
    MAX_KEYS,
    `${MAX_KEYS} inputs at most`,
  )
    .refine((keys) => new Set(keys).size === keys.length, 'an alias is there twice')
    .openapi({ description: 'The aliases for which an execution gives a URL each.' }),
  output_file_definitions: outputsSchema,
  metadata: metadataSchema.nullish(),
}

export const presetBodySchema = z.object(fields).openapi('PresetBody', { example: EXAMPLE })

/** Each field as when the preset is made; those that are left out stay. */
export const presetChangesSchema = z
  .object(fields)
  .partial()
  .refine((changes) => Object.values(changes).some((value) => value !== undefined), {
    error: `there is nothing to change: send one or more of ${Object.keys(fields).join(', ')}`,
  })
  .openapi('PresetChanges', { example: { name: 'Small square preview' } })

export const presetSchema = z
  .object({
    preset_id: z.string(),
    name: z.string(),
    description: z.string().nullable(),
    is_system: z.boolean().openapi({ description: 'Every account sees these, and none can change them.' }),
    command_type: presetTypeSchema,
    ffmpeg_command: z.string().nullable(),
    ffmpeg_commands: z.array(z.string()).nullable(),
    input_file_keys: z.array(z.string()),
    output_file_definitions: z.union([z.record(z.string(), z.string()), z.literal(OUTPUT_FOLDER)]),
    metadata: z.record(z.string(), z.unknown()).openapi({ type: 'object', additionalProperties: true }),
    created_at: z.iso.datetime(),
    updated_at: z.iso.datetime(),
  })
  .openapi('Preset')

export const presetListSchema = z
  .object({ presets: z.array(presetSchema), limit: z.number(), offset: z.number(), total: z.number() })
  .openapi('PresetList')

export const presetDeletedSchema = z.object({ deleted: z.literal(true), preset_id: z.string() }).openapi('PresetDeleted')

export const presetIdParam = z.object({
  preset_id: z.string().openapi({ param: { name: 'preset_id', in: 'path' }, example: 'prs_system_web_mp4' }),
})

export const executionSchema = z
  .object({
    input_files: submitBase.input_files.openapi({ description: 'A URL for each of the preset’s `input_file_keys`, and no other.' }),
    metadata: submitBase.metadata.openapi({ description: 'Laid over the preset’s own.' }),
    webhook_url: submitBase.webhook_url,
    max_command_run_seconds: submitBase.max_command_run_seconds,
  })
  .openapi('PresetExecution', { example: { input_files: { in_video: 'https://example.com/input.mp4' } } })
