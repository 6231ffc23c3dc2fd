/** What clients of other services ask for and this one does not do: downloading from video sites. */
import { createRoute, type OpenAPIHono } from '@hono/zod-openapi'
import type { ApiEnv } from './env.ts'
import { ApiError, errorSchema } from './errors.ts'
import { json, requestErrors } from './responses.ts'

const REASON =
  'RenderIO does not download from sites such as YouTube; give a direct link to the media file, as an input of a command or to POST /api/v1/files/store-file'

const route = (path: string, operationId: string) =>
  createRoute({
    method: 'post',
    path,
    operationId,
    tags: ['Files'],
    summary: 'Not possible here: download from a video site',
    description: `${REASON}.`,
    responses: { ...requestErrors, 501: json(errorSchema, 'Always.') },
  })

export function registerSiteDownloads(app: OpenAPIHono<ApiEnv>): void {
  const refuse = () => {
    throw new ApiError('NOT_IMPLEMENTED', REASON)
  }
  app.openapi(route('/api/v1/ytdlp-download', 'ytdlpDownload'), refuse)
  app.openapi(route('/api/v1/run-ytdlp-command', 'runYtdlpCommand'), refuse)
}
