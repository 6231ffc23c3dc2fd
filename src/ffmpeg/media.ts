/** What is known of a media file, read from ffprobe's JSON report and from what its packets add up to. */
import { z } from 'zod'
import { extensionOf, mediaType } from './media-type.ts'
import { type PacketTotals, packetRates, packetSeconds, type StreamPackets } from './packets.ts'
import { type Rotation, rotationOf, rotationSchema, turnsSideways } from './rotation.ts'

export const mediaFactsSchema = z.object({
  /** Length in seconds. */
  duration: z.number().nullable(),
  file_type: z.enum(['video', 'audio', 'image', 'subtitle', 'other']),
  /** ffprobe's short name of the container, such as `webm` or `mp4`. */
  file_format: z.string().nullable(),
  /** Codec of the first video stream, else of the first audio stream, else of the first subtitles. */
  codec: z.string().nullable(),
  pixel_format: z.string().nullable(),
  mime_type: z.string(),
  /** As players show the picture: turned by `rotation`. */
  width: z.number().int().nullable(),
  height: z.number().int().nullable(),
  /** Null for what has no picture, and where an executor that is being replaced does not tell it. */
  rotation: rotationSchema.nullable().default(null),
  /** Frames per second. */
  frame_rate: z.number().nullable(),
  /** Kilobits per second. */
  bitrate_video_kb: z.number().nullable(),
  bitrate_audio_kb: z.number().nullable(),
  /** Hertz. */
  sample_rate: z.number().int().nullable(),
  channels: z.number().int().nullable(),
})
export type MediaFacts = z.infer<typeof mediaFactsSchema>

const probedStream = z.object({
  index: z.number().optional().catch(undefined),
  codec_type: z.string().optional().catch(undefined),
  codec_name: z.string().optional().catch(undefined),
  pix_fmt: z.string().optional().catch(undefined),
  width: z.unknown().optional(),
  height: z.unknown().optional(),
  avg_frame_rate: z.unknown().optional(),
  r_frame_rate: z.unknown().optional(),
  duration: z.unknown().optional(),
  bit_rate: z.unknown().optional(),
  sample_rate: z.unknown().optional(),
  channels: z.unknown().optional(),
  nb_frames: z.unknown().optional(),
  disposition: z.object({ attached_pic: z.number() }).optional().catch(undefined),
  tags: z.record(z.string(), z.unknown()).optional().catch(undefined),
  side_data_list: z
    .array(z.object({ rotation: z.unknown().optional() }).catch({}))
    .optional()
    .catch(undefined),
})
type ProbedStream = z.infer<typeof probedStream>

/** As ffprobe prints it: numbers mostly as strings, and any field may be missing. */
const probeReport = z.object({
  streams: z.array(probedStream.catch({})).catch([]),
  format: z
    .object({
      format_name: z.string().optional().catch(undefined),
      duration: z.unknown().optional(),
      bit_rate: z.unknown().optional(),
      tags: z.record(z.string(), z.unknown()).optional().catch(undefined),
    })
    .catch({}),
})
type ProbeReport = z.infer<typeof probeReport>

/**
 * Reads `ffprobe -show_format -show_streams -of json`; any value is accepted, and what it does not say is null.
 * A GIF, animated or not, is an image, as are animated WebP and APNG: that is how those who asked for one file them.
 * Cover art does not make an audio file a video. A still image has no duration, no frame rate and no bitrate.
 * @param packets what the file's packets add up to, where they were counted: it fills in what the container does not say, and corrects
 *   what it says from guesses
 */
export function mediaFacts(report: unknown, filename: string, packets: PacketTotals | null = null): MediaFacts {
  const probe = probeReport.safeParse(report).data ?? { streams: [], format: {} }
  const video = probe.streams.find(isVideo)
  const audio = probe.streams.find((stream) => stream.codec_type === 'audio')
  const subtitle = probe.streams.find((stream) => stream.codec_type === 'subtitle')
  const measured = measure(probe, packets)
  const frames = video === undefined ? undefined : measured.of(video)
  const format = formatName(probe, video, frames, extensionOf(filename))
  const type = fileType(probe, video, audio, subtitle, frames)
  const moves = type !== 'image' || isAnimation(format, packets, frames)
  const seconds = moves ? measured.duration : null
  const size = { width: positiveInteger(video?.width), height: positiveInteger(video?.height) }
  const rotation = video === undefined ? null : storedRotation(video)
  return {
    duration: seconds,
    file_type: type,
    file_format: format,
    codec: video?.codec_name ?? audio?.codec_name ?? subtitle?.codec_name ?? null,
    pixel_format: video?.pix_fmt ?? null,
    mime_type: mediaType(filename, format, type),
    ...(turnsSideways(rotation) ? { width: size.height, height: size.width } : size),
    rotation,
    frame_rate: moves && video !== undefined ? frameRate(video, frames, seconds) : null,
    bitrate_video_kb: moves && video !== undefined ? measured.kilobits(video) : null,
    bitrate_audio_kb: audio === undefined ? null : measured.kilobits(audio),
    sample_rate: positiveInteger(audio?.sample_rate),
    channels: positiveInteger(audio?.channels),
  }
}

/** Formats without an index, whose length is guessed from the rate of their first packets; for MP3 only where its writer has told nothing. */
const GUESSED = /^(?:mp3|aac|ac3|eac3|dts|loas)$/

/** Whether an ffprobe report tells for sure how long the file is, so that its packets need not all be counted. */
export function isLengthKnown(report: unknown): boolean {
  const probe = probeReport.safeParse(report).data
  if (probe === undefined || GUESSED.test(probe.format.format_name ?? '')) return false
  return (positive(probe.format.duration) ?? longest(probe.streams)) !== null
}

/** Cover art is no video. */
function isVideo(stream: ProbedStream): boolean {
  return stream.codec_type === 'video' && stream.disposition?.attached_pic !== 1
}

/** Whether an image has more than one picture; without packets, formats of animations are taken to have. */
function isAnimation(format: string | null, packets: PacketTotals | null, frames: StreamPackets | undefined): boolean {
  return packets === null ? format === 'gif' || format === 'apng' : (frames?.packets ?? 0) > 1
}

/** FFmpeg tells the rotation by a matrix that turns against the clock; releases before 4 tell old files' by a tag alone, with the clock. */
function storedRotation({ side_data_list: sideData, tags }: ProbedStream): Rotation {
  const counterclockwise = sideData?.map(({ rotation }) => finite(rotation)).find((rotation) => rotation !== null)
  return rotationOf(counterclockwise === undefined || counterclockwise === null ? (finite(tags?.rotate) ?? 0) : -counterclockwise)
}

function frameRate(video: ProbedStream, frames: StreamPackets | undefined, seconds: number | null): number | null {
  const average = rate(video.avg_frame_rate)
  if (average !== null) return average
  const length = frames === undefined ? null : (packetSeconds(frames) ?? seconds)
  if (frames === undefined || length === null || frames.packets < 2) return rate(video.r_frame_rate)
  return Math.round((frames.packets / length) * 1000) / 1000
}

interface Measured {
  /** Of the file, in seconds. */
  duration: number | null
  kilobits: (stream: ProbedStream) => number | null
  /** The packets of a stream, as far as they were counted. */
  of: (stream: ProbedStream) => StreamPackets | undefined
}

/** How far what a container says may be from what its packets say before they are believed instead: more than rounding, padding and cut ends. */
const STATED_TOLERANCE = 0.03

function measure(probe: ProbeReport, packets: PacketTotals | null): Measured {
  const duration = durationOf(probe, packets)
  const video = probe.streams.filter(isVideo).map(({ index }) => index ?? -1)
  const rates = packets === null ? new Map<number, number>() : packetRates(packets, video, duration)
  const sole = probe.streams.length === 1 ? kilobits(probe.format.bit_rate) : null
  return {
    duration,
    of: ({ index = -1 }) => packets?.streams.get(index),
    kilobits: (stream) => {
      const stated = positive(stream.bit_rate) ?? positive(stream.tags?.BPS ?? stream.tags?.['BPS-eng'])
      const counted = rates.get(stream.index ?? -1)
      if (counted === undefined || (stated !== null && !packets?.whole && isIndexedMovie(probe))) return kilobits(stated) ?? sole
      const agrees = stated !== null && Math.abs(stated - counted) <= counted * STATED_TOLERANCE
      return kilobits(agrees ? stated : counted)
    },
  }
}

/**
 * What the container says, unless it has only guessed: from the first packets' rate, as where it keeps no index. A movie's own word always
 * counts, since an edit list may show a part of its packets.
 */
function durationOf(probe: ProbeReport, packets: PacketTotals | null): number | null {
  const stated = positive(probe.format.duration) ?? longest(probe.streams)
  if (packets === null || (stated !== null && isIndexedMovie(probe))) return stated
  const timed = probe.streams.filter((stream) => isVideo(stream) || stream.codec_type === 'audio' || stream.codec_type === 'subtitle')
  const counted = timed.map(({ index = -1 }) => packets.streams.get(index)).filter((stream) => stream !== undefined)
  const span = spanOf(counted)
  const added = rounded(Math.max(0, ...counted.map((stream) => stream.duration)))
  if (!packets.whole) return stated ?? durationOfSample(packets, span ?? added)
  if (stated === null) return span ?? added
  // Where times jump, what packets span is not what they play.
  const isSteady = added !== null && (span === null || Math.abs(span - added) <= added * STATED_TOLERANCE)
  return isSteady && Math.abs(stated - added) > Math.max(0.2, added * STATED_TOLERANCE) ? added : stated
}

/** Whether the container lists every sample with its size and time, so that what ffprobe says of rates is counted: a movie that is not in fragments. */
function isIndexedMovie({ format, streams }: ProbeReport): boolean {
  return format.format_name?.startsWith('mov,') === true && streams.some(({ nb_frames }) => positive(nb_frames) !== null)
}

/** From the first packets to the last, in seconds; null where no packet has a time. */
function spanOf(streams: readonly StreamPackets[]): number | null {
  const spans = streams.map(({ span }) => span).filter((span) => span !== null)
  if (spans.length === 0) return null
  return rounded(Math.max(...spans.map(({ end }) => end)) - Math.min(...spans.map(({ start }) => start)))
}

/** To microseconds; null where nothing is left. */
function rounded(seconds: number): number | null {
  return seconds > 0 ? Math.round(seconds * 1e6) / 1e6 : null
}

/** The rest of the file is taken to be like its beginning. */
function durationOfSample({ fileBytes, extent }: PacketTotals, seconds: number | null): number | null {
  return seconds === null || extent === null ? null : Math.round((seconds * fileBytes) / extent)
}

const PICTURES = /^(?:image2|gif|apng|ico|webp|mjpeg)$|_pipe$/
const IMAGE_BRANDS: ReadonlySet<unknown> = new Set(['avif', 'avis', 'heic', 'heix', 'mif1'])

function fileType(
  probe: ProbeReport,
  video: ProbedStream | undefined,
  audio: ProbedStream | undefined,
  subtitle: ProbedStream | undefined,
  frames: StreamPackets | undefined,
): MediaFacts['file_type'] {
  const container = probe.format.format_name ?? ''
  if (video !== undefined && audio === undefined) {
    // Pictures one after the other in one file are a film of Motion JPEG.
    if (video.codec_name === 'mjpeg' && PICTURES.test(container)) return (frames?.packets ?? 1) > 1 ? 'video' : 'image'
    if (PICTURES.test(container) || IMAGE_BRANDS.has(probe.format.tags?.major_brand)) return 'image'
  }
  if (video !== undefined) return 'video'
  if (audio !== undefined) return 'audio'
  return subtitle === undefined ? 'other' : 'subtitle'
}

/** Names that ffprobe's list of a demuxer's names does not hold, by extension. */
const FORMAT_BY_EXTENSION: ReadonlyMap<string, string> = new Map([
  ...['m4v', 'm4b', 'm4r', 'f4v', 'f4a', 'f4b'].map((extension) => [extension, 'mp4'] as const),
  ...['mkv', 'mka', 'mks', 'mk3d'].map((extension) => [extension, 'matroska'] as const),
  ['weba', 'webm'],
  ['qt', 'mov'],
  ['avif', 'avif'],
  ['avifs', 'avif'],
  ['heic', 'heic'],
])

function formatName(
  probe: ProbeReport,
  video: ProbedStream | undefined,
  frames: StreamPackets | undefined,
  extension: string,
): string | null {
  const container = probe.format.format_name
  if (container === undefined) return null
  if (video?.codec_name === 'mjpeg' && PICTURES.test(container)) return (frames?.packets ?? 1) > 1 ? 'mjpeg' : 'jpeg'
  if (container === 'image2' || container === 'mjpeg') return video?.codec_name ?? container
  const names = container.split(',')
  const byExtension = FORMAT_BY_EXTENSION.get(extension)
  if (names.includes(extension)) return extension
  if (byExtension !== undefined && names.length > 1) return byExtension
  // A movie without a brand is of QuickTime's first years.
  if (names[0] === 'mov') return (probe.format.tags?.major_brand ?? 'qt  ') === 'qt  ' ? 'mov' : 'mp4'
  return (names[0] ?? container).replace(/_pipe$/, '')
}

function positive(value: unknown): number | null {
  if (typeof value !== 'string' && typeof value !== 'number') return null
  const number = Number(value)
  return Number.isFinite(number) && number > 0 ? number : null
}

function finite(value: unknown): number | null {
  if (typeof value !== 'string' && typeof value !== 'number') return null
  return value !== '' && Number.isFinite(Number(value)) ? Number(value) : null
}

function positiveInteger(value: unknown): number | null {
  const number = Math.round(positive(value) ?? 0)
  return number > 0 && Number.isSafeInteger(number) ? number : null
}

function kilobits(value: unknown): number | null {
  const bits = positive(value)
  return bits === null ? null : Math.round(bits / 1000)
}

/** A fraction such as `30000/1001`, to three decimals. */
function rate(value: unknown): number | null {
  const match = /^(\d+)\/(\d+)$/.exec(typeof value === 'string' ? value : '')
  if (match === null) return null
  const quotient = Number(match[1]) / Number(match[2])
  return Number.isFinite(quotient) && quotient > 0 ? Math.round(quotient * 1000) / 1000 : null
}

function longest(streams: readonly ProbedStream[]): number | null {
  const durations = streams.map((stream) => positive(stream.duration)).filter((duration) => duration !== null)
  return durations.length === 0 ? null : Math.max(...durations)
}
