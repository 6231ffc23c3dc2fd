/** What FFmpeg found out, from what it prints on stderr: the measurements of filters such as `loudnorm`, `ebur128` or `cropdetect`. */
import { withoutAddresses } from './stderr.ts'

/** What is told of a report, in characters: its end, where filters print their summaries. */
export const MAX_REPORT_CHARACTERS = 8_000

/** Begins a list of files or streams; the lines that belong to it are indented. */
const LISTING = /^(?:(?:Input|Output) #\d+, |Stream mapping:|Chapters?:)/

/** Tells how the run went, not what was found. */
const RUN =
  /^(?:ffmpeg version |ffprobe version |Copyright |Press \[q\]|frame=|size=|(?:\[out#\d[^\]]*\] )?video:.*muxing overhead|Exiting normally)/

/**
 * The lines of a log that are neither listings of files and streams nor progress, oldest first, at most `MAX_REPORT_CHARACTERS` of their
 * end in whole lines; empty if there are none. Takes any text, in time linear in its length.
 */
export function measurements(log: string): string {
  const kept: string[] = []
  let listing = false
  for (const line of log.split(/\r\n|\n|\r/)) {
    if (LISTING.test(line)) listing = true
    else if (!line.startsWith('  ')) listing = false
    if (!listing && !RUN.test(line)) kept.push(withoutAddresses(line.trimEnd()))
  }
  return lastLines(kept).join('\n').trim()
}

/**
 * What ffprobe prints of a file where nothing in particular is asked for: the listing of its streams. Empty for a log of FFmpeg, which lists
 * outputs as well.
 */
export function probeListing(log: string): string {
  if (!/^Input #0, /m.test(log) || /^Output #\d/m.test(log)) return ''
  const lines = log.split(/\r\n|\n|\r/).filter((line) => !RUN.test(line))
  return lastLines(lines).join('\n').trim()
}

function lastLines(lines: readonly string[]): string[] {
  let characters = 0
  let first = lines.length
  while (first > 0) {
    characters += (lines[first - 1] ?? '').length + 1
    if (characters > MAX_REPORT_CHARACTERS) break
    first -= 1
  }
  return lines.slice(first)
}
