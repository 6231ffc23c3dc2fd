/** Commands that begin with `ffprobe`: which options they may have, and the guards on their input. */
import { formatName } from './argv.ts'
import { guardsOn } from './guards.ts'
import { audible } from './log-level.ts'
import { checkCodec, checkDemuxer, checkFile, OWN_RULES, type PolicyScope, type Problem, shown } from './policy-values.ts'

/** Options without a value, from `ffprobe -h` of releases 4 to 8. */
const FLAGS: ReadonlySet<string> = new Set([
  ...['hide_banner', 'unit', 'prefix', 'byte_binary_prefix', 'sexagesimal', 'pretty', 'bitexact', 'find_stream_info', 'analyze_frames'],
  ...['show_data', 'show_error', 'show_format', 'show_frames', 'show_packets', 'show_programs', 'show_streams', 'show_chapters'],
  ...['show_stream_groups', 'show_program_version', 'show_library_versions', 'show_versions', 'show_pixel_formats', 'show_private_data'],
  ...['private', 'count_frames', 'count_packets'],
])

/** Options with one value that opens nothing. */
const VALUES: ReadonlySet<string> = new Set([
  ...['v', 'loglevel', 'print_format', 'of', 'output_format', 'select_streams', 'show_entries', 'show_data_hash', 'show_log'],
  ...['show_optional_fields', 'read_intervals', 'print_filename', 'threads', 'max_alloc'],
  ...['analyzeduration', 'probesize', 'formatprobesize', 'fpsprobesize', 'max_probe_packets', 'fflags', 'flags', 'flags2', 'strict'],
  ...[
    'err_detect',
    'skip_frame',
    'skip_loop_filter',
    'skip_idct',
    'ignore_chapters',
    'ignore_editlist',
    'advanced_editlist',
    'scan_all_pmts',
    'usetoc',
  ],
  ...['framerate', 'pixel_format', 'video_size', 'sample_rate', 'ch_layout', 'channels', 'export_side_data', 'max_streams'],
])

const OUTPUT = 'o'
const FORMAT = 'f'
/** The name of a decoder. */
const CODECS: ReadonlySet<string> = new Set(['c', 'codec', 'vcodec', 'acodec', 'scodec'])

const EXAMPLE = '`ffprobe -v error -show_format -show_streams -of json {{in_…}}`'

type ProbeArgument =
  | { kind: 'input'; url: string }
  /** `value` is null for a flag, and where the value is missing; `index` is where the option stands, just before it. */
  | { kind: 'option'; token: string; name: string; value: string | null; index: number }

/** Splits an argv, without `ffprobe` itself, the way ffprobe does: bare arguments and those after `-i` are inputs. */
function parseProbe(argv: readonly string[]): ProbeArgument[] {
  const parsed: ProbeArgument[] = []
  for (let index = 0; index < argv.length; index += 1) {
    const token = argv[index] ?? ''
    const [name = ''] = token.slice(1).split(':', 1)
    if (token === '-' || !token.startsWith('-')) {
      parsed.push({ kind: 'input', url: token })
    } else if (isFlag(name) || !takesValue(name)) {
      parsed.push({ kind: 'option', token, name, value: null, index })
    } else {
      const value = argv[index + 1] ?? null
      if (name === 'i' && value !== null) parsed.push({ kind: 'input', url: value })
      else parsed.push({ kind: 'option', token, name, value, index })
      index += 1
    }
  }
  return parsed
}

/** Whether the option takes no value; `-noX` negates the flag `X`. */
function isFlag(name: string): boolean {
  return FLAGS.has(name) || (name.startsWith('no') && FLAGS.has(name.slice(2)))
}

function takesValue(name: string): boolean {
  return name === 'i' || name === OUTPUT || name === FORMAT || VALUES.has(name) || CODECS.has(name)
}

/** Everything in an ffprobe command's argv (without `ffprobe`, without guards) that it may not have, and what it lacks. */
export function* checkProbe(argv: readonly string[], scope: PolicyScope): Generator<Problem> {
  const parsed = parseProbe(argv)
  const unknown = parsed.find((argument) => argument.kind === 'option' && !isFlag(argument.name) && !takesValue(argument.name))
  if (unknown?.kind === 'option') {
    const token = shown(unknown.token)
    // Whether what follows is its value cannot be known, so nothing more is said of the command.
    const msg = `\`${token}\` is not an option that ffprobe may be given here: leave it out; a command that works is ${EXAMPLE}`
    return yield { token, msg }
  }
  for (const argument of parsed) if (argument.kind === 'option') yield* checkProbeOption(argument, scope)
  // What a graph names in the place of a file is told with its format.
  if (parsed.some((argument) => argument.kind === 'option' && argument.name === FORMAT && argument.value === 'lavfi')) return
  const inputs = parsed.flatMap((argument) => (argument.kind === 'input' ? [argument.url] : []))
  if (inputs.length !== 1) {
    const found = inputs.length === 0 ? 'has no input' : `has ${inputs.length} inputs (${inputs.slice(0, 5).map(shown).join(', ')})`
    return yield { token: inputs[1] ?? '', msg: `ffprobe reads exactly one file, and this command ${found}: write ${EXAMPLE}` }
  }
  for (const url of inputs) yield* checkFile(url, 'read', 'ffprobe', scope)
}

function checkProbeOption({ token, name, value }: Extract<ProbeArgument, { kind: 'option' }>, scope: PolicyScope): Problem[] {
  if (isFlag(name)) return []
  if (value === null) return [{ token, msg: `\`${shown(token)}\` stands last and lacks its value` }]
  if (name === OUTPUT) return value === '-' ? [] : checkFile(value, 'write', '`-o`', scope)
  if (CODECS.has(name)) return checkCodec(value)
  if (name !== FORMAT) return []
  if (!OWN_RULES.has(formatName(value))) return checkDemuxer(value)
  const msg = `ffprobe may not read the format \`${shown(value)}\`: to measure with filters, write \`ffmpeg -i {{in_…}} -vf signalstats,metadata=print:file=- -f null -\``
  return [{ token: value, msg }]
}

/**
 * Puts the guards first: the policy lets no command set these options again. Where they stand already, they are not put a second time.
 * Errors are shown, which scripts often silence with `-v quiet`.
 */
export function guardProbe(given: readonly string[]): string[] {
  const argv = [...given]
  let format: string | null = null
  for (const argument of parseProbe(given)) {
    if (argument.kind !== 'option' || argument.value === null) continue
    if (argument.name === 'v' || argument.name === 'loglevel') argv[argument.index + 1] = audible(argument.value)
    if (argument.name === FORMAT) format = formatName(argument.value)
  }
  const guards = guardsOn(format)
  return guards.every((token, index) => argv[index] === token) ? argv : [...guards, ...argv]
}
