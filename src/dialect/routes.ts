/** `/v1`: the API in the older form that it descends from. Each route rewrites what comes and goes around one of `/api/v1`, or only passes it on. */
import type { OpenAPIHono } from '@hono/zod-openapi'
import type { Context } from 'hono'
import { createMiddleware } from 'hono/factory'
import { requireApiKey } from '../api/auth.ts'
import type { ApiEnv } from '../api/env.ts'
import { toldOf, ValidationError, validationErrorSchema } from '../api/errors.ts'
import { faultsOf } from '../api/faults.ts'
import { type Ask, asCaller } from '../api/in-process.ts'
import { jsonBody } from '../api/json-body.ts'
import { countFurtherRequests } from '../api/rate-limit.ts'
import { bareArray } from './bare-array.ts'
import { deleteMany, deleteManySchema, deleteOne, deleteOutputs, possibleIds } from './delete-files.ts'
import { relocate, separate, sharedSubmitSchema } from './share-files.ts'
import { type Adaptation, ROUTES, UNAUTHORIZED } from './table.ts'
import { translateAnswer, withBody } from './translate.ts'

const BASE = '/v1'
const API = '/api/v1'

/** Headers of the client that a route of the API reads, beside those of the body. */
const KEPT = ['idempotency-key', 'prefer']

const JSON_HEADERS = { 'content-type': 'application/json' }

type Adapter = (c: Context<ApiEnv>, ask: Ask, path: string) => Promise<Response>

const ADAPTERS: Record<Adaptation, Adapter> = {
  share_files_among_commands: async (c, ask, path) => {
    const body: unknown = await c.req.json()
    if (!sharesFiles(body)) return ask(path, { method: 'POST', headers: JSON_HEADERS, body: JSON.stringify(body) })
    const parsed = sharedSubmitSchema.safeParse(body)
    if (!parsed.success) throw new ValidationError(faultsOf(parsed.error.issues, body))
    const { commands, places } = separate(parsed.data)
    const answer = await ask(path, { method: 'POST', headers: JSON_HEADERS, body: JSON.stringify({ commands }) })
    if (answer.status !== 422) return answer
    const { faults, omitted } = toldOf(validationErrorSchema.parse(await answer.json()).detail)
    throw new ValidationError(relocate(faults, places), omitted)
  },
  bare_array_of_commands: (c, ask, path) => list(c, ask, path, 'commands'),
  bare_array_of_files: (c, ask, path) => list(c, ask, path, 'files'),
  name_deleted_outputs: (_, ask, path) => deleteOutputs(ask, path),
  name_deleted_file: (c, ask, path) => deleteOne(ask, path, c.req.param('file_id') ?? ''),
  delete_many: async (c, ask) => {
    const body: unknown = await c.req.json()
    const parsed = deleteManySchema.safeParse(body)
    if (!parsed.success) throw new ValidationError(faultsOf(parsed.error.issues, body))
    const ids = possibleIds(parsed.data.file_ids)
    await countFurtherRequests(c, ids.length - 1)
    return deleteMany(ask, ids)
  },
}

/** Whether it is of the older form: the API's own has a list of commands with files of their own. */
function sharesFiles(body: unknown): boolean {
  return typeof body !== 'object' || body === null || 'ffmpeg_commands' in body || !('commands' in body)
}

/** Each page of the API that the list takes is a request. */
function list(c: Context<ApiEnv>, ask: Ask, path: string, key: 'commands' | 'files'): Promise<Response> {
  return bareArray(ask, path, new URL(c.req.url).searchParams, key, (pages) => countFurtherRequests(c, pages - 1))
}

/** Those that read the body themselves. */
const READS_JSON: ReadonlySet<Adaptation> = new Set(['share_files_among_commands', 'delete_many'])

const dialect401 = createMiddleware<ApiEnv>(async (c, next) => {
  await next()
  if (c.res.status === 401) c.res = withBody(c.res, UNAUTHORIZED)
})

/** To be called when all routes of the API are there. */
export function registerDialect(app: OpenAPIHono<ApiEnv>): void {
  mountUnchanged(app)
  app.use(`${BASE}/*`, dialect401, requireApiKey)
  for (const { method, path, adaptation } of ROUTES) {
    const handle = async (c: Context<ApiEnv>) => ADAPTERS[adaptation](c, asCaller(app, c, KEPT), innerPath(c))
    if (READS_JSON.has(adaptation)) app.on(method, BASE + path, jsonBody, handle)
    else app.on(method, BASE + path, handle)
  }
}

/** Every route of the API that has no form of its own here. The API itself checks the key, counts the request and answers. */
function mountUnchanged(app: OpenAPIHono<ApiEnv>): void {
  const changed = new Set(ROUTES.map(({ method, path }) => `${method} ${API}${path}`))
  const unchanged = app.routes.filter(
    ({ method, path }) => method !== 'ALL' && path.startsWith(`${API}/`) && !changed.has(`${method} ${path}`),
  )
  for (const { method, path } of unchanged) {
    app.on(method, path.replace(API, BASE), async (c) => {
      const url = new URL(c.req.url)
      url.pathname = innerPath(c)
      const request = new Request(url, c.req.raw)
      request.headers.set('x-request-id', c.var.requestId)
      const answer = await app.fetch(request, c.env, c.executionCtx)
      return answer.status === 401 ? withBody(answer, UNAUTHORIZED) : translateAnswer(answer)
    })
  }
}

function innerPath(c: Context<ApiEnv>): string {
  return new URL(c.req.url).pathname.replace(BASE, API)
}
