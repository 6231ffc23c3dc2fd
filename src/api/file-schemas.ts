/** The wire contract of files, beside `schemas.ts`. */
import { z } from '@hono/zod-openapi'
import { boundedList } from './bounded-schemas.ts'
import { outputFileSchema, pageQuerySchema } from './schemas.ts'
import { wireNumber } from './value-schemas.ts'
import { mustBe } from './wanted.ts'

const { status, rendi_store_type: storeType } = outputFileSchema.shape

const unknownYet = 'Null until an executor has looked into the file, and for what cannot be found out.'

const FILE_STATUS =
  'PROCESSING until the bytes are there and an executor has looked into them; STORED with null facts where none could be had for 30 seconds. The storage_url of an upload works from the first answer on.'

export const fileSchema = z
  .object({
    file_id: z.uuid(),
    storage_url: z.string().nullable().openapi({
      description: 'Works with a plain GET for a limited time once the bytes are there; fresh in every answer. Null for one that FAILED.',
    }),
    status: status.openapi({ description: FILE_STATUS }),
    rendi_store_type: storeType,
    is_deleted: z.literal(false).openapi({ description: 'A file that is deleted is a 404.' }),
    original_file_url: z.string().nullable().openapi({ description: 'Where the file was fetched from.' }),
    filename: z.string(),
    size_mbytes: z.number().nullable().openapi({ description: 'Megabytes of a million bytes.' }),
    duration: z
      .number()
      .nullable()
      .openapi({ description: `Seconds. ${unknownYet}` }),
    file_type: z.string().nullable().openapi({ description: unknownYet }),
    file_format: z.string().nullable(),
    codec: z.string().nullable(),
    pixel_format: z.string().nullable(),
    mime_type: z.string().nullable(),
    width: z.number().nullable(),
    height: z.number().nullable(),
    rotation: outputFileSchema.shape.rotation,
    frame_rate: z.number().nullable(),
    bitrate_video_kb: z.number().nullable(),
    bitrate_audio_kb: z.number().nullable(),
    sample_rate: z.number().nullable(),
    channels: z.number().nullable(),
    error_status: z.enum(['UNREACHABLE_INPUT_FILE', 'INPUT_TOO_LARGE', 'INTERNAL_ERROR']).nullable(),
    error_message: z.string().nullable(),
    created_at: z.iso.datetime(),
  })
  .openapi('File')
export type FileView = z.output<typeof fileSchema>

export const fileListQuerySchema = pageQuerySchema.extend({
  status: z.enum(status.options, `status is one of ${status.options.join(', ')}`).optional(),
  rendi_store_type: z.enum(storeType.options, `rendi_store_type is one of ${storeType.options.join(', ')}`).optional(),
})

export const fileListSchema = z
  .object({ files: z.array(fileSchema), limit: z.number(), offset: z.number(), total: z.number() })
  .openapi('FileList')

export const fileIdParam = z.object({ file_id: z.string().openapi({ param: { name: 'file_id', in: 'path' }, format: 'uuid' }) })

/** What a file that has only just begun is answered with. */
export const fileBegunSchema = z.object({ file_id: z.uuid(), storage_url: z.string(), status }).openapi('FileBegun')

export const fileDeletedSchema = z.object({ deleted: z.literal(true), file_id: z.uuid() }).openapi('FileDeleted')

const givenFilename = z
  .string(mustBe('a file name in double quotes, such as "intro.mp4"'))
  .max(1000, 'a file name has 1,000 characters at most')
  .regex(/\S/, 'the file name is empty')
  .openapi({ description: 'Reduced to letters, digits, `.`, `_` and `-` of its last path segment.', example: 'intro.mp4' })

export const storeFileSchema = z
  .object({
    file_url: z
      .string(mustBe('a URL in double quotes, such as "https://example.com/intro.mp4"'))
      .max(20_000, 'a URL has 20,000 characters at most')
      .openapi({ format: 'uri', example: 'https://example.com/intro.mp4' }),
    filename: givenFilename.nullish().openapi({ description: 'The last segment of the URL’s path unless given.' }),
  })
  .openapi('StoreFile', { example: { file_url: 'https://example.com/intro.mp4' } })

const positiveInteger = (name: string) =>
  wireNumber('a whole number above 0, such as 1')
    .pipe(z.number().int(`${name} is a whole number`).min(1, `${name} is 1 at least`))
    .openapi({ type: 'integer' })

export const initUploadSchema = z
  .object({ filename: givenFilename, size_bytes: positiveInteger('size_bytes') })
  .openapi('InitUpload', { example: { filename: 'film.mp4', size_bytes: 700_000_000 } })

export const uploadBegunSchema = z
  .object({
    file_id: z.uuid(),
    part_size: z.number().int().openapi({ description: 'Bytes of every part but the last.' }),
    upload_urls: z
      .array(z.string())
      .openapi({ description: 'One for each part, in order: PUT its bytes, and keep the ETag of the answer.' }),
  })
  .openapi('UploadBegun')

export const completeUploadSchema = z
  .object({
    parts: boundedList(
      z.array(z.object({ part_number: positiveInteger('part_number').openapi({ description: 'From 1.' }), etag: z.string() })),
      10_000,
      'an upload has 10,000 parts at most',
    ),
  })
  .openapi('CompleteUpload', { example: { parts: [{ part_number: 1, etag: '"d41d8cd98f00b204e9800998ecf8427e"' }] } })
