/** Deletions that tell which files are gone. */
import { z } from '@hono/zod-openapi'
import { boundedList } from '../api/bounded-schemas.ts'
import type { Ask } from '../api/in-process.ts'
import { commandSchema } from '../api/schemas.ts'
import { mustBe } from '../api/wanted.ts'
import { DELETE_LIMIT } from './table.ts'
import { withBody } from './translate.ts'

/** Requests of one deletion that are under way at the same time. */
const AT_ONCE = 25

export const deleteManySchema = z.object({
  file_ids: boundedList(
    z.array(z.string().min(1, 'an id is empty'), mustBe('a list of ids, such as ["9b2f…"]')).min(1, 'name at least one file'),
    DELETE_LIMIT,
    `${DELETE_LIMIT} files at most in one request`,
  ).transform((ids) => [...new Set(ids)]),
})

const idSchema = z.uuid()

/** What cannot be an id must not become part of a path, and costs nothing. */
export function possibleIds(ids: readonly string[]): string[] {
  return ids.filter((id) => idSchema.safeParse(id).success)
}

/** Deletes those of the files that are there, and tells which. */
export async function deleteMany(ask: Ask, ids: readonly string[]): Promise<Response> {
  const deleted = await inTurns(ids, (id) => ask(`/api/v1/files/${id}`, { method: 'DELETE' }))
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

async function inTurns<T>(ids: readonly string[], work: (id: string) => Promise<T>): Promise<T[]> {
  const results: T[] = []
  for (let start = 0; start < ids.length; start += AT_ONCE) {
    results.push(...(await Promise.all(ids.slice(start, start + AT_ONCE).map(work))))
  }
  return results
}
