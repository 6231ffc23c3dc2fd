/** Deletions that tell which files are gone. */
import { z } from '@hono/zod-openapi'
import { boundedList } from '../api/bounded-schemas.ts'
import { ApiError } from '../api/errors.ts'
import type { Ask } from '../api/in-process.ts'
import { commandSchema } from '../api/schemas.ts'
import { shortened } from '../ffmpeg/excerpt.ts'
import { DELETE_LIMIT } from './table.ts'
import { withBody } from './translate.ts'

/** Requests of one deletion that are under way at the same time. */
const AT_ONCE = 10

export const deleteManySchema = z.object({
  file_ids: boundedList(
    z.array(z.string().min(1, 'an id is empty')).min(1, 'name at least one file'),
    DELETE_LIMIT,
    `${DELETE_LIMIT} files at most in one request`,
  ).transform((ids) => [...new Set(ids)]),
})

/** Deletes all files, or none where one is not there. */
export async function deleteMany(ask: Ask, ids: string[]): Promise<Response> {
  const at = (id: string) => `/api/v1/files/${encodeURIComponent(id)}`
  const found = await inTurns(ids, (id) => ask(at(id), { method: 'GET' }))
  const missing = ids.filter((_, index) => found[index]?.status === 404)
  if (missing.length > 0)
    throw new ApiError('NOT_FOUND', `there is no such file: ${missing.map((id) => shortened(id, 36)).join(', ')}; nothing was deleted`)
  const refused = found.find(({ ok }) => !ok)
  if (refused) return refused
  const deleted = await inTurns(ids, (id) => ask(at(id), { method: 'DELETE' }))
  const failed = deleted.find(({ ok, status }) => !ok && status !== 404)
  return failed ?? Response.json({ deleted_file_ids: ids.filter((_, index) => deleted[index]?.ok) })
}

/** Deletes a command's outputs and adds to the answer which they were. */
export async function deleteOutputs(ask: Ask, path: string): Promise<Response> {
  const before = await ask(path.replace(/\/files$/, ''), { method: 'GET' })
  if (!before.ok) return before
  const { output_files } = commandSchema.parse(await before.json())
  const answer = await ask(path, { method: 'DELETE' })
  if (!answer.ok) return answer
  const ids = Object.values(output_files).flatMap(({ file_id, is_deleted }) => (is_deleted ? [] : [file_id]))
  return withBody(answer, { ...(await answer.json<object>()), deleted_file_ids: ids })
}

export async function deleteOne(ask: Ask, path: string, fileId: string): Promise<Response> {
  const answer = await ask(path, { method: 'DELETE' })
  return answer.ok ? withBody(answer, { ...(await answer.json<object>()), deleted_file_ids: [fileId] }) : answer
}

async function inTurns<T>(ids: string[], work: (id: string) => Promise<T>): Promise<T[]> {
  const results: T[] = []
  for (let start = 0; start < ids.length; start += AT_ONCE) {
    results.push(...(await Promise.all(ids.slice(start, start + AT_ONCE).map(work))))
  }
  return results
}
