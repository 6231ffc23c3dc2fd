/**
 * URLs and paths of Windows in a filter. Their colons end an option, so that FFmpeg reads several options in one of them, and the policy as many
 * problems. What a caller has to hear is one thing, of the name as it was written.
 */
import { FILTERS } from './policy-filters.ts'
import { checkFile, type PolicyScope, type Problem, shown } from './policy-values.ts'

/** An option's key, if it has one, and a name with a protocol or drive; up to a quote, however the colons are escaped. */
const FOREIGN_NAME = /(?:^|:)\s*'?(?:([a-z_]+)\s*=\s*)?('?)([A-Za-z][A-Za-z0-9+.-]{1,20}\\*:\/\/[^']*|[A-Za-z]\\*:[\\/][^']*)/
/** Where the next option begins, in a name without quotes. */
const NEXT_OPTION = /:[a-z_]+=/

/** The problems of one filter; of a name that was cut, the one problem that it is. @param written the arguments before anything is unescaped */
export function toldAsWhole(problems: readonly Problem[], filter: string, written: string, scope: PolicyScope): readonly Problem[] {
  if (problems.length === 0) return problems
  const [, key, quote, text = ''] = FOREIGN_NAME.exec(written) ?? []
  if (text === '') return problems
  const next = quote === "'" ? -1 : text.search(NEXT_OPTION)
  const whole = (next === -1 ? text : text.slice(0, next)).replaceAll('\\\\:', ':').replaceAll('\\:', ':').trim()
  const rules = FILTERS.get(filter)
  if (rules === undefined) return problems
  if ('refused' in rules)
    return problems.map(({ token, msg }) => ({ token, msg: `${msg}; declare \`${shown(whole)}\` in input_files for it` }))
  const name = key ?? rules.positional[0] ?? ''
  const rule = Object.hasOwn(rules.options, name) ? rules.options[name] : undefined
  if (rule?.kind !== 'file') return problems
  const told = checkFile(whole, rule.access, `\`${shown(filter)}\``, scope, rule)
  return told.length > 0 ? told : problems
}
