/** The executor of `npm run executor`, which serves `wrangler dev` where that has no containers. */
import type { ExecutorError } from './protocol.ts'

/** Passes a request on to it, whatever host the request names. */
export async function askLocalExecutor(request: Request, { url, token }: { url: string; token: string }): Promise<Response> {
  const { pathname, search } = new URL(request.url)
  const asked = new Request(url + pathname + search, request)
  asked.headers.set('authorization', `Bearer ${token}`)
  try {
    const answer = await fetch(asked)
    if (answer.status !== 401) return answer
    await answer.body?.cancel()
    return noExecutor(`the executor at ${url} wants another EXECUTOR_TOKEN: give both the same`)
  } catch {
    return noExecutor(`no executor answers at ${url}: start one by \`npm run executor\``)
  }
}

/** What is answered in the place of an executor that is not there. */
export function noExecutor(message: string): Response {
  const body: ExecutorError = { error: { code: 'NO_EXECUTOR', message } }
  return Response.json(body, { status: 502 })
}
