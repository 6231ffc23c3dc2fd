/**
 * What agents may do: routes of the API under names of their own. Name, arguments and description of everything else are the route's:
 * they are read from the OpenAPI document, which comes from the schemas that the route itself is checked by.
 */
import { z } from 'zod'
import type { OpenApiDocument } from '../api/openapi.ts'
import { withoutNull } from './without-null.ts'

const ROUTES = {
  run_ffmpeg_command: 'POST /api/v1/run-ffmpeg-command',
  run_chained_ffmpeg_commands: 'POST /api/v1/run-chained-ffmpeg-commands',
  validate_command: 'POST /api/v1/validate',
  get_command: 'GET /api/v1/commands/{command_id}',
  list_commands: 'GET /api/v1/commands',
  cancel_command: 'POST /api/v1/commands/{command_id}/cancel',
  list_presets: 'GET /api/v1/presets',
  execute_preset: 'POST /api/v1/presets/{preset_id}/execute',
  store_file: 'POST /api/v1/files/store-file',
  get_file: 'GET /api/v1/files/{file_id}',
} as const

/** Of a route that takes a body in several forms, the one that agents are told of. A tool that is not here has all their properties. */
const FORMS: Readonly<Record<string, string>> = { run_chained_ffmpeg_commands: '#/components/schemas/RunChainedFFmpegCommands' }

export interface Tool {
  name: string
  description: string
  /** JSON Schema of the arguments: path and query parameters and the body's properties, side by side. */
  inputSchema: { type: 'object'; properties: Record<string, object>; required: string[] }
  method: string
  path: string
  pathParameters: string[]
  queryParameters: string[]
  hasBody: boolean
}

const schemaObject = z.record(z.string(), z.unknown())
const parameterSchema = z.object({
  name: z.string(),
  in: z.string(),
  required: z.boolean().optional(),
  description: z.string().optional(),
  schema: schemaObject,
})
const documentSchema = z.object({
  paths: z.record(
    z.string(),
    z.record(
      z.string(),
      z.object({
        summary: z.string(),
        description: z.string(),
        parameters: z.array(parameterSchema).default([]),
        requestBody: z.object({ content: z.object({ 'application/json': z.object({ schema: schemaObject }) }) }).optional(),
      }),
    ),
  ),
  components: z.object({ schemas: z.record(z.string(), schemaObject) }),
})
const bodySchema = z.object({ properties: z.record(z.string(), schemaObject), required: z.array(z.string()).default([]) })

/** Every tool. Throws where a route is not in the OpenAPI document. */
export function toolsOf({ paths, components }: OpenApiDocument): Tool[] {
  const wanted = new Set<string>(Object.values(ROUTES).map((route) => route.split(' ')[1] ?? ''))
  const document = documentSchema.parse({
    paths: Object.fromEntries(Object.entries(paths ?? {}).filter(([path]) => wanted.has(path))),
    components,
  })
  return Object.entries(ROUTES).map(([name, route]) => {
    const [method = '', path = ''] = route.split(' ')
    const operation = document.paths[path]?.[method.toLowerCase()]
    if (!operation) throw new Error(`there is no route ${route}`)
    const parameters = operation.parameters.filter((parameter) => parameter.in !== 'header')
    const { schema } = operation.requestBody?.content['application/json'] ?? {}
    const form = FORMS[name]
    const body = schema && bodyOf(form === undefined ? schema : { $ref: form }, document.components.schemas)
    return {
      name,
      description: `${operation.summary}. ${operation.description}`,
      inputSchema: {
        type: 'object' as const,
        properties: {
          ...Object.fromEntries(
            parameters.map((parameter) => [
              parameter.name,
              withoutNull({ ...parameter.schema, ...(parameter.description && { description: parameter.description }) }),
            ]),
          ),
          ...Object.fromEntries(Object.entries(body?.properties ?? {}).map(([key, property]) => [key, withoutNull(property)])),
        },
        required: [...parameters.filter(({ required }) => required).map((parameter) => parameter.name), ...(body?.required ?? [])],
      },
      method,
      path,
      pathParameters: parameters.filter((parameter) => parameter.in === 'path').map((parameter) => parameter.name),
      queryParameters: parameters.filter((parameter) => parameter.in === 'query').map((parameter) => parameter.name),
      hasBody: body !== undefined,
    }
  })
}

/** The properties of a request's body. Of alternatives all properties are taken, and as required only what each of them requires. */
function bodyOf(schema: Record<string, unknown>, components: Record<string, Record<string, unknown>>): z.output<typeof bodySchema> {
  const { oneOf } = z.object({ oneOf: z.array(schemaObject).optional() }).parse(schema)
  if (!oneOf) return bodySchema.parse(resolve(schema, components))
  const alternatives = oneOf.map((alternative) => bodySchema.parse(resolve(alternative, components)))
  return {
    properties: Object.assign({}, ...alternatives.map(({ properties }) => properties)),
    required: (alternatives[0]?.required ?? []).filter((name) => alternatives.every(({ required }) => required.includes(name))),
  }
}

/** The schema with what it refers to put in its place: agents get each tool by itself. */
function resolve(value: unknown, components: Record<string, Record<string, unknown>>): unknown {
  if (Array.isArray(value)) return value.map((item) => resolve(item, components))
  if (typeof value !== 'object' || value === null) return value
  const reference = z.object({ $ref: z.string() }).safeParse(value)
  if (reference.success) return resolve(components[reference.data.$ref.replace('#/components/schemas/', '')], components)
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, resolve(inner, components)]))
}
