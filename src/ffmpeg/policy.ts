/**
 * The command policy: FFmpeg opens files, URLs, devices and plugins from many of its arguments; here each argument is
 * allowed only what the job's own files need. What an option or filter opens stands in the tables beside this file.
 * It cannot see inside media files: the guards on inputs and the executor's sandbox answer for those.
 */
import { type ArgvFile, type ArgvOption, isExitingOption, parseArgv } from './argv.ts'
import { parseDictionary } from './filtergraph.ts'
import { NAMED_DEMUXERS, REFUSED_DEMUXERS } from './policy-formats.ts'
import { checkGraph } from './policy-graph.ts'
import { ENCODER_FILE_KEYS, OPTIONS } from './policy-options.ts'
import type { Rule } from './policy-rules.ts'
import { checkCodec, checkFile, checkMuxer, checkUnlisted, type PolicyScope, type Problem } from './policy-values.ts'

export interface Violation {
  /** Zero-based index of the command. */
  step: number
  /** The part of the command that is refused, as FFmpeg would read it. */
  token: string
  /** Names the token and says what to write instead. */
  msg: string
}

/** Everything in the argv lists (without `ffmpeg`, without guards) that opens more than the job's own files. */
export function checkPolicy(argvs: readonly (readonly string[])[], scope: PolicyScope): Violation[] {
  return argvs.flatMap((argv, step) => checkArgv(argv, scope).map(({ token, msg }) => ({ step, token, msg })))
}

function checkArgv(argv: readonly string[], scope: PolicyScope): Problem[] {
  const { files, trailing } = parseArgv(argv)
  return [
    ...files.flatMap((file) => [
      ...file.options.flatMap((option) => checkOption(option, file.kind, scope)),
      ...(file.kind === 'input' ? checkInput(file, scope) : checkOutput(file, scope)),
    ]),
    ...trailing.flatMap((option) => checkOption(option, 'output', scope)),
  ]
}

function checkInput(input: ArgvFile, scope: PolicyScope): Problem[] {
  const format = lastFormat(input)
  if (format === 'lavfi') return checkGraph(input.url, scope)
  const concatenated = /^concat:(.*)$/s.exec(input.url)?.[1]
  const names = concatenated === undefined ? [input.url] : concatenated.split('|')
  const problems = names.flatMap((name) => checkFile(name, 'read', '`-i`', scope))
  if (problems.length === 0 && format === null && PLAYLIST.test(input.url)) {
    return [
      {
        token: input.url,
        msg: `\`-i ${input.url}\` is a playlist, which only names other files: give the media files themselves as inputs`,
      },
    ]
  }
  return problems
}

const PLAYLIST = /\.(m3u8?|mpd|ffconcat|sdp|asx|xspf)$/i

function checkOutput(output: ArgvFile, scope: PolicyScope): Problem[] {
  const { url } = output
  if (url === '/dev/null') return []
  if (url === '-' || url === 'NUL') {
    if (lastFormat(output) === 'null') return []
    return [{ token: url, msg: `the output \`${url}\` goes nowhere: declare it in output_files and write {{out_…}}` }]
  }
  return checkFile(url, 'write', 'an output', scope)
}

function lastFormat(file: ArgvFile): string | null {
  return file.options.findLast((option) => option.name === 'f')?.value ?? null
}

function checkOption(option: ArgvOption, side: 'input' | 'output', scope: PolicyScope): Problem[] {
  const what = `\`-${option.name}\``
  const { value } = option
  if (option.name.startsWith('/')) {
    return [
      {
        token: `-${option.name}`,
        msg: `${what} reads the value of \`-${option.name.slice(1)}\` from a file, unseen: write the value itself`,
      },
    ]
  }
  const rule = ruleFor(option.name)
  if (isExitingOption(option.name) && rule === undefined) {
    return [{ token: `-${option.name}`, msg: `${what} prints information and ends FFmpeg before it writes anything: leave it out` }]
  }
  if (rule?.kind === 'refused') return [{ token: `-${option.name}`, msg: `${what} ${rule.why}: ${rule.instead}` }]
  if (value === null) return []
  if (option.name === 'f') return side === 'input' ? checkDemuxer(value) : checkMuxer(value)
  return checkValue(what, rule, value, scope)
}

function checkDemuxer(format: string): Problem[] {
  if (format === 'lavfi' || format === 'concat' || NAMED_DEMUXERS.has(format)) return []
  const refusal = REFUSED_DEMUXERS.get(format) ?? {
    why: 'is not a format that inputs may have',
    instead: 'leave out `-f` to have it recognised',
  }
  return [{ token: format, msg: `the input format \`${format}\` ${refusal.why}: ${refusal.instead}` }]
}

/** FFmpeg also takes a codec's option with a leading `v`, `a` or `s`, so `-astats` is the encoder's `-stats`. */
function ruleFor(name: string): Rule | undefined {
  return OPTIONS.get(name) ?? (/^[vas]/.test(name) ? OPTIONS.get(name.slice(1)) : undefined)
}

function checkValue(what: string, rule: Rule | undefined, value: string, scope: PolicyScope): Problem[] {
  switch (rule?.kind) {
    case 'text':
      return []
    case 'file':
      return checkFile(value, rule.access, what, scope)
    case 'matching':
      return rule.pattern.test(value) ? [] : [{ token: value, msg: `${what} may not be \`${value}\`: ${rule.instead}` }]
    case 'graph':
      return checkGraph(value, scope)
    case 'options':
      return checkInnerOptions(value, scope)
    case 'encoder-params':
      return checkEncoderParams(what, value, scope)
    case 'muxer':
      return checkMuxer(value)
    case 'codec':
      return checkCodec(value)
    default:
      return checkUnlisted(value, what)
  }
}

function checkInnerOptions(value: string, scope: PolicyScope): Problem[] {
  return parseDictionary(value).flatMap((entry) => {
    const rule = ruleFor(entry.key)
    if (rule?.kind === 'refused') return [{ token: entry.key, msg: `\`${entry.key}\` ${rule.why}: ${rule.instead}` }]
    return checkValue(`\`${entry.key}\``, rule, entry.value, scope)
  })
}

/** Some libraries unescape like FFmpeg and some split the text as it is, so both readings must be harmless. */
function checkEncoderParams(what: string, value: string, scope: PolicyScope): Problem[] {
  const plain = value.split(':').map((pair) => ({ key: pair.split('=')[0] ?? '', value: pair.slice(pair.indexOf('=') + 1) }))
  const seen = new Set<string>()
  return [...parseDictionary(value), ...plain].flatMap((entry) => {
    const key = entry.key.trim().toLowerCase().replaceAll('_', '-')
    if (entry.value === '' || seen.has(`${key}=${entry.value}`)) return []
    seen.add(`${key}=${entry.value}`)
    const rule = ENCODER_FILE_KEYS.get(key)
    const isNumber = /^-?[\d.]+$/.test(entry.value)
    return checkValue(`\`${key}\` in ${what}`, isNumber ? undefined : rule, entry.value, scope)
  })
}
