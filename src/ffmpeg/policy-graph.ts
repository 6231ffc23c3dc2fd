/** The policy for filter graphs: `-vf`, `-filter_complex`, lavfi inputs, and commands that reach a filter at run time. */
import { excerpt } from './excerpt.ts'
import {
  type Filter,
  type FilterCommand,
  type FilterOption,
  filterCommands,
  graphFilters,
  parseDictionary,
  parseFilterOptions,
  unclosedQuote,
} from './filtergraph.ts'
import { toldAsWhole } from './policy-cut-values.ts'
import { FILTERS, type FilterRules } from './policy-filters.ts'
import type { Rule } from './policy-rules.ts'
import { checkFile, checkUnlisted, type PolicyScope, type Problem, shown } from './policy-values.ts'
import { APOSTROPHE, strayMessage } from './stray-messages.ts'
import { strayInFilter, strayInText } from './stray-words.ts'

const OPENS_NOTHING: FilterRules = { options: {}, positional: [] }

/** Options that make any filter open a file, and that a filter takes as a command while it runs. */
const COMMANDABLE: ReadonlyMap<string, Rule> = new Map(
  [...FILTERS.values()].flatMap((rule) =>
    'refused' in rule ? [] : Object.entries(rule.options).filter(([, { kind }]) => kind === 'file'),
  ),
)

export function* checkGraph(graph: string, scope: PolicyScope): Generator<Problem> {
  const open = unclosedQuote(graph)
  if (open !== -1) yield quoteProblem(graph, open, 'the filter graph')
  for (const filter of graphFilters(graph)) {
    if (open === -1) yield* checkQuotes(filter)
    const written = graph.slice(filter.span.start, filter.span.end)
    yield* toldAsWhole([...checkFilter(filter, scope)], filter.name, written, scope)
  }
}

/** The arguments are unescaped twice: what has a backslash less after the first time may open a quote in the second. */
function* checkQuotes({ name, args }: Filter): Generator<Problem> {
  const open = unclosedQuote(args)
  if (open !== -1) yield quoteProblem(args, open, `\`${shown(name)}\``)
}

function quoteProblem(text: string, position: number, where: string): Problem {
  return { token: "'", msg: `a single quote in ${where} is never closed: ${excerpt(text, position)}${APOSTROPHE}` }
}

export function* checkFilter({ name, args }: Filter, scope: PolicyScope): Generator<Problem> {
  const rule = FILTERS.get(name) ?? OPENS_NOTHING
  if ('refused' in rule) yield { token: name, msg: `the filter \`${name}\` ${rule.refused.why}: ${rule.refused.instead}` }
  else yield* checkOptions(name, rule, parseFilterOptions(args), scope)
}

function* checkOptions(filter: string, rules: FilterRules, options: readonly FilterOption[], scope: PolicyScope): Generator<Problem> {
  const what = `\`${shown(filter)}\``
  let positional = 0
  let text = false
  for (const { key, value } of options) {
    if (text && key === null && value !== '') yield textCutAtColon(what, value)
    text = key === 'text' && rules.options.text?.kind === 'text'
    if (key?.startsWith('/')) {
      yield { token: key, msg: `${what} may not read \`${shown(key)}\` from a file: write the value itself` }
      continue
    }
    const name = key ?? rules.positional[positional]
    // After the first named option FFmpeg gives bare values no place.
    positional = key === null ? positional + 1 : rules.positional.length
    const rule = name !== undefined && Object.hasOwn(rules.options, name) ? rules.options[name] : undefined
    yield* checkFilterValue(what, rule, value, scope)
  }
}

function checkFilterValue(what: string, rule: Rule | undefined, value: string, scope: PolicyScope): Iterable<Problem> {
  if (value === '') return []
  if (value.startsWith('"') && rule?.kind === 'file') return [{ token: value, msg: strayMessage('escaped-quote', [value]) }]
  if (rule?.kind === 'text') {
    const kind = strayInText(value)
    return kind === null ? [] : [{ token: value, msg: strayMessage(kind, [value]) }]
  }
  switch (rule?.kind) {
    case 'file':
      return checkFile(value, rule.access, what, scope, rule)
    case 'script':
      return checkFile(value, 'read', what, scope, {
        example: 'sendcmd=f={{in_commands}}',
        hint: 'or write the commands into the filter, as in `sendcmd=c=…`',
      })
    case 'commands':
      return checkCommands(value, scope)
    case 'options':
      return parseDictionary(value).flatMap((entry) => checkUnlisted(entry.value, what))
    case 'refused':
      return [{ token: value, msg: `${what} ${rule.why} (\`${shown(value)}\`): ${rule.instead}` }]
    case 'matching':
      return rule.pattern.test(value) ? [] : [{ token: value, msg: `${what} may not open \`${shown(value)}\`: ${rule.instead}` }]
    default: {
      const kind = strayInFilter(value)
      return kind === null ? checkUnlisted(value, what) : [{ token: value, msg: strayMessage(kind, [value]) }]
    }
  }
}

/** FFmpeg takes what follows the colon for another option. */
function textCutAtColon(what: string, rest: string): Problem {
  const msg = `the text of ${what} ends at the colon before \`${shown(rest)}\`: write \`\\:\` for a colon, with the text in single quotes and the whole filter graph in double quotes, and \`\\"\` for a double quote in it (in JSON every backslash twice), or put the text into a file and write \`textfile={{in_text}}\``
  return { token: rest, msg }
}

function* checkCommands(text: string, scope: PolicyScope): Generator<Problem> {
  for (const command of filterCommands(text)) if (command !== null) yield* checkCommand(command, scope)
}

/** A filter's options may be set again while it runs, one by one or, by `reinit`, all at once. */
export function* checkCommand({ target, command, argument }: FilterCommand, scope: PolicyScope): Generator<Problem> {
  const what = `the command \`${shown(command)}\` for \`${shown(target)}\``
  const drawtext = FILTERS.get('drawtext')
  if (command !== 'reinit') yield* checkFilterValue(what, COMMANDABLE.get(command), argument, scope)
  else if (drawtext !== undefined && !('refused' in drawtext)) {
    yield* checkOptions(`${shown(target)} reinit`, drawtext, parseFilterOptions(argument), scope)
  }
}
