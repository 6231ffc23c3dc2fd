/** The headers by which a receiver knows that an event is ours and unchanged. */
import { Webhook } from 'standardwebhooks'

export type WebhookMessage = {
  /** The same on every attempt of one event. */
  id: string
  /** Unix seconds of this attempt. */
  timestamp: number
  /** Exactly the text that is sent. */
  body: string
  /** The newest first; more than one while a secret is being rotated; none where the endpoint has no secret. */
  secrets: readonly string[]
}

/**
 * Signs one attempt in both forms.
 * @returns `webhook-id` and `webhook-timestamp` always; with a secret also `X-Webhook-Signature` (hex HMAC-SHA-256 of the body with
 *   the newest secret's text) and `webhook-signature` (Standard Webhooks: one `v1,…` per secret, separated by spaces).
 */
export async function signWebhook({ id, timestamp, body, secrets }: WebhookMessage): Promise<Record<string, string>> {
  const headers = { 'webhook-id': id, 'webhook-timestamp': String(timestamp) }
  const [newest] = secrets
  if (newest === undefined) return headers
  const at = new Date(timestamp * 1000)
  return {
    ...headers,
    'X-Webhook-Signature': await hmacHex(newest, body),
    'webhook-signature': secrets.map((secret) => signer(secret).sign(id, at, body)).join(' '),
  }
}

/** A `whsec_` secret stands for its decoded bytes; any other, and one that is not base64 after all, for its own UTF-8 text. */
function signer(secret: string): Webhook {
  if (secret.startsWith('whsec_')) {
    try {
      return new Webhook(secret)
    } catch {
      return rawSigner(secret)
    }
  }
  return rawSigner(secret)
}

/** Bytes, because the library would cut the characters of a string to eight bits each. */
function rawSigner(secret: string): Webhook {
  return new Webhook(new TextEncoder().encode(secret), { format: 'raw' })
}

async function hmacHex(secret: string, body: string): Promise<string> {
  const encoder = new TextEncoder()
  const key = await crypto.subtle.importKey('raw', encoder.encode(secret), { name: 'HMAC', hash: 'SHA-256' }, false, ['sign'])
  const mac = new Uint8Array(await crypto.subtle.sign('HMAC', key, encoder.encode(body)))
  return Array.from(mac, (byte) => byte.toString(16).padStart(2, '0')).join('')
}
