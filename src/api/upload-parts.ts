/** Large uploads in parts. */
import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import { storedFilename } from '../files/filename.ts'
import { partUrl } from '../files/own-url.ts'
import { signPartToken, verifyPartToken } from '../files/token.ts'
import { settingsOf, signingSecretOf } from '../settings.ts'
import { MAX_PARTS, PART_BYTES, partCount } from '../stored-file/parts.ts'
import { receivePart } from '../stored-file/receive-part.ts'
import { UPLOAD_PATIENCE_MS } from '../stored-file/state.ts'
import { fileView } from '../stored-file/view.ts'
import type { ApiEnv } from './env.ts'
import { ApiError, errorSchema, ValidationError } from './errors.ts'
import { completeUploadSchema, fileIdParam, fileSchema, initUploadSchema, uploadBegunSchema } from './file-schemas.ts'
import { newFile, noSuchFile, storedFile, urlMaker } from './files.ts'
import { jsonBody } from './json-body.ts'
import { limitSubmits } from './rate-limit.ts'
import { bodyErrors, json, notFound, requestErrors } from './responses.ts'

const init = createRoute({
  method: 'post',
  path: '/api/v1/files/init-upload',
  operationId: 'initUpload',
  tags: ['Files'],
  summary: 'Begin an upload in parts',
  description:
    'PUT every part to its URL, in any order and side by side, then complete the upload. Every part but the last has `part_size` bytes. The URLs need no API key. What is not complete after a day is removed.',
  middleware: [limitSubmits, jsonBody] as const,
  request: { body: { required: true, content: { 'application/json': { schema: initUploadSchema } } } },
  responses: {
    200: json(uploadBegunSchema, 'Begun.'),
    ...requestErrors,
    ...bodyErrors,
  },
})

const put = createRoute({
  method: 'put',
  path: '/files/{token}/parts/{part_number}',
  operationId: 'uploadPart',
  tags: ['Files'],
  summary: 'Upload one part',
  description: 'To one of the `upload_urls`. A part that is sent again replaces the one before.',
  security: [],
  request: {
    params: z.object({
      token: z.string().openapi({ param: { name: 'token', in: 'path' } }),
      part_number: z.string().openapi({ param: { name: 'part_number', in: 'path' } }),
    }),
    body: {
      required: true,
      content: { 'application/octet-stream': { schema: { type: 'string', format: 'binary' } } },
    },
  },
  responses: {
    200: {
      description: 'Stored. Completing the upload takes the ETag.',
      headers: z.object({ ETag: z.string() }),
    },
    400: json(errorSchema, 'A body of another length than the part, or without Content-Length.'),
    ...notFound('No valid upload URL, or the upload was deleted or has expired.'),
    409: json(errorSchema, 'The upload is complete.'),
    503: json(errorSchema, 'The part could not be stored; send it again.'),
  },
})

const complete = createRoute({
  method: 'post',
  path: '/api/v1/files/{file_id}/complete-upload',
  operationId: 'completeUpload',
  tags: ['Files'],
  summary: 'Complete an upload in parts',
  description: 'Lists every part with the ETag of its last PUT, in any order. Completing a second time answers the file.',
  middleware: jsonBody,
  request: { params: fileIdParam, body: { required: true, content: { 'application/json': { schema: completeUploadSchema } } } },
  responses: {
    200: json(fileSchema, 'Stored.'),
    ...requestErrors,
    ...notFound('No such file, or it was deleted.'),
    409: json(errorSchema, 'The file is not uploaded in parts.'),
    ...bodyErrors,
    503: json(errorSchema, 'The parts could not be put together.'),
  },
})

/** For whoever holds an upload URL: no API key is asked for. */
export function registerPartUpload(app: OpenAPIHono<ApiEnv>): void {
  app.openapi(put, async (c) => {
    const { token, part_number } = c.req.valid('param')
    const number = /^[1-9]\d{0,4}$/.test(part_number) ? Number(part_number) : 0
    const now = Math.floor(Date.now() / 1000)
    const check = await verifyPartToken(token, number, signingSecretOf(settingsOf(c.env)), now)
    if (!check.ok) {
      const expired = check.reason === 'expired'
      throw new ApiError('NOT_FOUND', expired ? 'this upload URL has expired; begin the upload again' : 'this is no valid upload URL')
    }
    const length = c.req.header('content-length')
    const { account, fileId } = check
    const part = { account, fileId, number, body: c.req.raw.body, length: length === undefined ? null : Number(length) }
    const received = await receivePart(part, c.env)
    switch (received.kind) {
      case 'stored':
        return c.body(null, 200, { ETag: `"${received.etag}"` })
      case 'closed':
        throw new ApiError('CONFLICT', `part ${number} comes too late: the upload is complete`)
      case 'wrong_length': {
        const given = received.given === null ? 'send its Content-Length' : `the body has ${received.given}`
        throw new ApiError('INVALID_REQUEST', `part ${number} has ${received.expected} bytes; ${given}`)
      }
      case 'broken':
        throw new ApiError('UNAVAILABLE', `part ${number} could not be stored; send it again`, { 'Retry-After': '1' })
      case 'gone':
      case 'no_such_part':
        throw new ApiError('NOT_FOUND', 'this upload does not exist any more')
      default:
        return received satisfies never
    }
  })
}

export function registerUploadInParts(app: OpenAPIHono<ApiEnv>): void {
  app.openapi(init, async (c) => {
    const { filename, size_bytes } = c.req.valid('json')
    const settings = settingsOf(c.env)
    const mostBytes = Math.min(settings.maxInputBytes, MAX_PARTS * PART_BYTES)
    if (size_bytes > mostBytes) {
      const msg = `a file has ${Math.floor(mostBytes / 1024 / 1024)} MB at most`
      throw new ValidationError([{ loc: ['size_bytes'], msg, type: 'value_error' }])
    }
    const spec = newFile(c, storedFilename(filename), { type: 'PARTS', sizeBytes: size_bytes, partBytes: PART_BYTES })
    await storedFile(c.env, spec.id).begin(spec)
    const grant = { account: spec.account, fileId: spec.id, expiresAt: Math.floor((spec.createdAt + UPLOAD_PATIENCE_MS) / 1000) }
    const origin = settings.publicUrl ?? new URL(c.req.url).origin
    const numbers = Array.from({ length: partCount(size_bytes, PART_BYTES) }, (_, index) => index + 1)
    const upload_urls = await Promise.all(
      numbers.map(async (number) => partUrl(origin, await signPartToken(grant, number, signingSecretOf(settings)), number)),
    )
    return c.json({ file_id: spec.id, part_size: PART_BYTES, upload_urls }, 200)
  })

  app.openapi(complete, async (c) => {
    const completed = await storedFile(c.env, c.req.valid('param').file_id).completeUpload(c.var.account, c.req.valid('json').parts)
    if (!completed) throw noSuchFile()
    const { completion, file } = completed
    switch (completion.kind) {
      case 'complete':
        return c.json(await fileView(file, urlMaker(c)), 200)
      case 'faults':
        throw new ValidationError(completion.faults)
      case 'not_in_parts':
        throw new ApiError('CONFLICT', 'this file is not uploaded in parts')
      case 'refused':
        throw new ApiError('UNAVAILABLE', 'the parts could not be put together; try again, and if it does not help, send them again', {
          'Retry-After': '5',
        })
      default:
        return completion satisfies never
    }
  })
}
