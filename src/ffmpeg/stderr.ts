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
  /^(\[[^\]]*\] )+(Qavg: |\d+ frames left in the queue on closing|using (SAR|cpu capabilities|AV512)|libass (API version|source): |Shaper: |Using (font provider |")|profile |264 - core|v\d+\.\d+\.\d+|deprecated pixel format used)/,
  /^\[lib\w+\] (frame [IPB]:|mb [IPB] |ref [PB] |i\d+c? \w+,\w+|kb\/s:|8x8 transform|coded y|Weighted P|final ratefactor|consecutive B)/,
  /^Conversion failed!$/,
  /^Exiting normally/,
  /^Last message repeated/,
]

/** A line without the addresses of FFmpeg's own objects, which mean nothing to a user and differ at every run. */
export function withoutAddresses(line: string): string {
  return line.replace(/ @ 0x[0-9a-f]+\]/g, ']')
}

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
  for (const line of problemLines(stderr).reverse()) {
    if (kept.length === MAX_LINES) break
    if (length + line.length + 1 > MAX_CHARACTERS) {
      if (kept.length === 0) kept.unshift(line.slice(0, MAX_CHARACTERS))
      break
    }
    kept.unshift(line)
    length += line.length + 1
  }
  return kept.join('\n')
}

/** All lines of which `errorLines` shows the last, oldest first. */
export function problemLines(stderr: string): string[] {
  const lines: string[] = []
  for (const text of stderr.split(LINE_BREAK)) {
    const line = withoutAddresses(text.trimEnd()).replace(WHITELIST, '$1')
    if (line !== '' && line !== lines.at(-1) && !CHATTER.some((pattern) => pattern.test(line))) lines.push(line)
  }
  return lines
}

const REPEATED_BY_FFMPEG = /^\s*Last message repeated (\d{1,9}) times/
/** Lines that follow another one, which has the reason. */
const WITHOUT_REASON = /^(?:\[[^\]]*\] )?Error (?:while (?:decoding|processing|filtering)|submitting)\b/
const LEAST_REPEATS = 3

/**
 * The line that comes most often, lines that differ in their numbers alone being alike: the latest of them. Null where none comes three times.
 * Of a fault that FFmpeg tells in several lines, it is one with the reason.
 */
export function mostRepeatedLine(stderr: string): string | null {
  const counts = new Map<string, { line: string; times: number }>()
  let latest: { line: string; times: number } | null = null
  for (const text of stderr.split(LINE_BREAK)) {
    const repeats = REPEATED_BY_FFMPEG.exec(text)
    if (repeats !== null) {
      if (latest !== null) latest.times += Number(repeats[1])
      continue
    }
    const line = withoutAddresses(text.trimEnd()).slice(0, MAX_CHARACTERS)
    if (line === '' || CHATTER.some((pattern) => pattern.test(line))) continue
    const shape = line.replace(/(?:0x)?\d[\da-f]*/gi, '0')
    latest = { line, times: (counts.get(shape)?.times ?? 0) + 1 }
    counts.set(shape, latest)
  }
  const repeated = [...counts.values()].filter(({ times }) => times >= LEAST_REPEATS).sort((a, b) => b.times - a.times)
  return (repeated.find(({ line }) => !WITHOUT_REASON.test(line)) ?? repeated[0])?.line ?? null
}
