/**
 * What the store of API keys holds of an account that an operator has deleted, under `deletion:<account>`. Only operators can write there,
 * so nobody else can ask for it. Runs in workerd and in Node.
 */
import { z } from 'zod'

const PREFIX = 'deletion:'
/** A Worker somewhere may still read an earlier record for a minute. So long, in milliseconds, the account remembers that it was deleted. */
export const STALE_MS = 2 * 60_000
/** After how long the account has certainly forgotten, in milliseconds. */
const FREE_AFTER_MS = 2 * STALE_MS

export const deletionRecordSchema = z.object({
  requested_at: z.iso.datetime(),
  /** When nothing of the account was left that anybody could see; null until then. */
  erased_at: z.iso.datetime().nullable(),
  /** When nothing could come after it any more either; null until then. */
  finished_at: z.iso.datetime().nullable(),
})
export type DeletionRecord = z.infer<typeof deletionRecordSchema>

/** The name under which the record of an account is stored. */
export function deletionName(account: string): string {
  return PREFIX + account
}

/** The account whose record has this name; null for any other name. */
export function deletedAccount(name: string): string | null {
  return name.startsWith(PREFIX) ? name.slice(PREFIX.length) : null
}

/** Whether a new account may have the name. */
export function isNameFree({ finished_at }: DeletionRecord, now: number): boolean {
  return finished_at !== null && now - Date.parse(finished_at) >= FREE_AFTER_MS
}
