/** How far a run of FFmpeg is: what it reports, and how long its output will be. */
import { type ArgvFile, type ArgvOption, parseArgv } from './argv.ts'

/** One block of FFmpeg's `-progress` output; null where FFmpeg says `N/A` or nothing. */
export interface ProgressReport {
  frame: number | null
  fps: number | null
  /** Seconds of output written so far. */
  outTimeSeconds: number | null
  /** Output seconds per wall second. */
  speed: number | null
}

/**
 * Reads all complete blocks in `buffer`. `rest` is the unfinished end: put it before the next chunk.
 */
export function parseProgress(buffer: string): { reports: ProgressReport[]; rest: string } {
  const reports: ProgressReport[] = []
  let fields = new Map<string, string>()
  let consumed = 0
  let lineStart = 0
  for (let end = buffer.indexOf('\n'); end !== -1; end = buffer.indexOf('\n', lineStart)) {
    const line = buffer.slice(lineStart, end)
    lineStart = end + 1
    const equals = line.indexOf('=')
    if (equals === -1) continue
    const key = line.slice(0, equals).trim()
    const value = line.slice(equals + 1).trim()
    fields.set(key, value)
    if (key === 'progress') {
      reports.push(toReport(fields))
      fields = new Map()
      consumed = lineStart
    }
  }
  return { reports, rest: buffer.slice(consumed) }
}

function toReport(fields: ReadonlyMap<string, string>): ProgressReport {
  // `out_time_ms` counts microseconds too: an old mistake that FFmpeg keeps.
  const microseconds = leadingNumber(fields.get('out_time_us') ?? fields.get('out_time_ms'))
  return {
    frame: leadingNumber(fields.get('frame')),
    fps: leadingNumber(fields.get('fps')),
    // Before the first packet, releases before 5 report the smallest integer there is.
    outTimeSeconds: microseconds === null || microseconds < -1e12 ? null : Math.max(0, microseconds / 1e6),
    speed: leadingNumber(fields.get('speed')),
  }
}

function leadingNumber(text: string | undefined): number | null {
  const match = /^-?\d+(\.\d+)?(e[+-]?\d+)?/.exec(text ?? '')
  return match === null ? null : Number(match[0])
}

/**
 * The length in seconds of every input, in input order, from FFmpeg's own report on stderr; null for `N/A`. FFmpeg counts its inputs one by
 * one: a line with any other number is text of the caller's, which a warning may repeat with its line breaks.
 */
export function inputDurations(stderr: string): (number | null)[] {
  const durations: (number | null)[] = []
  let input = -1
  for (const line of stderr.split('\n')) {
    const header = /^Input #(\d+), /.exec(line)
    if (header !== null) {
      input = Number(header[1])
      if (input === durations.length) durations.push(null)
      if (input > durations.length) input = -1
      continue
    }
    const duration = /^ {2}Duration: (\d+):(\d\d):(\d\d(?:\.\d+)?),/.exec(line)
    if (duration !== null && input >= 0) {
      durations[input] = Number(duration[1]) * 3600 + Number(duration[2]) * 60 + Number(duration[3])
      input = -1
    }
  }
  return durations
}

/** Share of the expected output that is written, 0–100; null where either is unknown. */
export function percent(outTimeSeconds: number | null, expectedSeconds: number | null): number | null {
  if (outTimeSeconds === null || expectedSeconds === null || !(expectedSeconds > 0)) return null
  return Math.min(100, Math.max(0, (outTimeSeconds / expectedSeconds) * 100))
}

/**
 * Length in seconds of the longest output that `argv` will write, given its inputs' lengths (`inputDurations`);
 * null where it cannot be known, as with an endless input that nothing bounds or a filter that changes time.
 */
export function expectedDuration(argv: readonly string[], durations: readonly (number | null)[]): number | null {
  const { files } = parseArgv(argv)
  const inputs = files.filter((file) => file.kind === 'input').map((file, i) => readLength(file, durations[i] ?? null))
  const outputs = files.filter((file) => file.kind === 'output')
  const graphs = files.flatMap((file) => file.options.filter((option) => GRAPH_OPTIONS.has(option.name)))
  const graph = graphs.map((option) => option.value ?? '').join(';')
  const available = lengthAfterFilters(inputs, graph)
  const shortest = TIME_CHANGING.test(graph) ? available : leastOf(inputs)
  let longest: number | null = null
  for (const output of outputs) {
    const length = writtenLength(output, lastOption(output, 'shortest') === null ? available : shortest)
    if (length === null || !Number.isFinite(length)) return null
    longest = Math.max(longest ?? 0, length)
  }
  return longest
}

/** Options whose value is a filter graph, or the name of a file that holds one. */
export const GRAPH_OPTIONS: ReadonlySet<string> = new Set([
  'vf',
  'af',
  'filter',
  'filter_complex',
  'lavfi',
  'filter_complex_script',
  'filter_script',
])

/** Filters whose output is longer or shorter than their input, and sources, which have a length of their own. */
const TIME_CHANGING =
  /\b(a?setpts|atempo|rubberband|asetrate|[at]pad|apad|a?loop|a?trim|a?select|concat|xfade|acrossfade|framestep|tile|thumbnail|zoompan|silenceremove|palettegen|showwavespic|showspectrumpic|a?reverse|a?segment|color|testsrc2?|sine|anullsrc|aevalsrc|smptebars|nullsrc|shortest)\b/

/** Pictures that FFmpeg reads as one frame of unknown length. */
const STILL = /\.(png|jpe?g|webp|bmp|tiff?|svg)$/i

/** Infinity where no length is known. */
function leastOf(lengths: readonly (number | null)[]): number {
  return lengths.reduce<number>((least, length) => Math.min(least, length ?? Number.POSITIVE_INFINITY), Number.POSITIVE_INFINITY)
}

/** Seconds an input delivers, Infinity for an endless one, null where unknown. */
function readLength(input: ArgvFile, duration: number | null): number | null {
  const start = seconds(lastValue(input, 'ss')) ?? 0
  const limit = seconds(lastValue(input, 't'))
  const end = seconds(lastValue(input, 'to'))
  const tail = seconds(lastValue(input, 'sseof'))
  const cut = limit ?? (end === null ? Number.POSITIVE_INFINITY : Math.max(0, end - start))
  const whole = sourceLength(input, duration)
  if (whole === null) return Number.isFinite(cut) ? cut : null
  const seekable = tail === null ? whole - start : Math.min(whole, Math.abs(tail))
  return Math.min(Math.max(0, seekable), cut) + (seconds(lastValue(input, 'itsoffset')) ?? 0)
}

function sourceLength(input: ArgvFile, duration: number | null): number | null {
  const demuxerLoop = lastValue(input, 'loop')
  if ((demuxerLoop !== null && demuxerLoop !== '0') || lastValue(input, 'ignore_loop') === '0') return Number.POSITIVE_INFINITY
  const still = duration === null && STILL.test(input.url) ? 0 : duration
  const repeats = Number(lastValue(input, 'stream_loop') ?? 0)
  if (repeats < 0) return Number.POSITIVE_INFINITY
  return still === null ? null : still * (repeats + 1)
}

/** What the filters leave of the inputs: their sum for a plain concatenation, null for any other change of time. */
function lengthAfterFilters(inputs: readonly (number | null)[], graph: string): number | null {
  const lengths: number[] = []
  for (const length of inputs) {
    if (length === null) return null
    lengths.push(length)
  }
  if (lengths.length === 0) return null
  if (!TIME_CHANGING.test(graph)) return lengths.reduce((longest, length) => Math.max(longest, length))
  const onlyConcat = /\bconcat\b/.test(graph) && !TIME_CHANGING.test(graph.replace(/\bconcat\b/g, ''))
  return onlyConcat ? lengths.reduce((sum, length) => sum + length, 0) : null
}

/** Output `-t`, `-to` and `-ss` bound what is written; a bound alone is an answer when the rest is unknown. */
function writtenLength(output: ArgvFile, available: number | null): number | null {
  const start = seconds(lastValue(output, 'ss')) ?? 0
  const limit = seconds(lastValue(output, 't'))
  const end = seconds(lastValue(output, 'to'))
  const cut = limit ?? (end === null ? null : Math.max(0, end - start))
  if (available === null) return cut
  const left = Math.max(0, available - start)
  return cut === null ? left : Math.min(left, cut)
}

function lastOption(file: ArgvFile, name: string): ArgvOption | null {
  return file.options.findLast((option) => option.name === name) ?? null
}

function lastValue(file: ArgvFile, name: string): string | null {
  return lastOption(file, name)?.value ?? null
}

/** FFmpeg's time syntax: `[-][HH:]MM:SS[.m]` or a number with an optional `s`, `ms` or `us`. Null for anything else. */
export function seconds(text: string | null): number | null {
  if (text === null) return null
  const clock = /^(-?)(?:(\d+):)?(\d+):(\d+(?:\.\d+)?)$/.exec(text)
  if (clock !== null) {
    const value = Number(clock[2] ?? 0) * 3600 + Number(clock[3]) * 60 + Number(clock[4])
    return clock[1] === '-' ? -value : value
  }
  const plain = /^(-?(?:\d+(?:\.\d+)?|\.\d+))(us|ms|s)?$/.exec(text)
  if (plain === null) return null
  const unit = plain[2] === 'us' ? 1e-6 : plain[2] === 'ms' ? 1e-3 : 1
  return Number(plain[1]) * unit
}
