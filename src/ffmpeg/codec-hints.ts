/** What to write in the place of codecs and containers that FFmpeg does not have, or cannot put together. */
import type { FailedCommand } from './failed-command.ts'

const CODEC_OPTIONS: ReadonlySet<string> = new Set(['c', 'codec', 'vcodec', 'acodec', 'scodec'])
const GPU_CODEC = /_(?:nvenc|cuvid|vaapi|qsv|videotoolbox|amf|v4l2m2m|omx|mediacodec|vulkan|d3d12va|mf)$/
const GPU_OPTIONS: ReadonlySet<string> = new Set([
  'hwaccel',
  'hwaccel_device',
  'hwaccel_output_format',
  'init_hw_device',
  'filter_hw_device',
])
const PRESETS: ReadonlySet<string> = new Set(['preset'])

/** What encodes the same on processors, by the beginning of the name of a GPU's encoder. */
const ON_PROCESSORS: readonly [start: string, encoder: string][] = [
  ['hevc_', 'libx265'],
  ['av1_', 'libsvtav1'],
  ['vp9_', 'libvpx-vp9'],
  ['vp8_', 'libvpx'],
  ['prores_', 'prores_ks'],
  ['mjpeg_', 'mjpeg'],
]

/** Whether a codec by this name runs on a GPU. */
export function isForGpu(codec: string): boolean {
  return GPU_CODEC.test(codec)
}

export function usesGpu(command: FailedCommand): boolean {
  return command.value(CODEC_OPTIONS, GPU_CODEC) !== null || command.options.some(({ name }) => GPU_OPTIONS.has(name))
}

export function withoutGpu(command: FailedCommand): string {
  const encoder = command.value(CODEC_OPTIONS, GPU_CODEC)
  const other = ON_PROCESSORS.find(([start]) => encoder?.startsWith(start))?.[1] ?? 'libx264'
  const preset = command.value(PRESETS, /^(?:p[1-7]|hq|hp|ll|llhq|llhp|bd|lossless|losslesshp)$/)
  const steps = [
    `write -c:v ${other}${encoder === null ? '' : ` instead of ${encoder}`}`,
    ...(preset === null ? [] : [`-preset fast instead of ${preset}`]),
    ...(command.options.some(({ name }) => GPU_OPTIONS.has(name)) ? ['leave out -hwaccel and its relatives'] : []),
  ]
  return `No GPU can be used here: ${joined(steps)}`
}

const FILTER_OPTIONS: ReadonlySet<string> = new Set(['vf', 'filter', 'filter_complex', 'lavfi'])
const GPU_FILTER = /\b([a-z]+)_(?:cuda|npp|vaapi|qsv|vulkan|opencl)\b/

/** Which filter of a GPU to do without; null where the command has none. */
export function withoutGpuFilter(command: FailedCommand): string | null {
  const [name, other] = GPU_FILTER.exec(command.value(FILTER_OPTIONS, GPU_FILTER) ?? '') ?? []
  if (name === undefined) return null
  return `No GPU can be used here: ${other === 'hwupload' ? `leave out ${name}` : `write ${other} instead of ${name}`}`
}

function joined(steps: readonly string[]): string {
  return steps.length < 2 ? steps.join('') : `${steps.slice(0, -1).join(', ')} and ${steps.at(-1)}`
}

/** Names that people write for encoders, and those of the encoders. */
const ENCODER_INSTEAD: ReadonlyMap<string, string> = new Map([
  ...['libfdk_aac', 'libfaac', 'libvo_aacenc', 'libaacplus', 'aac_at', 'm4a'].map((name) => [name, 'aac'] as const),
  ...['x264', 'h.264', 'avc', 'libh264', 'h264x'].map((name) => [name, 'libx264'] as const),
  ...['x265', 'h265', 'h.265', 'libhevc', 'libh265'].map((name) => [name, 'libx265'] as const),
  ...['libxvid', 'xvid', 'divx', 'libdivx'].map((name) => [name, 'mpeg4'] as const),
  ...['wav', 'pcm'].map((name) => [name, 'pcm_s16le'] as const),
  ...['jpg', 'jpeg'].map((name) => [name, 'mjpeg'] as const),
  ...['mp3lame', 'lame'].map((name) => [name, 'libmp3lame'] as const),
  ...['ogg', 'vorbis'].map((name) => [name, 'libvorbis'] as const),
  ['vpx', 'libvpx-vp9'],
  ['libvpx_vp9', 'libvpx-vp9'],
  ['libopenh264', 'libx264'],
  ['mp4', 'libx264'],
])

/** @param name of an encoder that FFmpeg does not have */
export function otherEncoder(name: string): string {
  const instead = ENCODER_INSTEAD.get(name.toLowerCase())
  return instead === undefined
    ? `This FFmpeg has no encoder by this name: usual ones are libx264, libx265, libvpx-vp9, aac, libmp3lame, libopus and flac`
    : `This FFmpeg has no encoder by this name: write ${instead} instead of ${name}`
}

const PICTURE_CODECS: ReadonlySet<string> = new Set(['h264', 'mjpeg', 'png', 'hevc', 'bmp', 'gif', 'vp9', 'theora'])
const TEXT_SUBTITLES: ReadonlySet<string> = new Set(['subrip', 'srt', 'ass', 'ssa', 'webvtt', 'text'])

/** @param muxer as FFmpeg calls it in front of its line */
export function otherContainer(muxer: string, codec: string, command: FailedCommand): string {
  if ((muxer === 'ipod' || command.isForSoundAlone) && PICTURE_CODECS.has(codec)) return COVER_ART
  if (TEXT_SUBTITLES.has(codec))
    return 'This container takes subtitles in another form: write -c:s mov_text for mp4, -c:s webvtt for webm, or name the output .mkv'
  return `A file of this kind cannot hold ${codec}: choose another codec (mp4: libx264 with aac; webm: libvpx-vp9 with libopus), or name the output .mkv, which holds nearly everything`
}

const COVER_ART = 'The picture in the input (its cover art) cannot go into this file: write -vn before the output’s name, or -map 0:a'
