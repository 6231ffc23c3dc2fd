/**
 * The command policy: FFmpeg opens files, URLs, devices and plugins from many of its arguments; here each argument is
 * allowed only what the job's own files need. What an option or filter opens stands in the tables beside this file.
 * It cannot see inside media files: the guards on inputs and the executor's sandbox answer for those.
 */
import { type ArgvFile, type ArgvOption, formatName, formatOf, isExitingOption, parseArgv } from './argv.ts'
import { someOf } from './excerpt.ts'
import { parseDictionary } from './filtergraph.ts'
import { checkGraph } from './policy-graph.ts'
import { ENCODER_FILE_KEYS, isForFetching, isOnlyForFetching, ruleFor } from './policy-options.ts'
import { checkOutputs } from './policy-outputs.ts'
import type { Rule } from './policy-rules.ts'
import { checkTee } from './policy-tee.ts'
import { checkCodec, checkDemuxer, checkFile, checkMuxer, checkUnlisted, type PolicyScope, type Problem, shown } from './policy-values.ts'
import { graphFileOption, inputScript, scriptName } from './scripts.ts'
import { isStandardOutput, isTextOutput } from './text-outputs.ts'

/**
 * Everything in an argv (without `ffmpeg`, without guards) that opens more than the job's own files. One by one, as a long command of nonsense
 * has as many problems as words.
 */
export function* checkPolicy(argv: readonly string[], scope: PolicyScope): Generator<Problem> {
  const parsed = parseArgv(argv)
  const { files, trailing } = parsed
  for (const file of files) {
    const opened = [...(file.kind === 'input' ? checkInput(file, scope) : checkOutput(file, scope))]
    const fetching = file.options.filter(({ name }) => isForFetching(name))
    // What is said of the file says it of the options by which it would have been opened.
    const options = opened.length > 0 && fetching.length > 0 ? file.options.filter(({ name }) => !isForFetching(name)) : file.options
    for (const option of options) if (!isOnlyForFetching(option.name)) yield* checkOption(option, file.kind, scope)
    if (opened.length === 0) yield* withoutEffect(fetching.filter(({ name }) => isOnlyForFetching(name)))
    yield* opened.map((problem, i) => (i === 0 && fetching.length > 0 ? withOptions(problem, fetching) : problem))
    if (writesOutside(file)) yield XVID_SECOND_PASS
  }
  for (const option of trailing) yield* checkOption(option, 'output', scope)
  yield* checkOutputs(parsed, scope)
  if (files.some((file) => file.kind === 'input' && inputScript(file) === 'hls')) yield* attachmentsBeside(files)
  for (const argument of argv) if (REPORT.test(argument)) yield reportProblem(argument)
}

function withOptions(problem: Problem, options: readonly ArgvOption[]): Problem {
  return { ...problem, msg: `${problem.msg}; leave ${optionNames(options)} out` }
}

function* withoutEffect(options: readonly ArgvOption[]): Generator<Problem> {
  const [first] = options
  if (first === undefined) return
  const msg = `${optionNames(options)}: FFmpeg fetches and sends nothing itself, since the service fetches inputs before it starts: leave this out; where a URL needs a header, give a signed URL that needs none, or upload the file first`
  yield { token: `-${first.name}`, msg }
}

function optionNames(options: readonly ArgvOption[]): string {
  return someOf([...new Set(options.map(({ name }) => `\`-${shown(name)}\``))])
}

/**
 * Before FFmpeg splits its arguments it looks for these among all of them (`locate_option` in its fftools), and then reads some values as
 * options: it skips the argument after a bare `-`, and a leading `/` or `no`.
 */
const REPORT = /^-(\/|no\/?)?report(:|$)/

function reportProblem(argument: string): Problem {
  const token = shown(argument)
  return {
    token,
    msg: `\`${token}\` writes a report file, wherever it stands: leave it out; what FFmpeg prints is at GET /api/v1/commands/:command_id/log`,
  }
}

function* checkInput(input: ArgvFile, scope: PolicyScope): Generator<Problem> {
  const format = formatOf(input)
  if (format === 'lavfi') return yield* checkGraph(input.url, scope)
  // What a device calls its source is no file name: that the format is refused says all.
  if (format !== null && checkDemuxer(format).length > 0) return
  const script = inputScript(input)
  const concatenated = script === null ? /^concat:(.*)$/s.exec(input.url)?.[1] : undefined
  const names = concatenated === undefined ? [input.url] : concatenated.split('|')
  let sound = true
  for (const name of names) {
    for (const problem of checkFile(name, 'read', '`-i`', scope, { example: '-i {{in_file}}' })) {
      sound = false
      yield problem
    }
  }
  if (!sound) return
  if (isLonePlaylist(input, scope)) yield lonePlaylist(input)
  if (script === null && format === null && MANIFEST.test(input.url)) {
    const msg = `\`-i ${shown(input.url)}\` only names other files, and of such texts only concat lists and HLS playlists can be inputs: give the media files themselves`
    yield { token: input.url, msg }
  }
}

/** Text formats of references that are no script of ours (`scripts.ts`). */
const MANIFEST = /\.(mpd|sdp|asx|xspf)$/i

/** The segments of a playlist that is fetched by its URL lie where it came from. */
function isLonePlaylist(input: ArgvFile, scope: PolicyScope): boolean {
  return inputScript(input) === 'hls' && scope.folders !== true && scope.inputs.has(scriptName(input.url))
}

function lonePlaylist({ url, options }: ArgvFile): Problem {
  const format = options.findLast(({ name }) => name === 'f')?.value ?? null
  const written = `${format === null ? '' : `-f ${shown(format)} `}-i ${shown(url)}`
  const msg = `\`${written}\` is a playlist, and the segments that it names are not fetched: send a zip of the playlist and its segments as input_compressed_folder and write the playlist's name, as in \`-i index.m3u8\``
  return { token: url, msg }
}

function checkOutput(output: ArgvFile, scope: PolicyScope): Iterable<Problem> {
  const { url } = output
  if (formatOf(output) === 'tee') return checkTee(url, scope, checkInnerOption)
  if (isTextOutput(output)) return []
  if (isStandardOutput(url)) {
    const msg = `\`${url}\` is standard output, which holds text only, such as that of \`-f null\`, \`-f md5\` or \`-f framehash\`: declare the file in output_files and write {{out_…}}`
    return [{ token: url, msg }]
  }
  return checkFile(url, 'write', 'an output', scope)
}

/** Attachments are written while inputs are opened, and so between the moment a playlist's files are judged and that when they are read. */
function* attachmentsBeside(files: readonly ArgvFile[]): Generator<Problem> {
  if (!files.some(({ options }) => options.some(({ name }) => name === 'dump_attachment'))) return
  yield {
    token: '-dump_attachment',
    msg: '`-dump_attachment` may not stand in a command that reads a playlist: give it a command of its own',
  }
}

const XVID_SECOND_PASS: Problem = {
  token: 'libxvid',
  msg: 'the codec `libxvid` writes a file outside of the job’s folder in its second pass: use `-c:v mpeg4`, or a single pass',
}

/** FFmpeg's wrapper of Xvid copies the log of the first pass into a temporary file of its own (libavcodec/libxvid.c). */
function writesOutside({ options }: ArgvFile): boolean {
  const isXvid = options.some(({ value }) => value === 'libxvid')
  const passes = options.filter(({ name }) => name === 'pass' || name === 'flags')
  return isXvid && passes.some(({ name, value }) => (name === 'pass' ? value !== '1' : /pass2|\d/.test(value ?? '')))
}

function checkOption(option: ArgvOption, side: 'input' | 'output', scope: PolicyScope): Iterable<Problem> {
  const what = `\`-${shown(option.name)}\``
  const { value } = option
  if (option.name.startsWith('/') && graphFileOption(option.name, option.specifier) === null) {
    return [
      {
        token: `-${option.name}`,
        msg: `${what} reads the value of \`-${shown(option.name.slice(1))}\` from a file: write the value itself`,
      },
    ]
  }
  const rule = ruleFor(option.name)
  if (isExitingOption(option.name) && rule === undefined) {
    return [{ token: `-${option.name}`, msg: `${what} prints information and ends FFmpeg before it writes anything: leave it out` }]
  }
  if (rule?.kind === 'refused') return [{ token: `-${option.name}`, msg: `${what} ${rule.why}: ${rule.instead}` }]
  if (value === null) return []
  if (graphFileOption(option.name, option.specifier) !== null) return checkFile(value, 'read', what, scope)
  if (option.name === 'f' && side === 'input') return checkDemuxer(value)
  // What `tee` opens is judged with its outputs.
  if (option.name === 'f') return formatName(value) === 'tee' ? [] : checkMuxer(value)
  return checkValue(what, rule, value, scope)
}

function checkValue(what: string, rule: Rule | undefined, value: string, scope: PolicyScope): Iterable<Problem> {
  switch (rule?.kind) {
    case 'text':
      return []
    case 'file':
      return checkFile(value, rule.access, what, scope, rule)
    case 'script':
      return checkFile(value, 'read', what, scope)
    case 'matching':
      return rule.pattern.test(value) ? [] : [{ token: value, msg: `${what} may not be \`${shown(value)}\`: ${rule.instead}` }]
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

function* checkInnerOptions(value: string, scope: PolicyScope): Generator<Problem> {
  for (const entry of parseDictionary(value)) yield* checkInnerOption(entry.key, entry.value, scope)
}

/** Scripts are judged where an option of the command itself names them, and nowhere else. */
function checkInnerOption(name: string, value: string, scope: PolicyScope): Iterable<Problem> {
  const rule = ruleFor(name)
  const what = `\`${shown(name)}\``
  if (rule?.kind === 'refused') return [{ token: name, msg: `${what} ${rule.why}: ${rule.instead}` }]
  if (rule?.kind === 'script' || rule?.kind === 'graph' || graphFileOption(name, '') !== null) {
    return [{ token: name, msg: `${what} may not stand among the options of another option or of \`tee\`: give it an output of its own` }]
  }
  return checkValue(what, rule, value, scope)
}

/** Some libraries unescape like FFmpeg and some split the text as it is, so both readings must be harmless. */
function* checkEncoderParams(what: string, value: string, scope: PolicyScope): Generator<Problem> {
  const plain = value.split(':').map((pair) => ({ key: pair.split('=')[0] ?? '', value: pair.slice(pair.indexOf('=') + 1) }))
  const seen = new Set<string>()
  for (const entry of [...parseDictionary(value), ...plain]) {
    const key = entry.key.trim().toLowerCase().replaceAll('_', '-')
    if (entry.value === '' || seen.has(`${key}=${entry.value}`)) continue
    seen.add(`${key}=${entry.value}`)
    const rule = ENCODER_FILE_KEYS.get(key)
    const isNumber = /^-?[\d.]+$/.test(entry.value)
    yield* checkValue(`\`${shown(key)}\` in ${what}`, isNumber ? undefined : rule, entry.value, scope)
  }
}
