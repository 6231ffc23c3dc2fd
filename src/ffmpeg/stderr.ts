/** What a user needs of FFmpeg's stderr to see why a command failed. */

const MAX_LINES = 10
const MAX_CHARACTERS = 2000

/** Lines that tell what FFmpeg is or does, not what went wrong. */
const CHATTER: readonly RegExp[] = [
  /^ffmpeg version /,
  /^Copyright /,
  // The banner, the listing of inputs, outputs and streams, and the metadata below them are all indented.
  /^\s/,
  /^(Input|Output) #\d+, /,
  /^Stream mapping:/,
  /^Press \[q\]/,
  /^(frame|size)=/,
  /^(video|\[out#\d[^\]]*\] video):.*muxing overhead/,
  /^Guessed Channel Layout/,
  /^(\[[^\]]*\] )+(Qavg: |\d+ frames left in the queue on closing|using (SAR|cpu capabilities|AV512)|profile |264 - core|v\d+\.\d+\.\d+|deprecated pixel format used)/,
  /^\[lib\w+\] (frame [IPB]:|mb [IPB] |ref [PB] |i\d+c? \w+,\w+|kb\/s:|8x8 transform|coded y|Weighted P|final ratefactor|consecutive B)/,
  /^Conversion failed!$/,
  /^Exiting normally/,
  /^Last message repeated/,
]

/** Addresses of FFmpeg's own objects mean nothing to a user and differ at every run. */
const OBJECT_ADDRESS = / @ 0x[0-9a-f]+\]/g

/** FFmpeg repeats a guard's whole list of formats when one is not on it. */
const WHITELIST = /(not on whitelist) '.*'/

/** FFmpeg ends a progress line with a carriage return, and so glues an error to the end of it. */
const LINE_BREAK = /\r\n|\n|\r/

/**
 * FFmpeg's own last error lines, oldest first, at most 10 lines and 2000 characters; empty if there are none.
 * Banner, stream listing, progress and statistics are left out, and equal lines in a row are kept once.
 */
export function errorLines(stderr: string): string {
  const kept: string[] = []
  let length = 0
  const lines = stderr.split(LINE_BREAK)
  for (let i = lines.length - 1; i >= 0 && kept.length < MAX_LINES; i -= 1) {
    const line = (lines[i] ?? '').trimEnd().replace(OBJECT_ADDRESS, ']').replace(WHITELIST, '$1')
    if (line === '' || line === kept[0] || CHATTER.some((pattern) => pattern.test(line))) continue
    if (length + line.length + 1 > MAX_CHARACTERS) {
      if (kept.length === 0) kept.unshift(line.slice(0, MAX_CHARACTERS))
      break
    }
    kept.unshift(line)
    length += line.length + 1
  }
  return kept.join('\n')
}
