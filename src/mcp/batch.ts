/** Several messages of JSON-RPC in one request: each is counted as a request of its own. */
import type { RequestId } from '@modelcontextprotocol/sdk/types.js'
import { z } from 'zod'
import { ApiError } from '../api/errors.ts'

/** Most messages in one request. */
export const MAX_BATCH = 20

const requestSchema = z.object({ id: z.union([z.string(), z.number()]) })
const cancellationSchema = z.object({ method: z.literal('notifications/cancelled') })

/**
 * Counts every message but the first, before anything is done for any of them.
 * @param countOne counts one; throws an ApiError where there were too many
 * @returns why which requests are refused: all from the first that is too many
 */
export async function refusedOf(messages: readonly unknown[], countOne: () => Promise<void>): Promise<Map<RequestId, ApiError>> {
  const refused = new Map<RequestId, ApiError>()
  let refusal: ApiError | null = null
  for (const message of messages.slice(1)) {
    refusal ??= await errorOf(countOne)
    const request = requestSchema.safeParse(message)
    if (refusal && request.success) refused.set(request.data.id, refusal)
  }
  return refused
}

/** Without cancellations: one in the same batch would leave its request without the answer for which the whole batch waits. */
export function withoutCancellations(messages: readonly unknown[]): unknown[] {
  return messages.filter((message) => !cancellationSchema.safeParse(message).success)
}

async function errorOf(work: () => Promise<void>): Promise<ApiError | null> {
  try {
    await work()
    return null
  } catch (error) {
    if (error instanceof ApiError) return error
    throw error
  }
}
