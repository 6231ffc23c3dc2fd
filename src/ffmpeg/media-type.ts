/**
 * The one table of file names and media types: what an answer calls a file, and what its download is sent as.
 * The base is IANA's registry as the package `mime` keeps it, with the types in use that are not registered.
 */
import mime from 'mime'

/** Where players and browsers go by another type than the registry's, and what it lacks. */
const TYPES_OF_MEDIA: ReadonlyMap<string, string> = new Map([
  // MP4 under its other names: players know the registered type of the container, not those of the extensions.
  ...group('video/', { m4v: 'mp4', f4v: 'mp4', cmfv: 'mp4' }),
  ...group('audio/', { m4r: 'mp4', f4a: 'mp4', f4b: 'mp4', cmfa: 'mp4' }),
  ...group('video/', {
    mjpg: 'x-motion-jpeg',
    mjpeg: 'x-motion-jpeg',
    dv: 'x-dv',
    divx: 'x-msvideo',
    vob: 'mpeg',
    m1v: 'mpeg',
    h265: 'h265',
  }),
  ...group('video/', { hevc: 'h265', '264': 'h264', '265': 'h265', y4m: 'x-yuv4mpeg', ivf: 'x-ivf', nut: 'x-nut', wtv: 'x-wtv' }),
  ...group('audio/', { flac: 'flac', aif: 'aiff', aifc: 'aiff', aiff: 'aiff', w64: 'x-w64', awb: 'amr-wb', ac3: 'ac3', eac3: 'eac3' }),
  ...group('audio/', {
    ec3: 'eac3',
    mpa: 'mpeg',
    thd: 'x-truehd',
    wv: 'x-wavpack',
    tta: 'x-tta',
    ape: 'x-ape',
    tak: 'x-tak',
    gsm: 'x-gsm',
  }),
  ...group('audio/', { latm: 'mp4a-latm', mlp: 'x-mlp', voc: 'x-voc', g722: 'g722' }),
  ...group('image/', { ico: 'x-icon', avifs: 'avif', pam: 'x-portable-arbitrarymap', qoi: 'qoi', j2k: 'jp2', hdr: 'vnd.radiance' }),
  ...group('text/', { ass: 'x-ssa', ssa: 'x-ssa' }),
])

/** The extension under which a format is told where a file's own name says nothing. */
const EXTENSION_BY_FORMAT: ReadonlyMap<string, string> = new Map(
  Object.entries({
    matroska: 'mkv',
    mpegts: 'ts',
    mpeg: 'mpg',
    webvtt: 'vtt',
    jpegxl: 'jxl',
    hls: 'm3u8',
    dash: 'mpd',
    dv: 'dv',
  }),
)

const UNKNOWN = 'application/octet-stream'

/** The type that a file's name tells, without parameters; null where it tells none. */
export function mediaTypeOfName(filename: string): string | null {
  const extension = extensionOf(filename)
  return TYPES_OF_MEDIA.get(extension) ?? mime.getType(extension)
}

/**
 * The type of a file: by its name, which is what a download goes by too, else by what is in it.
 * @param format ffprobe's short name of the container, null where it is not known
 * @param kind what the file is to people; a container of video may carry sound alone
 */
export function mediaType(filename: string, format: string | null, kind: string): string {
  const named = mediaTypeOfName(filename)
  if (named !== null || format === null) return named ?? UNKNOWN
  const extension = EXTENSION_BY_FORMAT.get(format) ?? format
  const type = TYPES_OF_MEDIA.get(extension) ?? mime.getType(extension) ?? UNKNOWN
  if (kind === 'audio') return type.replace(/^video\//, 'audio/')
  return kind === 'video' ? type.replace(/^audio\//, 'video/') : type
}

/** Extensions that people give to files whose type has several. */
const USUAL: readonly string[] = ['mp4', 'mov', 'mp3', 'm4a', 'wav', 'ogg', 'opus', 'mpg', 'ts', 'mkv', 'aif', 'jpg', 'tif', 'txt']

/** The extension of files of a media type, with its dot, whatever parameters the type has; empty for a type that has none. */
export function extensionOfType(type: string): string {
  const essence = (type.split(';', 1)[0] ?? '').trim().toLowerCase()
  if (essence === '' || essence === UNKNOWN) return ''
  const extension = USUAL.find((usual) => mediaTypeOfName(`.${usual}`) === essence) ?? mime.getExtension(essence)
  return extension === null ? '' : `.${extension}`
}

/** Lower case, without the dot; empty if there is none. */
export function extensionOf(filename: string): string {
  return /\.([A-Za-z0-9]+)$/.exec(filename)?.[1]?.toLowerCase() ?? ''
}

function group(prefix: string, subtypes: Record<string, string>): [string, string][] {
  return Object.entries(subtypes).map(([name, subtype]) => [name, prefix + subtype])
}
