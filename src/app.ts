/** The Worker's HTTP face: middleware and routes, nothing else. */
import { OpenAPIHono } from '@hono/zod-openapi'
import { HTTPException } from 'hono/http-exception'
import { requireApiKey } from './api/auth.ts'
import { registerCommandActions } from './api/command-actions.ts'
import { registerCommandEvents } from './api/command-events.ts'
import { registerCommands } from './api/commands.ts'
import { crossOrigin } from './api/cross-origin.ts'
import { registerDownload } from './api/download.ts'
import type { ApiEnv } from './api/env.ts'
import { ApiError, errorResponse, ValidationError } from './api/errors.ts'
import { faultsOf, misnamedFields } from './api/faults.ts'
import { registerFiles } from './api/files.ts'
import { registerHealth } from './api/health.ts'
import { registerLlms } from './api/llms.ts'
import { methodNotAllowed } from './api/method-not-allowed.ts'
import { onThisMachineOnly } from './api/on-this-machine-only.ts'
import { registerOpenApi } from './api/openapi.ts'
import { registerPresets } from './api/presets.ts'
import { requestId } from './api/request-id.ts'
import { registerSiteDownloads } from './api/site-downloads.ts'
import { registerSubmits } from './api/submits.ts'
import { registerPartUpload, registerUploadInParts } from './api/upload-parts.ts'
import { useOwnMessages } from './api/wanted.ts'
import { registerWebhooks } from './api/webhooks.ts'
import { registerDialect } from './dialect/routes.ts'
import { log } from './logging/log.ts'
import { registerMcp } from './mcp/server.ts'

export function createApp(): OpenAPIHono<ApiEnv> {
  useOwnMessages()
  const app = new OpenAPIHono<ApiEnv>({
    defaultHook: async (result, c) => {
      if (result.target !== 'json') {
        if (result.success) return
        const faults = faultsOf(result.error.issues, undefined)
        throw new ApiError('INVALID_REQUEST', faults.map((fault) => fault.msg).join('; '))
      }
      const body: unknown = await c.req.json()
      const faults = result.success ? misnamedFields(result.data, body) : faultsOf(result.error.issues, body)
      if (faults.length > 0) throw new ValidationError(faults)
    },
  })
  app.use(requestId)
  // Links to files are for pages of every origin, whatever is set.
  for (const path of ['/api/*', '/v1/*', '/openapi.json', '/llms.txt', '/files/:token/parts/:part_number']) app.use(path, crossOrigin)
  app.use(onThisMachineOnly)

  registerHealth(app)
  registerDownload(app)
  registerPartUpload(app)
  app.use('/api/v1/*', requireApiKey)
  registerSubmits(app)
  registerCommands(app)
  registerCommandEvents(app)
  registerCommandActions(app)
  registerUploadInParts(app)
  registerFiles(app)
  registerPresets(app)
  registerWebhooks(app)
  registerSiteDownloads(app)
  const document = registerOpenApi(app)
  registerMcp(app, document)
  registerDialect(app)
  registerLlms(app, document)
  methodNotAllowed(app)

  app.notFound((c) => errorResponse(new ApiError('NOT_FOUND', `there is nothing at ${c.req.path}`)))
  app.onError((error, c) => {
    if (error instanceof ApiError || error instanceof ValidationError) return errorResponse(error)
    if (error instanceof HTTPException && error.status < 500) return errorResponse(new ApiError('INVALID_REQUEST', error.message))
    log('error', 'request.failed', { request_id: c.var.requestId, path: c.req.path, error })
    return errorResponse(new ApiError('INTERNAL_ERROR', `something went wrong on our side (request ${c.var.requestId})`))
  })
  return app
}
