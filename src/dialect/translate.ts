/** Words of the API in those of the dialect, and back. */
import { z } from '@hono/zod-openapi'
import { COMMAND_TYPES, STAGES } from './table.ts'

const API_TYPES = new Map(Object.entries(COMMAND_TYPES).map(([api, here]) => [here, api]))

/** What of a poll response differs. Anything else, a preset with its `command_type` too, is none. */
const pollSchema = z.looseObject({
  command_id: z.string(),
  command_type: z.string(),
  processing_stage: z.string().nullable(),
  original_request: z.looseObject({ vcpu_count: z.number().optional() }),
})

/** An answer's body as it is here. */
export function translateBody(body: unknown): unknown {
  const poll = pollSchema.safeParse(body)
  if (!poll.success) return body
  const { command_type, processing_stage, original_request } = poll.data
  return {
    ...poll.data,
    command_type: COMMAND_TYPES[command_type] ?? command_type,
    processing_stage: processing_stage === null ? null : (STAGES[processing_stage] ?? processing_stage),
    vcpu_count: original_request.vcpu_count ?? null,
  }
}

/** An answer as it is here; its status, headers and whatever is not JSON stay. */
export async function translateAnswer(answer: Response): Promise<Response> {
  if (!answer.ok || !answer.headers.get('content-type')?.startsWith('application/json')) return answer
  return withBody(answer, translateBody(await answer.json()))
}

/** The answer with another body. */
export function withBody(answer: Response, body: unknown): Response {
  const headers = new Headers(answer.headers)
  headers.delete('content-length')
  return new Response(JSON.stringify(body), { status: answer.status, headers })
}

/** A query as the API has it. */
export function translateQuery(query: URLSearchParams): URLSearchParams {
  const translated = new URLSearchParams(query)
  const type = translated.get('command_type')
  if (type !== null) translated.set('command_type', API_TYPES.get(type) ?? type)
  return translated
}
