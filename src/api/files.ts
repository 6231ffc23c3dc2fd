/** Stored files, and the outputs of commands as files. */
import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import type { Context } from 'hono'
import { filenameOfUrl, storedFilename } from '../files/filename.ts'
import { ownFileOf } from '../files/own-file.ts'
import { storageUrl } from '../files/storage-url.ts'
import { settingsOf } from '../settings.ts'
import type { FileListing, FileSource, FileSpec } from '../stored-file/record.ts'
import { RequestUpload } from '../stored-file/request-upload.ts'
import { fileView } from '../stored-file/view.ts'
import { commandStub } from './command-stub.ts'
import type { ApiEnv } from './env.ts'
import { ApiError, errorSchema, ValidationError } from './errors.ts'
import {
  fileBegunSchema,
  fileDeletedSchema,
  fileIdParam,
  fileListQuerySchema,
  fileListSchema,
  fileSchema,
  storeFileSchema,
} from './file-schemas.ts'
import { jsonBody } from './json-body.ts'
import { limitSubmits } from './rate-limit.ts'
import { bodyErrors, json, notFound, requestErrors } from './responses.ts'
import { readUploadForm } from './upload-form.ts'
import { urlFault } from './usable-url.ts'

const upload = createRoute({
  method: 'post',
  path: '/api/v1/files/upload',
  operationId: 'uploadFile',
  tags: ['Files'],
  summary: 'Upload a file',
  description:
    'As the field `file` of a form; other fields are ignored. Where a request may have 100 MB at most, as on Cloudflare, larger files are uploaded in parts. The file name is the last path segment of the given one, reduced to letters, digits, `.`, `_` and `-`; a file without a name is called `upload` with the extension of its type.',
  middleware: limitSubmits,
  request: {
    body: {
      required: true,
      content: {
        // No zod schema, since that would be held against the whole body, in memory.
        'multipart/form-data': {
          schema: { type: 'object', properties: { file: { type: 'string', format: 'binary' } }, required: ['file'] },
        },
      },
    },
  },
  responses: {
    200: json(fileBegunSchema, 'The bytes are stored, and an executor is about to look into them.'),
    ...requestErrors,
    ...bodyErrors,
    413: json(errorSchema, 'A file over the limit.'),
    415: json(errorSchema, 'A body that is not multipart/form-data.'),
  },
})

const store = createRoute({
  method: 'post',
  path: '/api/v1/files/store-file',
  operationId: 'storeFile',
  tags: ['Files'],
  summary: 'Store a file from a URL',
  description:
    'Answers at once; the file is fetched by the rules for inputs of commands. It is PROCESSING until it is STORED, or FAILED with the reason.',
  middleware: [limitSubmits, jsonBody] as const,
  request: { body: { required: true, content: { 'application/json': { schema: storeFileSchema } } } },
  responses: { 200: json(fileBegunSchema, 'Begun.'), ...requestErrors, ...bodyErrors },
})

const read = createRoute({
  method: 'get',
  path: '/api/v1/files/{file_id}',
  operationId: 'getFile',
  tags: ['Files'],
  summary: 'A file',
  description: 'An upload, a file stored from a URL, or an output of a command.',
  request: { params: fileIdParam },
  responses: { 200: json(fileSchema, 'The file as it stands.'), ...requestErrors, ...notFound('No such file, or it was deleted.') },
})

const list = createRoute({
  method: 'get',
  path: '/api/v1/files',
  operationId: 'listFiles',
  tags: ['Files'],
  summary: 'List files',
  description: 'Newest first: uploads, files stored from a URL, and outputs of commands.',
  request: { query: fileListQuerySchema },
  responses: { 200: json(fileListSchema, 'A page of files.'), ...requestErrors },
})

const remove = createRoute({
  method: 'delete',
  path: '/api/v1/files/{file_id}',
  operationId: 'deleteFile',
  tags: ['Files'],
  summary: 'Delete a file',
  description: 'An upload, a file stored from a URL, or an output of a command; of a playlist or a folder, all that belongs to it.',
  request: { params: fileIdParam },
  responses: {
    200: json(fileDeletedSchema, 'Deleted.'),
    ...requestErrors,
    ...notFound('No such file, or it was deleted before.'),
  },
})

export function registerFiles(app: OpenAPIHono<ApiEnv>): void {
  app.openapi(upload, async (c) => {
    const storing = storeUpload(c)
    // A client that goes away ends the request, and what it has left must be cleared away all the same.
    c.executionCtx.waitUntil(storing.catch(() => undefined))
    const file = await storing
    return c.json(
      { file_id: file.id, storage_url: await urlMaker(c)({ fileId: file.id, filename: file.filename }), status: file.status },
      200,
    )
  })

  app.openapi(store, async (c) => {
    const { file_url, filename } = c.req.valid('json')
    const settings = settingsOf(c.env)
    // A file of ours is never fetched, so its URL may be one that only we can reach.
    const msg = (await ownFileOf(file_url, c.var.account, settings)) ? null : urlFault(file_url, settings.privateOrigins)
    if (msg !== null) throw new ValidationError([{ loc: ['file_url'], msg, type: 'value_error' }])
    const name = filename ? storedFilename(filename) : filenameOfUrl(file_url)
    const spec = newFile(c, name, { type: 'URL', url: file_url })
    await storedFile(c.env, spec.id).begin(spec)
    return c.json(
      { file_id: spec.id, storage_url: await urlMaker(c)({ fileId: spec.id, filename: name }), status: 'PROCESSING' as const },
      200,
    )
  })

  app.openapi(read, async (c) => {
    const { file_id } = c.req.valid('param')
    const file = (await storedFile(c.env, file_id).read(c.var.account)) ?? (await outputOf(c, file_id))
    if (!file) throw noSuchFile()
    return c.json(await fileView(file, urlMaker(c)), 200)
  })

  app.openapi(list, async (c) => {
    const { limit, offset, status, rendi_store_type } = c.req.valid('query')
    const page = await accountStub(c).listFiles(limit, offset, { status: status ?? null, storeType: rendi_store_type ?? null })
    const files = await Promise.all(page.files.map((file) => fileView(file, urlMaker(c))))
    return c.json({ files, limit, offset, total: page.total }, 200)
  })

  app.openapi(remove, async (c) => {
    const { file_id } = c.req.valid('param')
    if (await storedFile(c.env, file_id).delete(c.var.account)) return c.json({ deleted: true as const, file_id }, 200)
    if (!(await deleteOutput(c, file_id))) throw noSuchFile()
    return c.json({ deleted: true as const, file_id }, 200)
  })
}

async function storeUpload(c: Context<ApiEnv>): Promise<FileListing> {
  const upload = await readUploadForm(c.req.raw, settingsOf(c.env).maxInputBytes, (filename) =>
    RequestUpload.begin(newFile(c, storedFilename(filename), { type: 'REQUEST' }), c.env),
  )
  return upload.finish()
}

const uuidSchema = z.uuid()

/** The object that may hold the file. Throws the 404 for what cannot be an id. */
export function storedFile(env: Env, id: string) {
  if (!uuidSchema.safeParse(id).success) throw noSuchFile()
  return env.STORED_FILE.get(env.STORED_FILE.idFromName(id.toLowerCase()))
}

export function noSuchFile(): ApiError {
  return new ApiError('NOT_FOUND', 'there is no file with this id')
}

/** A file of the account that asks. */
export function newFile(c: Context<ApiEnv>, filename: string, source: FileSource): FileSpec {
  return { id: crypto.randomUUID(), account: c.var.account, filename, source, createdAt: Date.now() }
}

export function urlMaker(c: Context<ApiEnv>) {
  const { account } = c.var
  const { origin } = new URL(c.req.url)
  return (file: { fileId: string; filename: string }) => storageUrl({ account, ...file }, origin, settingsOf(c.env))
}

/** A command's output with this id. What else is listed under it belongs to an object that knows better. */
async function outputOf(c: Context<ApiEnv>, id: string): Promise<FileListing | null> {
  const file = await accountStub(c).readFile(id.toLowerCase())
  return file?.storeType === 'OUTPUT' ? file : null
}

/** Answers false where there is no such output, or no longer. */
async function deleteOutput(c: Context<ApiEnv>, id: string): Promise<boolean> {
  const output = await outputOf(c, id)
  if (!output?.commandId) return false
  const deleted = await commandStub(c.env, output.commandId).deleteFiles(c.var.account, { fileId: output.id })
  return typeof deleted === 'number' && deleted > 0
}

function accountStub(c: Context<ApiEnv>) {
  return c.env.ACCOUNT.get(c.env.ACCOUNT.idFromName(c.var.account))
}
