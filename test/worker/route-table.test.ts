/** Rules that hold for every route there is. The routes come from the OpenAPI document, so that none can be forgotten. */
import { exports } from 'cloudflare:workers'
import { z } from '@hono/zod-openapi'
import { describe, expect, test } from 'vitest'
import { newApiKey } from '../../src/api/api-key.ts'
import { errorOf, fromElsewhere, ORIGIN, request, TestAccount } from './client.ts'
import { SHORT_TONE } from './media.ts'

const METHODS = ['get', 'post', 'put', 'delete'] as const

const documentSchema = z.object({
  paths: z.record(
    z.string(),
    z.record(
      z.string(),
      z.object({
        summary: z.string().min(1),
        description: z.string().min(1).optional(),
        security: z.array(z.record(z.string(), z.unknown())).optional(),
        requestBody: z.object({ content: z.record(z.string(), z.unknown()) }).optional(),
        responses: z.record(z.string(), z.object({ description: z.string().min(1) })),
      }),
    ),
  ),
})

const { paths } = documentSchema.parse(await (await exports.default.fetch(new Request(`${ORIGIN}/openapi.json`))).json())

interface Route {
  method: string
  path: string
  isPublic: boolean
  /** It answers more to who has a key. */
  worksWithoutKey: boolean
  takesJson: boolean
  statuses: string[]
}

const ROUTES: Route[] = Object.entries(paths).flatMap(([path, operations]) =>
  METHODS.flatMap((method) => {
    const operation = operations[method]
    if (!operation) return []
    return {
      method: method.toUpperCase(),
      path,
      isPublic: operation.security?.length === 0,
      worksWithoutKey: operation.security?.some((scheme) => Object.keys(scheme).length === 0) ?? false,
      takesJson: operation.requestBody?.content['application/json'] !== undefined,
      statuses: Object.keys(operation.responses),
    }
  }),
)
const named = (routes: Route[]) => routes.map((route) => [`${route.method} ${route.path}`, route] as const)

/** A link that was signed is its own key. */
const PUBLIC = ['GET /api/v1/health', 'GET /files/{token}/{filename}', 'PUT /files/{token}/parts/{part_number}']

/** What each path parameter names: makes one for the account and answers its id. */
const OBJECTS: Record<string, (owner: TestAccount) => Promise<string>> = {
  command_id: (owner) => owner.submit(SHORT_TONE),
  async file_id(owner) {
    const form = new FormData()
    form.set('file', new File(['text'], 'note.txt'))
    const response = await owner.request('/api/v1/files/upload', { method: 'POST', body: form })
    return (await response.json<{ file_id: string }>()).file_id
  },
  async preset_id(owner) {
    const { output_files, ...command } = SHORT_TONE
    const response = await owner.send('/api/v1/presets', {
      name: 'tone',
      ...command,
      input_file_keys: [],
      output_file_definitions: output_files,
    })
    return (await response.json<{ preset_id: string }>()).preset_id
  },
}

const parametersOf = (path: string) => Array.from(path.matchAll(/\{(\w+)\}/g), ([, name = '']) => name)
const fill = (path: string, id: string) => path.replace(/\{\w+\}/, id)

/** A body that is right for the route that most needs one, so that it is the id that decides. */
const BODIES: Record<string, unknown> = {
  'POST /api/v1/presets/{preset_id}/execute': { input_files: {} },
  'PUT /api/v1/presets/{preset_id}': { name: 'mine' },
  'POST /api/v1/files/{file_id}/complete-upload': { parts: [{ part_number: 1, etag: 'x' }] },
}

function ask(account: TestAccount, route: Route, path: string): Promise<Response> {
  if (!route.takesJson) return account.request(path, { method: route.method })
  const body = JSON.stringify(BODIES[`${route.method} ${route.path}`] ?? {})
  return account.request(path, { method: route.method, headers: { 'content-type': 'application/json' }, body })
}

test('the routes without a key are those that are meant to be', () => {
  expect(ROUTES.length).toBeGreaterThan(25)
  const open = ROUTES.filter(({ isPublic, worksWithoutKey }) => isPublic || worksWithoutKey).map(({ method, path }) => `${method} ${path}`)
  expect(open.filter((route) => !PUBLIC.includes(route))).toEqual([])
})

describe('without a known key every route is a 401', () => {
  test.each(named(ROUTES.filter(({ isPublic }) => !isPublic)))('%s', async (_, route) => {
    const path = fill(route.path, crypto.randomUUID())
    for (const headers of [...(route.worksWithoutKey ? [] : [{}]), { 'x-api-key': newApiKey() }, { authorization: 'Bearer nonsense' }]) {
      const response = await request(path, { method: route.method, headers: { ...headers, ...fromElsewhere() } })
      expect(response.status).toBe(401)
      expect((await errorOf(response)).error).toBe('UNAUTHORIZED')
    }
  })
})

describe('another account’s object is answered as one that does not exist', () => {
  const routes = ROUTES.filter(({ path, isPublic }) => !isPublic && parametersOf(path).length > 0)
  test.each(named(routes))('%s', async (_, route) => {
    const [parameter = '', ...more] = parametersOf(route.path)
    const make = OBJECTS[parameter]
    if (!make || more.length > 0) throw new Error(`say in OBJECTS what {${parameter}} of ${route.path} names`)
    const [owner, other] = [await TestAccount.create(), await TestAccount.create()]
    const theirs = await make(owner)
    const [foreign, unknown] = [
      await ask(other, route, fill(route.path, theirs)),
      await ask(other, route, fill(route.path, crypto.randomUUID())),
    ]
    expect(foreign.status).toBe(404)
    const body = await errorOf(foreign)
    expect([unknown.status, await errorOf(unknown)]).toEqual([404, body])
    const listed = await ask(owner, { ...route, method: 'GET', takesJson: false }, `${fill(route.path.replace(/\}.*$/, '}'), theirs)}`)
    expect(listed.status, 'it is still there for its owner').toBe(200)
  })
})

describe('a body that is no JSON, or not of the right shape, is the caller’s fault and says why', () => {
  test.each(named(ROUTES.filter(({ takesJson }) => takesJson)))('%s', async (_, route) => {
    const account = await TestAccount.create()
    const [parameter] = parametersOf(route.path)
    const id = parameter === undefined ? '' : ((await OBJECTS[parameter]?.(account)) ?? '')
    const send = (body: string, type = 'application/json') =>
      account.request(fill(route.path, id), { method: route.method, headers: { 'content-type': type }, body })
    const answers = {
      notJson: (await send('{')).status,
      otherType: (await send('{}', 'text/plain')).status,
      empty: (await send('')).status,
      list: (await send('[]')).status,
      text: (await send('"x"')).status,
      nothing: (await send('null')).status,
    }
    expect(answers).toEqual({ notJson: 400, otherType: 415, empty: 400, list: 422, text: 422, nothing: 422 })
    const listed = new Set([...route.statuses, '405'])
    for (const status of Object.values(answers)) expect(listed, 'the document lists it').toContain(String(status))
  })
})

describe('every route of the API is there in the older form as well', () => {
  test.each(named(ROUTES.filter(({ path }) => path.startsWith('/api/v1/'))))('%s', async (_, route) => {
    const account = await TestAccount.create()
    const [parameter] = parametersOf(route.path)
    const id = parameter === undefined ? '' : ((await OBJECTS[parameter]?.(account)) ?? '')
    const path = fill(route.path.replace('/api', ''), id)
    const answer = await ask(account, route, path)
    expect(answer.status).not.toBe(405)
    // A test event of an account without a webhook is a 404 that says so.
    if (answer.status === 404) expect((await errorOf(answer)).detail).not.toContain('there is nothing at')
    // What streams would hold the test until the command has ended.
    else await answer.body?.cancel()
    if (route.worksWithoutKey) return
    const refused = await request(path, { method: route.method, headers: fromElsewhere() })
    expect([refused.status, await refused.json()]).toEqual([401, { detail: 'Invalid authorization key' }])
  })
})
