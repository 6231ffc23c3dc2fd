/** The policy for `-f tee`: each of its outputs is judged as an output of its own. */
import { formatName } from './argv.ts'
import { checkManifestName } from './policy-outputs.ts'
import { checkFile, checkMuxer, checkUnlisted, type PolicyScope, type Problem, shown } from './policy-values.ts'
import { parseTee, type TeeOutput } from './tee.ts'

/** Judges an option of an output by what it opens. */
type OptionCheck = (name: string, value: string, scope: PolicyScope) => Iterable<Problem>

/** Options of `tee` itself, which its outputs do not get. */
const OWN_VALUES: ReadonlyMap<string, RegExp> = new Map([
  ['onfail', /^(abort|ignore)$/],
  ['use_fifo', /^(0|1|true|false|yes|no|y|n|enable|enabled|disable|disabled|on|off)$/i],
  ['select', /^[A-Za-z0-9_:,'#-]+$/],
])

export function* checkTee(url: string, scope: PolicyScope, checkOption: OptionCheck): Generator<Problem> {
  const outputs = parseTee(url)
  if (outputs === null) {
    const msg = `\`${shown(url)}\` cannot be read by \`tee\`: write its outputs as in \`-f tee "[f=mp4]{{out_a}}|[f=mpegts]{{out_b}}"\``
    return yield { token: url, msg }
  }
  for (const output of outputs) yield* checkTeeOutput(output, scope, checkOption)
}

function* checkTeeOutput({ options, name }: TeeOutput, scope: PolicyScope, checkOption: OptionCheck): Generator<Problem> {
  for (const { key, value } of options) {
    const own = OWN_VALUES.get(key)
    if (key === 'f') yield* checkMuxer(value)
    else if (key === 'bsfs' || key.startsWith('bsfs/')) yield* checkUnlisted(value, `\`${shown(key)}\` of \`tee\``)
    else if (own === undefined) yield* checkOption(key, value, scope)
    else if (!own.test(value)) yield { token: value, msg: `\`${key}\` of \`tee\` may not be \`${shown(value)}\`` }
  }
  const format = options.findLast(({ key }) => key === 'f')?.value ?? null
  yield* checkManifestName(format === null ? null : formatName(format), name, scope)
  yield* checkFile(name, 'write', 'an output of `tee`', scope)
}
