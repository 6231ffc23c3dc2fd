/** What is known of a media file, read from ffprobe's JSON report. */
import { z } from 'zod'

export const mediaFactsSchema = z.object({
  /** Length in seconds. */
  duration: z.number().nullable(),
  file_type: z.enum(['video', 'audio', 'image', 'subtitle', 'other']),
  /** ffprobe's short name of the container, such as `webm` or `mp4`. */
  file_format: z.string().nullable(),
  /** Codec of the first video stream, else of the first audio stream. */
  codec: z.string().nullable(),
  pixel_format: z.string().nullable(),
  mime_type: z.string(),
  width: z.number().int().nullable(),
  height: z.number().int().nullable(),
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
 * Cover art does not make an audio file a video. A still image has no duration and no frame rate.
 */
export function mediaFacts(report: unknown, filename: string): MediaFacts {
  const probe = probeReport.safeParse(report).data ?? { streams: [], format: {} }
  const extension = extensionOf(filename)
  const video = probe.streams.find((stream) => stream.codec_type === 'video' && stream.disposition?.attached_pic !== 1)
  const audio = probe.streams.find((stream) => stream.codec_type === 'audio')
  const subtitle = probe.streams.find((stream) => stream.codec_type === 'subtitle')
  const format = formatName(probe, video, extension)
  const type = fileType(probe, video, audio, subtitle)
  const animated = type !== 'image' || format === 'gif' || format === 'apng'
  const sole = probe.streams.length === 1 ? kilobits(probe.format.bit_rate) : null
  return {
    duration: animated ? (positive(probe.format.duration) ?? longest(probe.streams)) : null,
    file_type: type,
    file_format: format,
    codec: video?.codec_name ?? audio?.codec_name ?? null,
    pixel_format: video?.pix_fmt ?? null,
    mime_type: mimeType(format, extension, type),
    width: positiveInteger(video?.width),
    height: positiveInteger(video?.height),
    frame_rate: animated ? (rate(video?.avg_frame_rate) ?? rate(video?.r_frame_rate)) : null,
    bitrate_video_kb: type === 'image' || video === undefined ? null : (streamKilobits(video) ?? sole),
    bitrate_audio_kb: audio === undefined ? null : (streamKilobits(audio) ?? sole),
    sample_rate: positiveInteger(audio?.sample_rate),
    channels: positiveInteger(audio?.channels),
  }
}

const IMAGE_BRANDS: ReadonlySet<unknown> = new Set(['avif', 'avis', 'heic', 'heix', 'mif1'])

function fileType(
  probe: ProbeReport,
  video: ProbedStream | undefined,
  audio: ProbedStream | undefined,
  subtitle: ProbedStream | undefined,
): MediaFacts['file_type'] {
  const container = probe.format.format_name ?? ''
  if (video !== undefined && audio === undefined) {
    if (/^(image2|gif|apng|ico|webp)$|_pipe$/.test(container) || IMAGE_BRANDS.has(probe.format.tags?.major_brand)) return 'image'
    if (container === 'mjpeg' && (video.nb_frames === undefined || video.nb_frames === '1')) return 'image'
  }
  if (video !== undefined) return 'video'
  if (audio !== undefined) return 'audio'
  return subtitle === undefined ? 'other' : 'subtitle'
}

/** Names that ffprobe's list of a demuxer's names does not hold, by extension. */
const FORMAT_BY_EXTENSION: ReadonlyMap<string, string> = new Map([
  ['m4v', 'mp4'],
  ['mkv', 'matroska'],
  ['mka', 'matroska'],
  ['avif', 'avif'],
  ['heic', 'heic'],
])

function formatName(probe: ProbeReport, video: ProbedStream | undefined, extension: string): string | null {
  const container = probe.format.format_name
  if (container === undefined) return null
  if (container === 'image2' || container === 'mjpeg') return video?.codec_name === 'mjpeg' ? 'jpeg' : (video?.codec_name ?? container)
  const names = container.split(',')
  const byExtension = FORMAT_BY_EXTENSION.get(extension)
  if (names.includes(extension)) return extension
  if (byExtension !== undefined && names.length > 1) return byExtension
  return (names[0] ?? container).replace(/_pipe$/, '')
}

const MIME_BY_NAME: ReadonlyMap<string, string> = new Map([
  ...group('video/', {
    mp4: 'mp4',
    webm: 'webm',
    mov: 'quicktime',
    matroska: 'x-matroska',
    avi: 'x-msvideo',
    flv: 'x-flv',
    mpegts: 'mp2t',
  }),
  ...group('video/', {
    '3gp': '3gpp',
    '3g2': '3gpp2',
    mpeg: 'mpeg',
    asf: 'x-ms-asf',
    mpg: 'mpeg',
    ts: 'mp2t',
    mkv: 'x-matroska',
    ogv: 'ogg',
  }),
  ...group('audio/', { mp3: 'mpeg', m4a: 'mp4', wav: 'wav', flac: 'flac', aac: 'aac', aiff: 'aiff', opus: 'ogg', oga: 'ogg', ac3: 'ac3' }),
  ...group('image/', { png: 'png', jpeg: 'jpeg', jpg: 'jpeg', gif: 'gif', webp: 'webp', bmp: 'bmp', tiff: 'tiff', avif: 'avif' }),
  ...group('image/', { heic: 'heic', apng: 'apng', svg: 'svg+xml', ico: 'x-icon', jpegxl: 'jxl' }),
  ...group('text/', { webvtt: 'vtt', vtt: 'vtt', ass: 'x-ssa', txt: 'plain', csv: 'csv', log: 'plain' }),
  ...group('application/', {
    srt: 'x-subrip',
    zip: 'zip',
    json: 'json',
    m3u8: 'vnd.apple.mpegurl',
    mpd: 'dash+xml',
    hls: 'vnd.apple.mpegurl',
  }),
])

/** Extensions that say more than the format does: a playlist, or a container that is read as its first segment. */
const EXTENSION_FIRST: ReadonlySet<string> = new Set(['m3u8', 'mpd', 'zip', 'json', 'txt', 'csv', 'vtt', 'svg'])

function mimeType(format: string | null, extension: string, type: MediaFacts['file_type']): string {
  if (EXTENSION_FIRST.has(extension)) return MIME_BY_NAME.get(extension) ?? 'application/octet-stream'
  if (format === 'ogg') return type === 'video' ? 'video/ogg' : 'audio/ogg'
  const mime = MIME_BY_NAME.get(format ?? '') ?? MIME_BY_NAME.get(extension) ?? 'application/octet-stream'
  // The same containers carry audio alone: `.m4a` made as MP4, `.mka`, audio-only WebM.
  if (type === 'audio') return mime.replace(/^video\//, 'audio/')
  return type === 'video' ? mime.replace(/^audio\//, 'video/') : mime
}

function group(prefix: string, subtypes: Record<string, string>): [string, string][] {
  return Object.entries(subtypes).map(([name, subtype]) => [name, prefix + subtype])
}

/** Lower case, without the dot; empty if there is none. */
function extensionOf(filename: string): string {
  return /\.([A-Za-z0-9]+)$/.exec(filename)?.[1]?.toLowerCase() ?? ''
}

function positive(value: unknown): number | null {
  if (typeof value !== 'string' && typeof value !== 'number') return null
  const number = Number(value)
  return Number.isFinite(number) && number > 0 ? number : null
}

function positiveInteger(value: unknown): number | null {
  const number = Math.round(positive(value) ?? 0)
  return number > 0 && Number.isSafeInteger(number) ? number : null
}

function kilobits(value: unknown): number | null {
  const bits = positive(value)
  return bits === null ? null : Math.round(bits / 1000)
}

/** Matroska and WebM keep the rate in a tag, where their writer put it there. */
function streamKilobits(stream: ProbedStream): number | null {
  return kilobits(stream.bit_rate) ?? kilobits(stream.tags?.BPS ?? stream.tags?.['BPS-eng'])
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
