/** The policy for filter graphs: `-vf`, `-filter_complex`, lavfi inputs, and commands that reach a filter at run time. */
import { type FilterOption, parseDictionary, parseFilterCommands, parseFilterOptions, parseGraph } from './filtergraph.ts'
import { FILTERS, type FilterRules } from './policy-filters.ts'
import type { Rule } from './policy-rules.ts'
import { checkFile, checkUnlisted, type PolicyScope, type Problem } from './policy-values.ts'

const OPENS_NOTHING: FilterRules = { options: {}, positional: [] }

/** Options that make any filter open a file, and that a filter takes as a command while it runs. */
const COMMANDABLE: ReadonlyMap<string, Rule> = new Map(
  [...FILTERS.values()].flatMap((rule) =>
    'refused' in rule ? [] : Object.entries(rule.options).filter(([, { kind }]) => kind === 'file'),
  ),
)

export function checkGraph(graph: string, scope: PolicyScope): Problem[] {
  return parseGraph(graph).flatMap(({ name, args }) => {
    const rule = FILTERS.get(name) ?? OPENS_NOTHING
    if ('refused' in rule) return [{ token: name, msg: `the filter \`${name}\` ${rule.refused.why}: ${rule.refused.instead}` }]
    return checkOptions(name, rule, parseFilterOptions(args), scope)
  })
}

function checkOptions(filter: string, rules: FilterRules, options: readonly FilterOption[], scope: PolicyScope): Problem[] {
  const positional = [...rules.positional]
  return options.flatMap(({ key, value }) => {
    if (key?.startsWith('/')) return [{ token: key, msg: `\`${filter}\` may not read \`${key}\` from a file: write the value itself` }]
    const name = key ?? positional.shift()
    // After the first named option FFmpeg gives bare values no place.
    if (key !== null) positional.length = 0
    const rule = name !== undefined && Object.hasOwn(rules.options, name) ? rules.options[name] : undefined
    return checkFilterValue(`\`${filter}\``, rule, value, scope)
  })
}

function checkFilterValue(what: string, rule: Rule | undefined, value: string, scope: PolicyScope): Problem[] {
  if (value === '' || rule?.kind === 'text') return []
  switch (rule?.kind) {
    case 'file':
      return checkFile(value, rule.access, what, scope, rule.hint)
    case 'commands':
      return checkCommands(value, scope)
    case 'options':
      return parseDictionary(value).flatMap((entry) => checkUnlisted(entry.value, what))
    case 'refused':
      return [{ token: value, msg: `${what} ${rule.why} (\`${value}\`): ${rule.instead}` }]
    case 'matching':
      return rule.pattern.test(value) ? [] : [{ token: value, msg: `${what} may not open \`${value}\`: ${rule.instead}` }]
    default:
      return checkUnlisted(value, what)
  }
}

/** A filter's options may be set again while it runs, one by one or, by `reinit`, all at once. */
function checkCommands(text: string, scope: PolicyScope): Problem[] {
  return parseFilterCommands(text).flatMap(({ target, command, argument }) => {
    const what = `the command \`${command}\` for \`${target}\``
    if (command !== 'reinit') return checkFilterValue(what, COMMANDABLE.get(command), argument, scope)
    const drawtext = FILTERS.get('drawtext')
    if (drawtext === undefined || 'refused' in drawtext) return []
    return checkOptions(`${target} reinit`, drawtext, parseFilterOptions(argument), scope)
  })
}
