/** Outputs that are no files: what FFmpeg writes to nowhere, and the text that it writes to standard output. */
import { type ArgvFile, formatName, formatOf } from './argv.ts'

/** Muxers whose output is text, from the sources of releases 4 to 8. */
const TEXT_MUXERS: ReadonlySet<string> = new Set([
  ...['hash', 'streamhash', 'md5', 'framehash', 'framemd5', 'framecrc', 'crc', 'uncodedframecrc', 'mkvtimestamp_v2', 'ffmetadata'],
  ...['srt', 'ass', 'ssa', 'webvtt', 'lrc', 'jacosub', 'microdvd', 'scc', 'mcc', 'ttml', 'chromaprint'],
])

/** Muxers that make further files of their output's name, or put another one in its place: beside the null device, or instead of it. */
const WRITING_BESIDE: ReadonlySet<string> = new Set([
  ...['hls', 'dash', 'webm_dash_manifest', 'webm_chunk', 'segment', 'stream_segment', 'ssegment', 'image2'],
])

/** Names that FFmpeg, a shell or a programmer gives to standard output. */
export function isStandardOutput(url: string): boolean {
  return /^(?:-|pipe:1?|\/dev\/stdout|\/dev\/fd\/1|\/proc\/self\/fd\/1)$/.test(url)
}

/** Whether the output goes nowhere, or its format is text that standard output may hold. */
export function isTextOutput(output: ArgvFile): boolean {
  const format = formatOf(output)
  if (format === 'null') return true
  if (output.url === '/dev/null') return format === null || !WRITING_BESIDE.has(format)
  return isStandardOutput(output.url) && format !== null && TEXT_MUXERS.has(formatName(format))
}
