/**
 * Says of a file that FFmpeg has written what ffprobe would say, from FFmpeg's own report and the file's first or most telling bytes.
 * The answers have the shape of `ffprobe -show_format -show_streams -of json`, for `mediaFacts`, and are null wherever ffprobe might
 * see the file otherwise: it decodes what the report only names.
 */
import type { Movie, Timing, Track } from './mp4.ts'
import type { ReportedAudio, ReportedOutput, ReportedStream, ReportedVideo } from './output-report.ts'

const MOVIE_MUXERS: ReadonlySet<string> = new Set(['mp4', 'mov', 'ipod'])

/** Brands of plain movies; by others, a picture is a movie too. */
const MOVIE_BRANDS: ReadonlySet<string> = new Set([
  'isom',
  'iso2',
  'iso4',
  'iso5',
  'iso6',
  'mp41',
  'mp42',
  'M4A ',
  'M4V ',
  'M4VP',
  'M4VH',
  'qt  ',
])

const PLANAR: readonly string[] = ['yuv420p', 'yuv422p', 'yuv444p', 'yuv420p10le', 'yuv422p10le', 'yuv444p10le']

/** Codecs, their names in the file, and the pixel formats that a decoder makes of them just as the encoder was given them. */
const VIDEO_CODECS: ReadonlyMap<string, { entries: readonly string[]; pixelFormats: readonly string[] }> = new Map([
  ['h264', { entries: ['avc1'], pixelFormats: PLANAR }],
  ['hevc', { entries: ['hev1', 'hvc1'], pixelFormats: PLANAR }],
  ['av1', { entries: ['av01'], pixelFormats: ['yuv420p', 'yuv420p10le'] }],
  ['mpeg4', { entries: ['mp4v'], pixelFormats: ['yuv420p'] }],
  ['prores', { entries: ['apch', 'apcn', 'apcs', 'apco'], pixelFormats: ['yuv422p10le'] }],
])

/** Codecs whose decoders report the rate that the container has; a profile of AAC may double what it says itself. */
const AUDIO_CODECS: ReadonlyMap<string, { entry: string; profiles: readonly (string | null)[] }> = new Map([
  ['aac', { entry: 'mp4a', profiles: ['LC'] }],
  ['alac', { entry: 'alac', profiles: [null] }],
  ['opus', { entry: 'Opus', profiles: [null] }],
])

export function isMovie({ muxer }: ReportedOutput): boolean {
  return MOVIE_MUXERS.has(muxer)
}

/**
 * The duration is the movie header's, which counts in milliseconds; some releases of ffprobe tell that of the longest track, which may be a
 * part of one shorter.
 * @param brand the file's major brand
 */
export function movieReport({ streams }: ReportedOutput, brand: string, movie: Movie): unknown {
  // Cover art is no track.
  const pictures = streams.filter(isAttachedPicture)
  const tracks = streams.filter((stream) => !isAttachedPicture(stream))
  if (!MOVIE_BRANDS.has(brand) || tracks.length !== movie.tracks.length) return null
  const described = tracks.map((stream, i) => trackReport(stream, movie.tracks[i]))
  const seconds = toMicroseconds(movie) / 1e6
  if (described.includes(null) || seconds === 0) return null
  return {
    format: { format_name: 'mov,mp4,m4a,3gp,3g2,mj2', duration: seconds, tags: { major_brand: brand } },
    streams: [...described, ...pictures.map(({ codec }) => ({ codec_type: 'video', codec_name: codec, disposition: { attached_pic: 1 } }))],
  }
}

/** As FFmpeg counts, rounded to the nearest. */
function toMicroseconds({ duration, timescale }: Timing): number {
  return Number((BigInt(duration) * 1_000_000n + BigInt(timescale >> 1)) / BigInt(timescale))
}

function isAttachedPicture(stream: ReportedStream): boolean {
  return stream.type === 'video' && stream.attachedPicture
}

function trackReport(stream: ReportedStream, track: Track | undefined): object | null {
  if (track === undefined) return null
  switch (stream.type) {
    case 'video':
      return videoReport(stream, track)
    case 'audio':
      return audioReport(stream, track)
    case 'subtitle':
      return ['sbtl', 'text', 'subp'].includes(track.handler) ? { codec_type: 'subtitle', codec_name: stream.codec } : null
  }
}

function videoReport({ codec, pixelFormat, fullRange, width, height }: ReportedVideo, track: Track): object | null {
  const known = VIDEO_CODECS.get(codec)
  if (track.handler !== 'vide' || !known?.entries.includes(track.sampleEntry)) return null
  // Decoders give the full range of H.264 and HEVC another name, releases and decoders differ in where.
  if (fullRange || !known.pixelFormats.includes(pixelFormat)) return null
  const rates = trackRates(track)
  if (rates === null) return null
  const turned = track.rotation === 0 ? {} : { side_data_list: [{ rotation: -track.rotation }] }
  return { codec_type: 'video', codec_name: codec, pix_fmt: pixelFormat, width, height, ...turned, ...rates }
}

function audioReport({ codec, profile, sampleRate, channels }: ReportedAudio, track: Track): object | null {
  const known = AUDIO_CODECS.get(codec)
  if (track.handler !== 'soun' || known?.entry !== track.sampleEntry || !known.profiles.includes(profile)) return null
  // FFmpeg takes samples of one unit each for uncompressed ones, and their rate from elsewhere.
  const rates = track.sampleDelta === 1 ? null : trackRates(track)
  return rates === null ? null : { codec_type: 'audio', codec_name: codec, sample_rate: `${sampleRate}`, channels, ...rates }
}

/** FFmpeg's fractions are of 32-bit integers. */
const MAX_TERM = 2n ** 31n - 1n

/** Frames per second count all samples' duration, bits per second the shorter of it and the track's. */
function trackRates({ media, samples, sampleBytes, sampleDuration }: Track): { avg_frame_rate: string; bit_rate: string } | null {
  const timescale = BigInt(media.timescale)
  const bitRate = (BigInt(sampleBytes) * 8n * timescale) / BigInt(Math.min(media.duration, sampleDuration))
  const dividend = BigInt(samples) * timescale
  const divisor = BigInt(sampleDuration)
  const common = greatestCommonDivisor(dividend, divisor)
  if (bitRate === 0n || dividend / common > MAX_TERM || divisor / common > MAX_TERM) return null
  return { avg_frame_rate: `${dividend / common}/${divisor / common}`, bit_rate: `${bitRate}` }
}

function greatestCommonDivisor(a: bigint, b: bigint): bigint {
  let [large, small] = [a, b]
  while (small > 0n) [large, small] = [small, large % small]
  return large
}

/** Muxers of samples with nothing around them, which ffprobe cannot read, and the bits of a sample. */
const RAW_SOUND = /^(?:[su](?<bits>8|16|24|32)(?:le|be)?|f(?<floatBits>32|64)(?:le|be)|alaw|mulaw)$/

/** What is in a file of raw sound, whose size tells how long it lasts; null for any other output. */
export function rawSoundReport({ muxer, streams }: ReportedOutput, fileBytes: number): unknown {
  const [stream] = streams
  const found = RAW_SOUND.exec(muxer)
  if (found === null || streams.length !== 1 || stream?.type !== 'audio') return null
  const { codec, sampleRate, channels } = stream
  const bitRate = Number(found.groups?.bits ?? found.groups?.floatBits ?? 8) * sampleRate * channels
  if (bitRate === 0) return null
  return {
    format: { format_name: muxer, duration: (fileBytes * 8) / bitRate },
    streams: [{ codec_type: 'audio', codec_name: codec, sample_rate: `${sampleRate}`, channels, bit_rate: `${bitRate}` }],
  }
}

/** The one video stream of a file that can only be a single picture; null for any other output. */
export function soleStill({ muxer, streams }: ReportedOutput, filename: string): ReportedVideo | null {
  const [stream] = streams
  if (muxer !== 'image2' || streams.length !== 1 || stream?.type !== 'video') return null
  const extension = stream.codec === 'png' ? /\.png$/i : stream.codec === 'mjpeg' ? /\.jpe?g$/i : null
  return extension?.test(filename) ? stream : null
}

/** @param head the file's beginning */
export function stillReport({ codec, pixelFormat, fullRange, width, height }: ReportedVideo, head: Uint8Array): unknown {
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength)
  const found = codec === 'png' ? readPng(view) : readJpeg(view)
  if (found?.width !== width || found.height !== height) return null
  // A decoder names the full range of JPEG, the encoders of some releases do not.
  const decoded = codec === 'mjpeg' && fullRange ? pixelFormat.replace(/^yuv(4\d\dp)$/, 'yuvj$1') : pixelFormat
  if (!found.pixelFormats.includes(decoded)) return null
  return { format: { format_name: 'image2' }, streams: [{ codec_type: 'video', codec_name: codec, pix_fmt: decoded, width, height }] }
}

interface Still {
  width: number
  height: number
  pixelFormats: readonly string[]
}

/** By colour type and bits of a sample. */
const PNG_PIXEL_FORMATS: ReadonlyMap<string, string> = new Map([
  ['0 1', 'monob'],
  ['0 8', 'gray'],
  ['0 16', 'gray16be'],
  ['2 8', 'rgb24'],
  ['2 16', 'rgb48be'],
  ['3 8', 'pal8'],
  ['4 8', 'ya8'],
  ['4 16', 'ya16be'],
  ['6 8', 'rgba'],
  ['6 16', 'rgba64be'],
])

/** The signature and the header chunk that must follow it (PNG specification, 5.2 and 11.2.1). */
function readPng(view: DataView): Still | null {
  if (view.byteLength < 29 || view.getBigUint64(0) !== 0x89504e470d0a1a0an || view.getUint32(12) !== 0x49484452) return null
  const pixelFormat = PNG_PIXEL_FORMATS.get(`${view.getUint8(25)} ${view.getUint8(24)}`)
  return { width: view.getUint32(16), height: view.getUint32(20), pixelFormats: pixelFormat === undefined ? [] : [pixelFormat] }
}

const JPEG_PIXEL_FORMATS: readonly string[] = ['yuvj420p', 'yuvj422p', 'yuvj444p', 'gray']

/** Goes from marker to marker, up to the frame header (ITU-T T.81, B.1.1 and B.2.2), which must lie in `view`. */
function readJpeg(view: DataView): Still | null {
  if (view.byteLength < 2 || view.getUint16(0) !== 0xffd8) return null
  let at = 2
  while (at + 9 <= view.byteLength && view.getUint8(at) === 0xff) {
    const marker = view.getUint8(at + 1)
    if (marker === 0xc0 || marker === 0xc1 || marker === 0xc2) {
      return { width: view.getUint16(at + 7), height: view.getUint16(at + 5), pixelFormats: JPEG_PIXEL_FORMATS }
    }
    const length = view.getUint16(at + 2)
    if (length < 2) return null
    at += 2 + length
  }
  return null
}
