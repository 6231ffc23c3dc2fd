/**
 * An argv split the way FFmpeg splits it (`split_commandline` in its fftools): every option belongs to the next input
 * (`-i URL`) or output (a bare argument). Progress, guards and policy all read commands through this one view.
 */

/**
 * FFmpeg's options that take no value, from the option tables of releases 4 to 8. All others take exactly one, so a
 * name missing here would shift what every later argument means. Where releases disagree, the policy refuses the option.
 */
const FLAGS: ReadonlySet<string> = new Set([
  ...['report', 'y', 'n', 'ignore_unknown', 'copy_unknown', 'recast_media', 'stats', 'hide_banner', 'benchmark', 'benchmark_all'],
  ...['stdin', 'dump', 'hex', 'copyts', 'start_at_zero', 'xerror', 'auto_conversion_filters', 'debug_ts', 'psnr', 'vstats', 'qphist'],
  ...['accurate_seek', 're', 'shortest', 'bitexact', 'copyinkf', 'find_stream_info', 'autorotate', 'autoscale', 'force_fps'],
  ...['vn', 'an', 'sn', 'dn', 'fix_sub_duration', 'fix_sub_duration_heartbeat', 'display_hflip', 'display_vflip', 'print_graphs'],
  ...['deinterlace', 'intra'],
])

/** Options that print something and end FFmpeg; the argument after them, if any, is theirs. */
const EXITING: ReadonlySet<string> = new Set([
  ...['L', 'h', '?', 'help', '-help', 'version', 'buildconf', 'formats', 'muxers', 'demuxers', 'devices', 'codecs', 'decoders'],
  ...['encoders', 'bsfs', 'protocols', 'filters', 'pix_fmts', 'layouts', 'sample_fmts', 'dispositions', 'colors', 'sources', 'sinks'],
  ...['hwaccels'],
])

export interface ArgvOption {
  /** Without the leading dash and without a stream specifier: `c` for `-c:v`. */
  name: string
  /** What follows the first colon of the option's name, such as `v` or `s:v:0`; empty if nothing does. */
  specifier: string
  /** Null for a flag, and for an option that stands last and lacks its value. */
  value: string | null
  /** Where the option stands in the argv. Its value, if any, is the next argument. */
  index: number
}

/** One input or output with the options that stand before it, global ones included. */
export interface ArgvFile {
  kind: 'input' | 'output'
  url: string
  /** Where the URL stands in the argv; for an input, `-i` is just before it. */
  index: number
  options: ArgvOption[]
}

export interface ParsedArgv {
  /** In the order of the argv. */
  files: ArgvFile[]
  /** Options after the last output, which FFmpeg applies only if they are global. */
  trailing: ArgvOption[]
}

export function isExitingOption(name: string): boolean {
  return EXITING.has(name)
}

/** Whether the option takes no value; `-noX` negates the flag `X`. */
export function isFlag(name: string): boolean {
  return FLAGS.has(name) || (name.startsWith('no') && FLAGS.has(name.slice(2)))
}

/** Splits an argv that does not include `ffmpeg` itself. Total: what FFmpeg would reject still gets a sensible place. */
export function parseArgv(argv: readonly string[]): ParsedArgv {
  const files: ArgvFile[] = []
  let options: ArgvOption[] = []
  let index = 0
  let plainNext = false
  while (index < argv.length) {
    const token = argv[index] ?? ''
    const bare = plainNext || token === '-' || !token.startsWith('-')
    if (token === '--' && !plainNext) {
      plainNext = true
      index += 1
    } else if (bare) {
      plainNext = false
      files.push({ kind: 'output', url: token, index, options })
      options = []
      index += 1
    } else if (token === '-i' && index + 1 < argv.length) {
      files.push({ kind: 'input', url: argv[index + 1] ?? '', index: index + 1, options })
      options = []
      index += 2
    } else {
      const colon = token.indexOf(':')
      const name = token.slice(1, colon === -1 ? undefined : colon)
      const value = isFlag(name) ? null : (argv[index + 1] ?? null)
      options.push({ name, specifier: colon === -1 ? '' : token.slice(colon + 1), value, index })
      index += value === null ? 1 : 2
    }
  }
  return { files, trailing: options }
}

/** The last `-f` before a file, as `formatName` has it: null where FFmpeg chooses the format itself. */
export function formatOf(file: ArgvFile): string | null {
  const value = file.options.findLast(({ name }) => name === 'f')?.value ?? null
  return value === null ? null : formatName(value)
}

/** A format's name in lower case: FFmpeg compares the names of demuxers and muxers without regard to it (`av_match_name` in libavutil). */
export function formatName(given: string): string {
  return given.toLowerCase()
}
