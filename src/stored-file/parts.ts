/** Uploads in parts: how a file is cut, and whether all of it has come. */
import type { Fault } from '../ffmpeg/command.ts'

/** A request to a Worker carries 100 MB at most. */
export const PART_BYTES = 64 * 1024 * 1024
/** R2 takes no more. */
export const MAX_PARTS = 10_000

/** @param number from 1 */
export interface GivenPart {
  part_number: number
  etag: string
}

export function partCount(sizeBytes: number, partBytes: number): number {
  return Math.ceil(sizeBytes / partBytes)
}

/** Bytes that the part has: `partBytes`, and what is left for the last. Null when the file has no such part. */
export function partLength(partNumber: number, sizeBytes: number, partBytes: number): number | null {
  if (partNumber < 1 || partNumber > partCount(sizeBytes, partBytes)) return null
  return Math.min(partBytes, sizeBytes - (partNumber - 1) * partBytes)
}

/** Nobody reads more. */
const MAX_FAULTS = 50

/** What is wrong with a list of parts. `stored` has the ETag of each part that has come, by its number. */
export function checkParts(given: readonly GivenPart[], count: number, stored: Readonly<Record<number, string>>): Fault[] {
  const faults: Fault[] = []
  const seen = new Set<number>()
  for (const [index, { part_number: number, etag }] of given.entries()) {
    const fault = (field: string, msg: string) => faults.push({ loc: ['parts', index, field], msg, type: 'value_error' })
    if (number > count) fault('part_number', `there is no part ${number}: the file has ${count}`)
    else if (seen.has(number)) fault('part_number', `part ${number} is listed twice`)
    else if (stored[number] === undefined) fault('part_number', `part ${number} has not been uploaded`)
    else if (unquoted(etag) !== stored[number])
      fault('etag', `part ${number} has another ETag; send the one that its last PUT was answered with`)
    seen.add(number)
  }
  for (let number = 1; number <= count && faults.length < MAX_FAULTS; number++) {
    if (!seen.has(number)) faults.push({ loc: ['parts'], msg: `part ${number} is missing`, type: 'value_error' })
  }
  return faults.slice(0, MAX_FAULTS)
}

/** An ETag is sent in quotes, and clients give it back with or without them. */
function unquoted(etag: string): string {
  return /^"(.*)"$/.exec(etag.trim())?.[1] ?? etag.trim()
}
