/** One attempt: signs the body and posts it. */
import type { AllowedOrigins } from '../outbound/address.ts'
import { checkUrl } from '../outbound/address.ts'
import { within } from '../outbound/deadline.ts'
import { redactUrl } from '../outbound/redact.ts'
import type { AttemptResult } from './outbox.ts'
import { signWebhook } from './sign.ts'

const TIMEOUT_MS = 15_000
/** How much of the answer's body is kept. */
const RESPONSE_CHARACTERS = 500

export interface Delivery {
  url: string
  /** The same on every attempt of one event. */
  eventId: string
  /** What the event is about. */
  data: object
  /** The newest first. */
  secrets: readonly string[]
  allowed: AllowedOrigins
  /** Whether somebody asked for this attempt, outside of the schedule. */
  manual: boolean
}

/** Posts `{data, timestamp}` once. Never throws for what the receiver does: that is the result. */
export async function deliver({ url, eventId, data, secrets, allowed, manual }: Delivery): Promise<AttemptResult> {
  const at = Date.now()
  const base = { at, url: redactUrl(url), manual }
  const check = checkUrl(url, allowed)
  if (!check.ok) {
    const attempt = { ...base, status: null, error: check.reason, durationMs: 0, response: '' }
    return { attempt, retryAfter: null, refused: true }
  }
  const body = JSON.stringify({ data, timestamp: at })
  const signature = await signWebhook({ id: eventId, timestamp: Math.floor(at / 1000), body, secrets })
  try {
    return await within(TIMEOUT_MS, async (signal) => {
      const response = await fetch(check.url, {
        method: 'POST',
        headers: { ...signature, 'Content-Type': 'application/json', 'User-Agent': 'RenderIO-Webhook/1.0' },
        body,
        // A redirect would deliver to a place that nobody configured.
        redirect: 'manual',
        signal,
      })
      const attempt = { ...base, status: response.status, error: null, response: await beginningOf(response), durationMs: Date.now() - at }
      return { attempt, retryAfter: response.headers.get('retry-after'), refused: false }
    })
  } catch (error) {
    const timedOut = error instanceof Error && error.name === 'TimeoutError'
    const reason = timedOut ? `no answer within ${TIMEOUT_MS / 1000} seconds` : `${check.url.host} could not be connected to`
    const attempt = { ...base, status: null, error: reason, response: '', durationMs: Date.now() - at }
    return { attempt, retryAfter: null, refused: false }
  }
}

/**
 * Reads no further than what is kept: a receiver may answer without end.
 * The status alone says whether the event was taken, so a body that breaks off, or that the timeout cuts, is no failure.
 */
async function beginningOf(response: Response): Promise<string> {
  let text = ''
  try {
    const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader()
    while (reader && text.length < RESPONSE_CHARACTERS) {
      const { done, value } = await reader.read()
      if (done) break
      text += value
    }
    await reader?.cancel()
  } catch {
    // What came so far is all there is to show.
  }
  return text.slice(0, RESPONSE_CHARACTERS)
}
