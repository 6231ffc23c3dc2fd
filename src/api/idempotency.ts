/** `Idempotency-Key`: a request that comes again under its key is answered as it was, and does nothing a second time. */
import { z } from '@hono/zod-openapi'
import { sha256 } from 'hono/utils/crypto'
import type { IdempotencyClaim } from '../account/idempotency.ts'

export const idempotencyKeySchema = z
  .string()
  .min(1, 'Idempotency-Key has at least one character')
  .max(255, 'Idempotency-Key has 255 characters at most')
  .optional()
  .openapi({ description: 'The same key with the same body is answered in the same way for 24 hours; with another body it is a 409.' })

/** @param request what makes the request the same: the kind of submit, and its body as it was understood */
export async function idempotencyClaim(
  key: string | undefined,
  request: { kind: string; body: unknown },
): Promise<IdempotencyClaim | null> {
  if (key === undefined) return null
  const fingerprint = await sha256(canonicalJson(request))
  return fingerprint === null ? null : { key, fingerprint }
}

/** JSON in which the order of properties makes no difference. */
function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_, inner: unknown) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  )
}
