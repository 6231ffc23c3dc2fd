/** What FFmpeg says on stderr about the files it writes (`av_dump_format` in its libavformat), in the form of releases 5 to 8. */
import { parseArgv } from './argv.ts'

export interface ReportedVideo {
  type: 'video'
  codec: string
  pixelFormat: string
  /** Whether the samples use all of their range, as JPEG's do. */
  fullRange: boolean
  width: number
  height: number
  attachedPicture: boolean
}

export interface ReportedAudio {
  type: 'audio'
  codec: string
  profile: string | null
  /** Hertz. */
  sampleRate: number
  channels: number
}

export type ReportedStream = ReportedVideo | ReportedAudio | { type: 'subtitle'; codec: string }

export interface ReportedOutput {
  /** FFmpeg's name of the muxer, such as `mp4` or `image2`. */
  muxer: string
  /** In the order of the file, at least one. */
  streams: ReportedStream[]
}

interface Section {
  index: string
  filename: string
  muxer: string
  /** Null once something was not understood. */
  streams: ReportedStream[] | null
}

const HEADER = /^Output #(\d+), (\w+), to '(?:file:)?(.*)':$/
const STREAM = /^ {2}Stream #(\d+):(\d+)(?:\[0x[0-9a-f]+\])?(?:\([^)]*\))?: (Video|Audio|Subtitle): (.*)$/

/**
 * Reads what is said of outputs, by file name; the last word about a file counts. An output that is not understood as a whole is
 * left out, as are all whose lines carry a prefix (`-loglevel level`). Takes any text, in time linear in its length.
 */
export function reportedOutputs(stderr: string): Map<string, ReportedOutput> {
  const outputs = new Map<string, ReportedOutput>()
  for (const { filename, muxer, streams } of sections(stderr)) {
    if (streams === null || streams.length === 0) outputs.delete(filename)
    else outputs.set(filename, { muxer, streams })
  }
  return outputs
}

function sections(stderr: string): Section[] {
  const found: Section[] = []
  let current: Section | null = null
  for (const line of completeLines(stderr)) {
    if (line.startsWith('Output #')) {
      current = readHeader(line)
      if (current !== null) found.push(current)
    } else if (line.startsWith('Input #') || line === 'Stream mapping:') {
      current = null
    } else if (current !== null && line.startsWith('  Stream #')) {
      const stream = readStream(line, current)
      if (stream === null) current.streams = null
      else current.streams?.push(stream)
    }
  }
  return found
}

/** A line that lacks its end may be cut inside a number. */
function* completeLines(text: string): Generator<string> {
  let start = 0
  for (let end = text.indexOf('\n'); end !== -1; end = text.indexOf('\n', start)) {
    yield text.slice(start, end)
    start = end + 1
  }
}

function readHeader(line: string): Section | null {
  const [, index, muxer, filename] = HEADER.exec(line) ?? []
  return index === undefined || muxer === undefined || filename === undefined ? null : { index, muxer, filename, streams: [] }
}

/** Null for what is not understood, and for a stream that is not the next one of this output. */
function readStream(line: string, { index, streams }: Section): ReportedStream | null {
  const [, output, number, type, description] = STREAM.exec(line) ?? []
  if (description === undefined || output !== index || number !== `${streams?.length}`) return null
  const fields = fieldsOf(description)
  const codec = /^[a-z0-9_]+/.exec(description)?.[0]
  if (codec === undefined) return null
  if (type === 'Video') return readVideo(codec, fields)
  return type === 'Audio' ? readAudio(codec, fields) : { type: 'subtitle', codec }
}

/** `h264 (High) (avc1 / 0x31637661)`, `yuv420p(tv, bt709, progressive)`, `160x90 [SAR 1:1 DAR 16:9]`, …, `12800 tbn (default)` */
function readVideo(codec: string, fields: readonly string[]): ReportedVideo | null {
  const [, pixelFormat, details] = /^([a-z0-9]+)(?:\((.*)\))?$/.exec(fields[1] ?? '') ?? []
  const [, width, height] = /^(\d{1,6})x(\d{1,6})(?: |$)/.exec(fields[2] ?? '') ?? []
  if (pixelFormat === undefined || width === undefined || height === undefined) return null
  return {
    type: 'video',
    codec,
    pixelFormat,
    fullRange: details?.split(', ').includes('pc') ?? false,
    width: Number(width),
    height: Number(height),
    attachedPicture: fields.at(-1)?.includes('(attached pic)') ?? false,
  }
}

/** `aac (LC) (mp4a / 0x6134706D)`, `44100 Hz`, `stereo`, `fltp`, `128 kb/s (default)` */
function readAudio(codec: string, fields: readonly string[]): ReportedAudio | null {
  const sampleRate = /^(\d{1,7}) Hz$/.exec(fields[1] ?? '')?.[1]
  const channels = channelsOf(fields[2] ?? '')
  if (sampleRate === undefined || channels === null) return null
  const profile = /^[a-z0-9_]+ \(([^()/]+)\)/.exec(fields[0] ?? '')?.[1] ?? null
  return { type: 'audio', codec, profile, sampleRate: Number(sampleRate), channels }
}

const CHANNELS: ReadonlyMap<string, number> = new Map([
  ['mono', 1],
  ['stereo', 2],
  ['2.1', 3],
  ['quad', 4],
  ['4.0', 4],
  ['5.0', 5],
  ['5.0(side)', 5],
  ['5.1', 6],
  ['5.1(side)', 6],
  ['7.1', 8],
  ['7.1(wide)', 8],
])

function channelsOf(layout: string): number | null {
  const counted = /^(\d{1,3}) channels(?: \(.*\))?$/.exec(layout)?.[1]
  return counted === undefined ? (CHANNELS.get(layout) ?? null) : Number(counted)
}

/** What commas separate, but for those in brackets. */
function fieldsOf(description: string): string[] {
  const fields: string[] = []
  let depth = 0
  let start = 0
  for (let i = 0; i < description.length; i += 1) {
    const character = description[i]
    if (character === '(' || character === '[') depth += 1
    else if (character === ')' || character === ']') depth -= 1
    else if (character === ',' && depth === 0) {
      fields.push(description.slice(start, i).trim())
      start = i + 1
    }
  }
  fields.push(description.slice(start).trim())
  return fields
}

/** Filters of encoded streams, and what encoders' libraries are told past FFmpeg. */
const UNREAD_ORDERS = /bsf$|-params$|^x264opts$/

/** Metadata under any names, which ffprobe then takes for the file's own; a number may stand for the flag. */
const OWN_METADATA_NAMES = /use_metadata_tags|\d/

/** Whether what a command writes may be other than what FFmpeg reports of it: it does not read all orders itself. */
export function reportMayMislead(argv: readonly string[]): boolean {
  const { files, trailing } = parseArgv(argv)
  const options = [...files.flatMap((file) => file.options), ...trailing]
  return options.some(({ name, value }) => UNREAD_ORDERS.test(name) || (name === 'movflags' && OWN_METADATA_NAMES.test(value ?? '')))
}
