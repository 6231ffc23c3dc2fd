/** A list longer than a page of the API, written page by page, so that never more than one is in memory. */
import { z } from '@hono/zod-openapi'
import { ApiError } from '../api/errors.ts'
import { faultsOf } from '../api/faults.ts'
import type { Ask } from '../api/in-process.ts'
import { pageQuerySchema, queryInteger } from '../api/schemas.ts'
import { LIST_LIMIT } from './table.ts'
import { translateBody, translateQuery } from './translate.ts'

/** Entries of a page of the API at most: a page of commands fits into one answer of an object. */
const PAGE = 100

const rangeSchema = pageQuerySchema.extend({ limit: queryInteger('limit', 1, LIST_LIMIT).default(LIST_LIMIT) })

const entrySchema = z.looseObject({ command_id: z.string().optional(), file_id: z.string().optional() })
type Entry = z.output<typeof entrySchema>

/**
 * @param key where a page of the API has its entries
 * @param countPages told how many pages the list takes before any but the first is asked for: once the list is begun, it is too late to refuse
 */
export async function bareArray(
  ask: Ask,
  path: string,
  query: URLSearchParams,
  key: 'commands' | 'files',
  countPages: (pages: number) => Promise<void>,
): Promise<Response> {
  const asked = Object.fromEntries(query)
  const range = rangeSchema.safeParse(asked)
  if (!range.success) {
    const messages = faultsOf(range.error.issues, asked).map(({ msg }) => msg)
    throw new ApiError('INVALID_REQUEST', messages.join('; '))
  }
  const { limit, offset } = range.data
  const askPage = (start: number) => {
    const page = translateQuery(query)
    page.set('limit', String(Math.min(PAGE, limit - start)))
    page.set('offset', String(offset + start))
    return ask(`${path}?${page}`, { method: 'GET' })
  }
  const first = await askPage(0)
  if (!first.ok) return first
  const { entries, total } = await pageOf(first, key)
  await countPages(Math.ceil(Math.min(limit, Math.max(0, total - offset)) / PAGE))
  const chunks = jsonArray(entries, limit, key, askPage)
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      const { done, value } = await chunks.next()
      if (done) controller.close()
      else controller.enqueue(value)
    },
  })
  return new Response(body, { headers: { 'content-type': 'application/json' } })
}

async function* jsonArray(first: Entry[], limit: number, key: 'commands' | 'files', askPage: (start: number) => Promise<Response>) {
  const encoder = new TextEncoder()
  // What is added at the front meanwhile pushes entries of one page into the next.
  const written = new Set<string | undefined>()
  let separator = ''
  yield encoder.encode('[')
  let page = first
  for (let start = 0; page.length > 0; ) {
    const fresh = page.filter(({ command_id, file_id }) => !written.has(command_id ?? file_id))
    if (fresh.length > 0) yield encoder.encode(separator + fresh.map((entry) => JSON.stringify(translateBody(entry))).join(','))
    for (const { command_id, file_id } of fresh) written.add(command_id ?? file_id)
    if (written.size > 0) separator = ','
    if (page.length < PAGE) break
    start += PAGE
    if (start >= limit) break
    const next = await askPage(start)
    // The status is out already: a list that is cut off is no JSON, and is not taken for a whole one.
    if (!next.ok) throw new Error(`a page of the list was answered with ${next.status}`)
    page = (await pageOf(next, key)).entries
  }
  yield encoder.encode(']')
}

async function pageOf(page: Response, key: 'commands' | 'files'): Promise<{ entries: Entry[]; total: number }> {
  const body = await page.json()
  return {
    entries: z.object({ [key]: z.array(entrySchema) }).parse(body)[key] ?? [],
    total: z.object({ total: z.number() }).parse(body).total,
  }
}
