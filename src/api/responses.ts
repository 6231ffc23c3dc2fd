/** Pieces that route descriptions share. */
import { z } from '@hono/zod-openapi'
import { errorSchema, validationErrorSchema } from './errors.ts'

export const json = <T extends z.ZodType>(schema: T, description: string) => ({ description, content: { 'application/json': { schema } } })

/** What every route that wants a key can answer. */
export const requestErrors = {
  400: json(errorSchema, 'Not JSON, or a query that is out of range.'),
  401: {
    ...json(errorSchema, 'No API key, or an unknown one.'),
    headers: z.object({
      'WWW-Authenticate': z.string().openapi({ description: 'As RFC 6750 has it.', example: 'Bearer realm="RenderIO"' }),
    }),
  },
  429: {
    ...json(errorSchema, 'Too many requests; `Retry-After` says for how long.'),
    headers: z.object({ 'Retry-After': z.string().openapi({ description: 'Seconds.', example: '10' }) }),
  },
}

/** What every route that takes a JSON body can answer. */
export const bodyErrors = {
  413: json(errorSchema, 'A body over 1 MiB.'),
  415: json(errorSchema, 'A body that is not declared as JSON.'),
  422: json(validationErrorSchema, 'Every fault of the body.'),
}

export const notFound = (description: string) => ({ 404: json(errorSchema, description) })

export const commandIdParam = z.object({
  command_id: z.string().openapi({ param: { name: 'command_id', in: 'path' }, format: 'uuid' }),
})
