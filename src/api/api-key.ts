/**
 * API keys: `ffsk_` and 64 hex digits, known to the service only by their SHA-256.
 * KV binding KEYS maps the hash (hex) to the record below. Runs in workerd and in Node.
 */
import { z } from 'zod'

export const API_KEY_PATTERN = /^ffsk_[0-9a-f]{64}$/

/** A name that is safe in an object's name, an R2 key and a log line. */
export const ACCOUNT_PATTERN = /^[a-z0-9][a-z0-9-]{0,39}$/

/** What KV holds for a key. */
export const apiKeyRecordSchema = z.object({
  account: z.string().regex(ACCOUNT_PATTERN),
  /** What its owner calls the key; empty when unnamed. */
  label: z.string(),
  created_at: z.iso.datetime(),
})
export type ApiKeyRecord = z.infer<typeof apiKeyRecordSchema>

/** A fresh key with 256 random bits. */
export function newApiKey(): string {
  return `ffsk_${toHex(crypto.getRandomValues(new Uint8Array(32)))}`
}

/** The name under which KV knows `key`. A key is all entropy, so a plain hash without salt or stretching is enough. */
export async function hashApiKey(key: string): Promise<string> {
  return toHex(new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(key))))
}

/** Enough of a hash to tell keys apart in a list, and to name the one to revoke. */
export function fingerprintOf(hash: string): string {
  return hash.slice(0, 12)
}

function toHex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
}
