/** Schemas of lists and maps that are counted before their entries are looked at. */
import { z } from '@hono/zod-openapi'
import { MAX_ALIAS_CHARACTERS } from '../ffmpeg/command.ts'
import { plainAlias } from './suggestions.ts'
import { mustBe, quoted } from './wanted.ts'

/** Inputs, and outputs, of one command. */
const MAX_FILES = 100

const ALIASES = { in: /^in_[A-Za-z0-9_]+$/, out: /^out_[A-Za-z0-9_]+$/ }

/** What an input, or an output, may be called in commands. */
export function aliasSchema(prefix: 'in' | 'out') {
  return z
    .string()
    .max(MAX_ALIAS_CHARACTERS, `an alias has ${MAX_ALIAS_CHARACTERS} characters at most`)
    .regex(ALIASES[prefix], { error: ({ input }) => aliasRule(prefix, typeof input === 'string' ? input : '') })
}

function aliasRule(prefix: 'in' | 'out', given: string): string {
  const [kind, example] = prefix === 'in' ? ['an input', 'in_video'] : ['an output', 'out_video']
  const suggestion = plainAlias(prefix, given)
  return `the alias of ${kind} is ${prefix}_ and letters, digits or _, such as ${example}: write "${suggestion}" in place of ${quoted(given)}, and {{${suggestion}}} in the command`
}

/**
 * What is asked of a value as a whole before its entries are looked at: each of those may be at fault by itself, and a body holds half a
 * million of them. `fault` answers what is wrong, or null.
 */
export function judgedFirst<Schema extends z.ZodType>(fault: (value: object) => string | null, schema: Schema) {
  return z.preprocess((value, context) => {
    const message = typeof value === 'object' && value !== null ? fault(value) : null
    if (message !== null) context.addIssue({ code: 'custom', message })
    return value
  }, schema)
}

/** A list of at most `max` items, whose length is judged before they are. */
export function boundedList<Item extends z.ZodType>(list: z.ZodArray<Item>, max: number, tooMany: string) {
  return judgedFirst((value) => (Array.isArray(value) && value.length > max ? tooMany : null), list.max(max, tooMany))
}

/**
 * The inputs, or the outputs, of one command, by their aliases. zod ignores an own `__proto__`, so that is refused here.
 * @param wanted what the map must be, with an example, as it follows “must be”
 */
export function filesByAlias(prefix: 'in' | 'out', file: z.ZodString, wanted: string) {
  return z.preprocess(
    (value, context) => {
      if (typeof value === 'object' && value !== null && Object.hasOwn(value, '__proto__')) {
        context.addIssue({ code: 'custom', path: ['__proto__'], message: aliasRule(prefix, '__proto__') })
      }
      return value
    },
    judgedFirst(
      (files) => (!Array.isArray(files) && Object.keys(files).length > MAX_FILES ? `${MAX_FILES} files at most` : null),
      z.record(aliasSchema(prefix), file, mustBe(wanted)),
    ),
  )
}
