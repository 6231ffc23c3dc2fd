/** The OpenAPI document as the Worker serves it, held against what it answers. */
import { exports } from 'cloudflare:workers'
import { z } from '@hono/zod-openapi'
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'
import { expect } from 'vitest'

const mediaSchema = z.looseObject({ schema: z.unknown().optional(), example: z.unknown().optional() })
const answerSchema = z.looseObject({ description: z.string(), content: z.record(z.string(), mediaSchema).optional() })
const operationSchema = z.looseObject({
  operationId: z.string().optional(),
  summary: z.string().optional(),
  description: z.string().optional(),
  tags: z.array(z.string()).optional(),
  requestBody: z.object({ content: z.record(z.string(), mediaSchema) }).optional(),
  responses: z.record(z.string(), answerSchema),
})
const documentSchema = z.looseObject({
  openapi: z.string(),
  tags: z.array(z.object({ name: z.string(), description: z.string() })).optional(),
  paths: z.record(z.string(), z.record(z.string(), operationSchema)),
})

export type Operation = z.infer<typeof operationSchema>
type Document = z.infer<typeof documentSchema>

/** What the Worker answers in every path, whatever is asked for there. */
const ANYWHERE = [401, 404, 405, 429]

export class Contract {
  readonly document: Document
  readonly #ajv = new Ajv2020({ strict: true, strictRequired: false, allowUnionTypes: true, allErrors: true })
  readonly #validators = new Map<string, ValidateFunction>()
  readonly #paths: { path: string; pattern: RegExp }[]

  constructor(served: unknown) {
    this.document = documentSchema.parse(served)
    addFormats.default(this.#ajv)
    this.#ajv.addVocabulary(['example', 'components', 'paths'])
    // The root is no schema, only what the references in it are resolved against.
    this.#ajv.addSchema(
      { $id: 'openapi', components: closed(this.document.components), paths: closed(this.document.paths) },
      undefined,
      false,
      false,
    )
    this.#paths = Object.keys(this.document.paths)
      // A path without parameters is preferred, as routers do.
      .sort((a, b) => a.split('{').length - b.split('{').length)
      .map((path) => ({ path, pattern: new RegExp(`^${path.replaceAll('.', '\\.').replaceAll(/\{\w+\}/g, '[^/]+')}$`) }))
  }

  /** Every operation, with its method in small letters. */
  operations(): { method: string; path: string; operation: Operation }[] {
    return Object.entries(this.document.paths).flatMap(([path, operations]) =>
      Object.entries(operations).map(([method, operation]) => ({ method, path, operation })),
    )
  }

  /** Validates against the schema at these steps from the document's root. Answers what is wrong, or null. */
  faults(steps: string[], value: unknown): string | null {
    const pointer = steps.map((step) => encodeURIComponent(step.replaceAll('~', '~0').replaceAll('/', '~1'))).join('/')
    const known = this.#validators.get(pointer)
    const validate = known ?? this.#ajv.compile({ $ref: `openapi#/${pointer}` })
    if (!known) this.#validators.set(pointer, validate)
    return validate(value) ? null : this.#ajv.errorsText(validate.errors)
  }

  /** Throws when the answer is none that the document promises. */
  async check(method: string, pathname: string, answer: Response): Promise<void> {
    // A browser's question whether it may ask is no operation.
    if (method === 'OPTIONS' && answer.status === 204) return
    const where = `${method} ${pathname} → ${answer.status}`
    const path = this.#paths.find(({ pattern }) => pattern.test(pathname))?.path
    const verb = method === 'HEAD' ? 'get' : method.toLowerCase()
    const operation = path === undefined ? undefined : this.document.paths[path]?.[verb]
    if (path === undefined || !operation) {
      // What speaks another protocol is not in the document.
      if (pathname.startsWith('/api/') && pathname !== '/api/mcp')
        expect(ANYWHERE, `${where}: the document has no such operation`).toContain(answer.status)
      return
    }
    const promised = operation.responses[answer.status]
    if (!promised) throw new Error(`${where}: the document lists ${Object.keys(operation.responses).join(', ')} for ${method} ${path}`)
    if (!promised.content || method === 'HEAD') return
    const type = answer.headers.get('content-type')?.split(';')[0] ?? ''
    expect(Object.keys(promised.content), `${where}: its content type`).toContain(type)
    if (type !== 'application/json') return
    const body: unknown = await answer.clone().json()
    const faults = this.faults(['paths', path, verb, 'responses', String(answer.status), 'content', type, 'schema'], body)
    if (faults !== null) throw new Error(`${where} is not as the document has it: ${faults}\n${JSON.stringify(body)}`)
  }
}

/** A field that the document does not name is a fault too. */
function closed(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(closed)
  if (typeof node !== 'object' || node === null) return node
  const copy = Object.fromEntries(Object.entries(node).map(([key, value]) => [key, closed(value)]))
  return isObjectSchema(node) ? { ...copy, additionalProperties: false } : copy
}

function isObjectSchema(node: object): boolean {
  return 'type' in node && node.type === 'object' && 'properties' in node && !('additionalProperties' in node)
}

let serving: Promise<Contract> | null = null

/** Of the Worker under test; asked for once. */
export function contract(): Promise<Contract> {
  serving ??= exports.default
    .fetch(new Request('http://renderio.test/openapi.json'))
    .then((response) => response.json())
    .then((served) => new Contract(served))
  return serving
}
