/** Words of the API in those of the dialect, and back. */
import { COMMAND_TYPES } from './table.ts'

const API_TYPES = new Map(Object.entries(COMMAND_TYPES).map(([api, here]) => [here, api]))

/** An answer's body as it is here. */
export function translateBody(body: unknown): unknown {
  if (typeof body !== 'object' || body === null || !('command_type' in body) || typeof body.command_type !== 'string') return body
  return { ...body, command_type: COMMAND_TYPES[body.command_type] ?? body.command_type }
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
