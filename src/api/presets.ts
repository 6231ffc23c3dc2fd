/** Presets: commands that are kept, and executed with inputs of one's own. */
import { createRoute, type OpenAPIHono, type z } from '@hono/zod-openapi'
import type { Context } from 'hono'
import { every } from 'hono/combine'
import { nanoid } from 'nanoid'
import { MAX_PRESETS } from '../account/presets.ts'
import type { Preset } from '../presets/preset.ts'
import { SYSTEM_PRESETS } from '../presets/system-presets.ts'
import { changedBody, checkPreset, submitOf } from './check-preset.ts'
import type { ApiEnv } from './env.ts'
import { ApiError, errorSchema } from './errors.ts'
import { jsonBody } from './json-body.ts'
import {
  executionSchema,
  presetBodySchema,
  presetChangesSchema,
  presetDeletedSchema,
  presetIdParam,
  presetListSchema,
  presetSchema,
} from './preset-schemas.ts'
import { limitSubmits } from './rate-limit.ts'
import { bodyErrors, json, notFound, requestErrors } from './responses.ts'
import { pageQuerySchema } from './schemas.ts'
import { optionsOf, submitCommand, submitRequest, submitResponses } from './submit-command.ts'

const noSuch = notFound('No such preset.')
/** Changes of one preset at the same time that are all kept. */
const CHANGE_ATTEMPTS = 20
const readOnly = { 403: json(errorSchema, 'A system preset, which cannot be changed.') }

const create = createRoute({
  method: 'post',
  path: '/api/v1/presets',
  operationId: 'createPreset',
  tags: ['Presets'],
  summary: 'Make a preset',
  description: 'The command is checked as a submit’s would be, and counted as one.',
  middleware: every(limitSubmits, jsonBody),
  request: { body: { required: true, content: { 'application/json': { schema: presetBodySchema } } } },
  responses: {
    201: json(presetSchema, 'Made.'),
    ...requestErrors,
    ...bodyErrors,
    409: json(errorSchema, 'The account has as many presets as it may.'),
  },
})

const list = createRoute({
  method: 'get',
  path: '/api/v1/presets',
  operationId: 'listPresets',
  tags: ['Presets'],
  summary: 'List presets',
  description: 'The account’s own, newest first, then those of the system.',
  request: { query: pageQuerySchema },
  responses: { 200: json(presetListSchema, 'A page of presets.'), ...requestErrors },
})

const read = createRoute({
  method: 'get',
  path: '/api/v1/presets/{preset_id}',
  operationId: 'getPreset',
  tags: ['Presets'],
  summary: 'A preset',
  description: 'One of the account’s own, or of the system’s.',
  request: { params: presetIdParam },
  responses: { 200: json(presetSchema, 'The preset.'), ...requestErrors, ...noSuch },
})

const change = createRoute({
  method: 'put',
  path: '/api/v1/presets/{preset_id}',
  operationId: 'updatePreset',
  tags: ['Presets'],
  summary: 'Change a preset',
  description:
    'Takes any of its fields; `metadata` is replaced as a whole, and `ffmpeg_command` and `ffmpeg_commands` replace each other. It is counted as a submit.',
  middleware: every(limitSubmits, jsonBody),
  request: { params: presetIdParam, body: { required: true, content: { 'application/json': { schema: presetChangesSchema } } } },
  responses: {
    200: json(presetSchema, 'The preset as it is after the change.'),
    ...requestErrors,
    ...bodyErrors,
    ...readOnly,
    ...noSuch,
    409: json(errorSchema, 'Others change the preset all the while.'),
  },
})

const remove = createRoute({
  method: 'delete',
  path: '/api/v1/presets/{preset_id}',
  operationId: 'deletePreset',
  tags: ['Presets'],
  summary: 'Delete a preset',
  description: 'Commands that were made of it are not touched.',
  request: { params: presetIdParam },
  responses: { 200: json(presetDeletedSchema, 'Deleted.'), ...requestErrors, ...readOnly, ...noSuch },
})

const execute = createRoute({
  method: 'post',
  path: '/api/v1/presets/{preset_id}/execute',
  operationId: 'executePreset',
  tags: ['Presets'],
  summary: 'Run a preset',
  description: 'Submits its command with the given inputs, as a submit of one’s own would.',
  middleware: every(limitSubmits, jsonBody),
  request: {
    ...submitRequest,
    params: presetIdParam,
    body: { required: true, content: { 'application/json': { schema: executionSchema } } },
  },
  responses: { ...submitResponses, ...noSuch },
})

export function registerPresets(app: OpenAPIHono<ApiEnv>): void {
  app.openapi(create, async (c) => {
    const now = Date.now()
    const preset: Preset = {
      ...checkPreset(c.req.valid('json')),
      id: `prs_${nanoid()}`,
      isSystem: false,
      createdAt: now,
      updatedAt: now,
    }
    if (!(await account(c).addPreset(preset))) {
      throw new ApiError('CONFLICT', `you have ${MAX_PRESETS} presets, which is the most; delete one that you do not need`)
    }
    return c.json(presetView(preset), 201)
  })

  app.openapi(list, async (c) => {
    const { limit, offset } = c.req.valid('query')
    const own = await account(c).listPresets(limit, offset)
    const firstOfSystem = Math.max(0, offset - own.total)
    const presets = [...own.presets, ...SYSTEM_PRESETS.slice(firstOfSystem, firstOfSystem + limit - own.presets.length)]
    return c.json({ presets: presets.map(presetView), limit, offset, total: own.total + SYSTEM_PRESETS.length }, 200)
  })

  app.openapi(read, async (c) => c.json(presetView(await find(c, c.req.valid('param').preset_id)), 200))

  app.openapi(change, async (c) => {
    for (let attempt = 0; attempt < CHANGE_ATTEMPTS; attempt++) {
      const before = await findOwn(c, c.req.valid('param').preset_id)
      const after = { ...before, ...checkPreset(changedBody(before, c.req.valid('json'))), updatedAt: Date.now() }
      if (await account(c).replacePreset(before, after)) return c.json(presetView(after), 200)
      // Somebody else was quicker: the changes are laid over theirs.
    }
    throw new ApiError('CONFLICT', 'the preset is being changed by others all the while; send the change again')
  })

  app.openapi(remove, async (c) => {
    const { id } = await findOwn(c, c.req.valid('param').preset_id)
    if (!(await account(c).deletePreset(id))) throw noSuchPreset()
    return c.json({ deleted: true as const, preset_id: id }, 200)
  })

  app.openapi(execute, async (c) => {
    const preset = await find(c, c.req.valid('param').preset_id)
    const execution = c.req.valid('json')
    const options = optionsOf(c.req.valid('query'), c.req.valid('header'))
    const request = { kind: 'preset', body: { preset_id: preset.id, ...execution } }
    return c.json(await submitCommand(c, submitOf(preset, execution), { request, ...options }), 200)
  })
}

async function find(c: Context<ApiEnv>, id: string): Promise<Preset> {
  const preset = SYSTEM_PRESETS.find((system) => system.id === id) ?? (await account(c).readPreset(id))
  if (!preset) throw noSuchPreset()
  return preset
}

async function findOwn(c: Context<ApiEnv>, id: string): Promise<Preset> {
  const preset = await find(c, id)
  if (preset.isSystem) throw new ApiError('FORBIDDEN', 'system presets cannot be changed; make one of your own from its fields')
  return preset
}

function noSuchPreset(): ApiError {
  return new ApiError('NOT_FOUND', 'there is no preset with this id')
}

function presetView(preset: Preset): z.output<typeof presetSchema> {
  const { command } = preset
  return {
    preset_id: preset.id,
    name: preset.name,
    description: preset.description,
    is_system: preset.isSystem,
    command_type: command.command_type,
    ffmpeg_command: command.command_type === 'FFMPEG_COMMAND' ? command.ffmpeg_command : null,
    ffmpeg_commands: command.command_type === 'CHAINED_COMMAND' ? command.ffmpeg_commands : null,
    input_file_keys: preset.inputKeys,
    output_file_definitions: preset.outputs,
    metadata: JSON.parse(preset.metadata),
    created_at: new Date(preset.createdAt).toISOString(),
    updated_at: new Date(preset.updatedAt).toISOString(),
  }
}

function account(c: Context<ApiEnv>) {
  return c.env.ACCOUNT.get(c.env.ACCOUNT.idFromName(c.var.account))
}
