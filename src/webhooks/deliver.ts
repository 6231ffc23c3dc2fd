/** One attempt: signs the body and posts it. */
import type { AllowedOrigins } from '../outbound/address.ts'
import { checkUrl } from '../outbound/address.ts'
import { redactUrl } from '../outbound/redact.ts'
import type { AttemptResult } from './outbox.ts'
import { signWebhook } from './sign.ts'

const TIMEOUT_MS = 15_000
const RESPONSE_CHARACTERS = 500

export interface Delivery {
  url: string
  eventId: string
  /** Exactly what is sent, and signed. */
  body: string
  /** The newest first. */
  secrets: readonly string[]
  allowed: AllowedOrigins
  manual: boolean
}

/** Posts the event once. Never throws: whatever goes wrong is the result. */
export async function deliver(delivery: Delivery): Promise<AttemptResult> {
  const at = Date.now()
  const base = { at, url: redactUrl(delivery.url), manual: delivery.manual }
  const check = checkUrl(delivery.url, delivery.allowed)
  if (!check.ok) {
    return { attempt: { ...base, status: null, error: check.reason, durationMs: 0, response: '' }, retryAfter: null, hopeless: true }
  }
  const { eventId, body, secrets } = delivery
  try {
    const signature = await signWebhook({ id: eventId, timestamp: Math.floor(at / 1000), body, secrets })
    const response = await fetch(check.url, {
      method: 'POST',
      headers: { ...signature, 'Content-Type': 'application/json', 'User-Agent': 'RenderIO-Webhook/1.0' },
      body,
      // A redirect would deliver to a place that nobody configured.
      redirect: 'manual',
      signal: AbortSignal.timeout(TIMEOUT_MS),
    })
    const text = await beginningOf(response)
    const attempt = { ...base, status: response.status, error: null, durationMs: Date.now() - at, response: text }
    return { attempt, retryAfter: response.headers.get('retry-after'), hopeless: false }
  } catch (error) {
    const timedOut = error instanceof Error && error.name === 'TimeoutError'
    const reason = timedOut ? `no answer within ${TIMEOUT_MS / 1000} seconds` : `${check.url.host} could not be connected to`
    return {
      attempt: { ...base, status: null, error: reason, durationMs: Date.now() - at, response: '' },
      retryAfter: null,
      hopeless: false,
    }
  }
}

/** Reads no further than what is kept: a receiver may answer without end. */
async function beginningOf(response: Response): Promise<string> {
  if (!response.body) return ''
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader()
  let text = ''
  while (text.length < RESPONSE_CHARACTERS) {
    const { done, value } = await reader.read()
    if (done) return text
    text += value
  }
  await reader.cancel()
  return text.slice(0, RESPONSE_CHARACTERS)
}
