/** What is said of a value that is not of the type that was wanted: what it must be, with an example, and what it is. Pure. */
import { z } from '@hono/zod-openapi'
import { shortened } from '../ffmpeg/excerpt.ts'

/** Of what was sent instead, in characters. */
const MAX_EXCERPT = 60

/** What each type of zod's is called in a sentence. */
const TYPES: Readonly<Record<string, string>> = {
  string: 'a text in double quotes',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list in square brackets, such as ["…"]',
  tuple: 'a list in square brackets, such as ["…"]',
  object: 'an object in braces, such as {"name": "…"}',
  record: 'an object in braces, such as {"name": "…"}',
}

/**
 * Says what is wrong with a value of another type.
 * @param wanted what it must be, with an example, as it follows “must be”
 */
export function notWanted(value: unknown, wanted: string): string {
  if (value === undefined) return `is missing: it must be ${wanted}`
  if (value === null) return `is null, and must be ${wanted}`
  if (typeof value === 'string' && /^\s*[[{]/.test(value) && !wanted.startsWith('a text')) {
    return `is a text that contains JSON: send the value itself, without quotes around it. It must be ${wanted}`
  }
  return `must be ${wanted}, not ${described(value)}`
}

/** A schema's own error: `notWanted` where the type is wrong, and what it says itself of everything else. */
export function mustBe(wanted: string): { error: (issue: { code: string; input?: unknown }) => string | undefined } {
  return { error: ({ code, input }) => (code === 'invalid_type' ? notWanted(input, wanted) : undefined) }
}

/** A value in a sentence. */
export function described(value: unknown): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'a list'
  if (typeof value === 'object') return 'an object'
  if (typeof value === 'string') return value === '' ? 'an empty text' : `the text ${quoted(value)}`
  if (typeof value === 'number') return `the number ${value}`
  return String(value)
}

/** What was sent, in quotes, as far as a sentence repeats it. */
export function quoted(text: string): string {
  return `"${shortened(text, MAX_EXCERPT)}"`
}

/** Makes `messageOf` the message of every issue whose schema has none of its own, in place of zod's for programmers. */
export function useOwnMessages(): void {
  z.config({ customError: messageOf })
}

function messageOf(issue: z.core.$ZodRawIssue): string | undefined {
  switch (issue.code) {
    case 'invalid_type':
      return notWanted(issue.input, TYPES[issue.expected] ?? `of the type ${issue.expected}`)
    case 'invalid_value':
      return `must be ${alternatives(issue.values.map(String))}, not ${described(issue.input)}`
    case 'too_big':
      return `${excess(issue.origin)}: ${issue.maximum}${unitOf(issue.origin)} at most`
    case 'too_small':
      return `${lack(issue.origin)}: ${issue.minimum}${unitOf(issue.origin)} at least`
    case 'not_multiple_of':
      return `must be a multiple of ${issue.divisor}`
    case 'invalid_format':
      return `must be text of the format ${issue.format}, not ${described(issue.input)}`
    case 'unrecognized_keys':
      return `has unknown fields: ${issue.keys.slice(0, 3).map(quoted).join(', ')}`
    case 'invalid_key':
      return 'has a name that is not allowed here'
    case 'invalid_union':
    case 'invalid_element':
      return `has none of the allowed forms: it is ${described(issue.input)}`
    default:
      return undefined
  }
}

function excess(origin: string): string {
  if (origin === 'string') return 'is too long'
  return isCounted(origin) ? 'has too many entries' : 'is too large'
}

function lack(origin: string): string {
  if (origin === 'string') return 'is too short'
  return isCounted(origin) ? 'has too few entries' : 'is too small'
}

function isCounted(origin: string): boolean {
  return origin === 'array' || origin === 'set' || origin === 'map'
}

function unitOf(origin: string): string {
  return origin === 'string' ? ' characters' : ''
}

function alternatives(values: readonly string[]): string {
  return values.length === 1 ? `"${values[0]}"` : `one of ${values.map((value) => `"${value}"`).join(', ')}`
}
