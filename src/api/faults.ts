/** From what zod finds in a request to the faults that are answered. Pure. */
import type { z } from '@hono/zod-openapi'
import type { Fault } from '../ffmpeg/command.ts'
import { meantFor } from './misspelt.ts'
import { described } from './wanted.ts'

const BODY = 'an object in braces, such as {"name": "…"}'

/**
 * One fault for every issue. Of a value of the wrong type nothing else is told: zod also measures a text where it wants a list.
 * @param request what was looked at: a body, or an object of query parameters
 */
export function faultsOf(issues: readonly z.core.$ZodIssue[], request: unknown): Fault[] {
  const mistyped = new Set(issues.filter(({ code }) => code === 'invalid_type').map(({ path }) => placeOf(path)))
  const told = issues.filter(({ code, path }) => code === 'invalid_type' || !mistyped.has(placeOf(path)))
  return told.map((issue) => {
    const loc = issue.path.map((part) => (typeof part === 'symbol' ? part.toString() : part))
    return { loc, msg: messageOf(issue, loc, request), type: issue.code === 'invalid_type' ? 'type_error' : 'value_error' }
  })
}

/**
 * The faults of a sound body in which a field that may be left out, a map of files or the URL of a webhook, stands under another name and
 * would be passed over.
 * @param understood the body as its schema has it
 * @param body the body as it was sent
 */
export function misnamedFields(understood: unknown, body: unknown): Fault[] {
  if (typeof understood !== 'object' || understood === null || typeof body !== 'object' || body === null) return []
  const fields = ['input_files', 'output_files'].filter((field) => field in understood)
  // Who has no map of outputs either is not the one whose webhook would not come.
  if ('output_files' in understood) fields.push('webhook_url')
  return fields.flatMap((field): Fault[] => {
    const meant = meantFor(field, body)
    if (meant === null || (field === 'webhook_url' && !isUrl(valueAt(body, [meant.field])))) return []
    return [{ loc: [meant.field], msg: `there is no such field: write "${field}" in its place`, type: 'value_error' }]
  })
}

/** Whether a value is what a webhook's URL would be: other programs have fields of these names for other things. */
function isUrl(value: unknown): boolean {
  return typeof value === 'string' && /^https?:\/\//i.test(value)
}

function placeOf(path: readonly PropertyKey[]): string {
  return JSON.stringify(path.map(String))
}

function messageOf(issue: z.core.$ZodIssue, loc: Fault['loc'], request: unknown): string {
  if (issue.code === 'invalid_key') return issue.issues[0]?.message ?? issue.message
  if (issue.code !== 'invalid_type') return issue.message
  if (loc.length === 0) return wholeBody(request)
  const field = loc.at(-1)
  const parent = valueAt(request, loc.slice(0, -1))
  if (typeof field !== 'string' || typeof parent !== 'object' || parent === null) return issue.message
  return meantFor(field, parent)?.msg ?? issue.message
}

function wholeBody(body: unknown): string {
  if (typeof body === 'string' && /^\s*[[{"]/.test(body)) {
    return 'the body is a text that contains JSON, as it becomes when an object is turned into JSON twice: send the object itself, without quotes around it'
  }
  if (Array.isArray(body)) return `the body must be ${BODY}, not a list: send each of its entries as a request of its own`
  return `the body must be ${BODY}, not ${described(body)}`
}

function valueAt(value: unknown, loc: Fault['loc']): unknown {
  return loc.reduce<unknown>(
    (inner, part) => (typeof inner === 'object' && inner !== null ? Object.getOwnPropertyDescriptor(inner, part)?.value : undefined),
    value,
  )
}
