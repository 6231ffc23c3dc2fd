/** What a server's refusal means for the one who gave its URL, and what to do about it. */
import { within } from './deadline.ts'
import { ERROR_BODY_BYTES, quotedError } from './error-body.ts'
import { peek } from './peek.ts'

/** How long the body of a refusal is waited for, in milliseconds. */
const BODY_TIMEOUT_MS = 2000

/**
 * The status of an answer that brings no file, with the server's own reason and advice: the rest of a sentence that names the host.
 * Reads the beginning of the body, and cancels the rest.
 * @param url as it was given, before redirects
 */
export async function failedAnswer(response: Response, url: string): Promise<string> {
  const reason = await reasonOf(response)
  const status = `${response.status} ${response.statusText}`.trimEnd()
  const quoted = reason === null || status.toLowerCase().includes(reason.toLowerCase()) ? '' : ` (${reason})`
  const advice = statusAdvice(response.status, reason ?? '', url)
  return status + quoted + (advice === null ? '' : `; ${advice}`)
}

async function reasonOf({ body, headers }: Response): Promise<string | null> {
  if (body === null) return null
  try {
    const { head, whole } = await within(BODY_TIMEOUT_MS, (signal) => peek(body, ERROR_BODY_BYTES, signal))
    await whole.cancel()
    return quotedError(new TextDecoder().decode(head), headers.get('content-type'))
  } catch {
    return null
  }
}

function statusAdvice(status: number, reason: string, url: string): string | null {
  if (status === 404 && url.includes('#')) {
    return 'what follows the "#" in the URL was not sent: where it belongs to the name of the file, write %23 instead of #'
  }
  switch (status) {
    case 401:
    case 403:
      return /expired/i.test(reason)
        ? 'the link has expired: make a new one'
        : 'the file must be readable without signing in: use a public or presigned link that has not expired'
    case 404:
      return 'check the link'
    case 405:
      return 'the link must answer a GET request with the file'
    case 410:
      return 'the link has expired: make a new one'
    case 429:
      return 'it takes no more requests at the moment: try again later, or store the file once with POST /api/v1/files/store-file'
    default:
      if (status >= 500) return 'try again later'
      return status >= 300 && status < 400 ? 'use the link that it leads to' : null
  }
}

/** Why no connection came about, of which the platform says nothing: the rest of a sentence that names the host. */
export function failedConnection({ protocol }: URL): string {
  const over = protocol === 'https:' ? 'over https ' : ''
  const certificate = protocol === 'https:' ? ', that its certificate is valid' : ''
  return `could not be connected to ${over}from here; check the host and the port${certificate}, and that the link works from the internet`
}
