/** Asks ffprobe what a job has made. */
import { isLengthKnown, type MediaFacts, mediaFacts } from '../src/ffmpeg/media.ts'
import type { PacketTotals } from '../src/ffmpeg/packets.ts'
import { isComplete, joinedFacts } from '../src/ffmpeg/playlist-facts.ts'
import { INPUT_OPTIONS } from '../src/ffmpeg/scripts.ts'
import type { Playlist } from './playlist.ts'
import { ProbeOutput } from './probe-output.ts'
import { followToEnd, type ProcessGroup } from './process-group.ts'
import { sandboxedArgv } from './sandbox.ts'
import { writeReadablePlaylist } from './scripts.ts'
import { confinementOf, type Toolbox } from './toolbox.ts'
import { lookIntoAnimation } from './webp.ts'
import type { Workspace } from './workspace.ts'

const TIMEOUT_SECONDS = 20

/** ffprobe only prints; what little its libraries may want to write fits in here. */
const FILE_BYTES = 1024 ** 2

/** Demuxers that open what a file names, so that a playlist called `out.mp4` could make ffprobe read something else. */
const REFERRING_DEMUXERS: ReadonlySet<string> = new Set(
  'hls applehttp dash webm_dash_manifest concat concatf imf sdp rtsp rtp sap vobsub vapoursynth avisynth lavfi'.split(' '),
)

/** From the output of `ffprobe -demuxers`: all of them but the ones that open further files, comma-separated. */
export function harmlessDemuxers(listing: string): string {
  const names = listing.split('\n').flatMap((line) => {
    const match = /^ D.([ d])? *([\w,]+) /.exec(line)
    return match === null || match[1] === 'd' ? [] : (match[2] ?? '').split(',')
  })
  return names.filter((name) => !REFERRING_DEMUXERS.has(name)).join(',')
}

export interface ProbeOptions {
  onStart: (process: ProcessGroup) => void
  /** Less than a probe may take anyway ends it earlier. */
  maxSeconds?: number
}

/** What `mediaFacts` reads, and no more: a file may have thousands of streams and tags. */
const PROBED_ENTRIES = [
  'format=format_name,duration,bit_rate',
  'format_tags=major_brand',
  'stream=index,codec_type,codec_name,pix_fmt,width,height,avg_frame_rate,r_frame_rate,duration,bit_rate,sample_rate,channels,nb_frames',
  'stream_disposition=attached_pic',
  'stream_tags=BPS,BPS-eng,rotate',
  'stream_side_data=rotation',
].join(':')
const PACKET_ENTRIES = 'packet=stream_index,pts_time,dts_time,duration_time,size,pos'

/** A file of at most so many bytes is read to its end, so that its packets tell all exactly. */
const SMALL_FILE_BYTES = 64 * 1024 ** 2
/** Packets of a small file, and of one that tells how long it is by nothing else: hours of sound. */
const MOST_PACKETS = 300_000
/** Packets of a large file: some minutes, from which the rest is estimated. */
const FIRST_PACKETS = 20_000
/** What reading packets may take, in seconds; a gigabyte takes one or two. */
const PACKETS_SECONDS = 8

/** What ffprobe is to look into: a file of the job, or several joined to one. */
interface Probed {
  url: string
  bytes: number
  /** In the place of those that let only files of one piece be opened. */
  inputOptions?: readonly string[]
}

/** Facts about a playlist, from its first segments and from what it says itself. Never rejects. */
export async function probePlaylist(
  toolbox: Toolbox,
  workspace: Workspace,
  filename: string,
  playlist: Playlist,
  options: ProbeOptions,
): Promise<MediaFacts> {
  const deadline = performance.now() + secondsOf(options) * 1000
  const parts: MediaFacts[] = []
  // Demuxers of manifests open what they name, so none is let near one.
  for (const names of playlist.samples) {
    const maxSeconds = (deadline - performance.now()) / 1000
    if (maxSeconds <= 0 || isComplete(parts)) break
    parts.push(await probe(toolbox, workspace, filename, joined(names, playlist.files), { ...options, maxSeconds }))
  }
  if (playlist.format === 'hls' && parts.every(({ codec }) => codec === null)) {
    const maxSeconds = (deadline - performance.now()) / 1000
    const readable = maxSeconds > 0 ? await writeReadablePlaylist(workspace, filename).catch(() => null) : null
    if (readable !== null) parts.push(await probe(toolbox, workspace, filename, asPlaylist(readable, playlist), { ...options, maxSeconds }))
  }
  const facts = joinedFacts(parts) ?? mediaFacts({}, filename)
  return { ...facts, duration: playlist.duration ?? facts.duration, file_format: playlist.format }
}

/** Segments that are encrypted can be read by way of the playlist alone, which says by what key. */
function asPlaylist(readable: string, { files }: Playlist): Probed {
  return { url: `file:${readable}`, bytes: [...files.values()].reduce((total, bytes) => total + bytes, 0), inputOptions: INPUT_OPTIONS.hls }
}

/** A segment without its init segment cannot be read; the protocol that joins them knows no names with a bar. */
function joined(sample: readonly string[], files: Playlist['files']): Probed {
  const names = sample.filter((name) => !name.includes('|'))
  const bytes = names.reduce((total, name) => total + (files.get(name) ?? 0), 0)
  return { url: names.length === 1 ? `file:${names[0]}` : `concat:${names.join('|')}`, bytes }
}

/** Facts about one file of the job; all that cannot be found out, as for a file that is no media, is null. Never rejects. */
export async function probeFile(toolbox: Toolbox, workspace: Workspace, filename: string, options: ProbeOptions): Promise<MediaFacts> {
  const animation = await lookIntoAnimation(workspace, filename).catch(() => null)
  if (animation !== null) return mediaFacts(animation.report, filename, animation.packets)
  const bytes = (await workspace.fileBytes(filename)) ?? 0
  return probe(toolbox, workspace, filename, { url: `file:${filename}`, bytes }, options)
}

/** The same about several files, by name. One program runs at a time, however many files there are. */
export async function probeFiles(
  toolbox: Toolbox,
  workspace: Workspace,
  filenames: readonly string[],
  options: ProbeOptions,
): Promise<Record<string, MediaFacts>> {
  const facts: Record<string, MediaFacts> = {}
  for (const filename of filenames) facts[filename] = await probeFile(toolbox, workspace, filename, options)
  return facts
}

/**
 * Looks at the packets as well as at the headers. Where the first packets leave open how long a large file is, a second look takes them all;
 * where packets cannot be had in time, the headers alone have to do.
 */
async function probe(toolbox: Toolbox, workspace: Workspace, filename: string, probed: Probed, options: ProbeOptions): Promise<MediaFacts> {
  const { onStart } = options
  const deadline = performance.now() + secondsOf(options) * 1000
  const look = (packets: number): Promise<Look | null> => {
    const secondsLeft = (deadline - performance.now()) / 1000
    const seconds = packets === 0 ? secondsLeft : Math.min(PACKETS_SECONDS, secondsLeft)
    return seconds > 0 ? lookInto(toolbox, workspace, probed, { onStart, packets, seconds }) : Promise.resolve(null)
  }
  const first = await look(probed.bytes <= SMALL_FILE_BYTES ? MOST_PACKETS : FIRST_PACKETS)
  if (first === null) return mediaFacts((await look(0))?.report ?? {}, filename)
  const best = first.packets.whole || isLengthKnown(first.report) ? first : ((await look(MOST_PACKETS)) ?? first)
  return mediaFacts(best.report, filename, best.packets)
}

function secondsOf({ maxSeconds = TIMEOUT_SECONDS }: ProbeOptions): number {
  return Math.min(TIMEOUT_SECONDS, maxSeconds)
}

interface Look {
  report: unknown
  packets: PacketTotals
}

/** One run of ffprobe that lists so many packets at most; null where it was ended before it was done, and nothing where it could not read the file. */
async function lookInto(
  toolbox: Toolbox,
  workspace: Workspace,
  { url, bytes, inputOptions }: Probed,
  { onStart, packets, seconds }: { onStart: ProbeOptions['onStart']; packets: number; seconds: number },
): Promise<Look | null> {
  const argv = [
    toolbox.ffprobe,
    ...['-v', 'error', '-print_format', 'json=compact=1', '-show_entries'],
    ...(packets === 0 ? [PROBED_ENTRIES] : [`${PROBED_ENTRIES}:${PACKET_ENTRIES}`, '-read_intervals', `%+#${packets}`]),
    ...(inputOptions ?? [
      '-protocol_whitelist',
      url.startsWith('concat:') ? 'concat,file' : 'file',
      '-format_whitelist',
      toolbox.probeFormats,
    ]),
    ...['-i', url],
  ]
  const printed = new ProbeOutput()
  const exit = await followToEnd(sandboxedArgv(toolbox.sandbox, confinementOf(toolbox, workspace, FILE_BYTES), argv), {
    cwd: workspace.files,
    timeoutSeconds: seconds,
    onStart,
    onStdout: (chunk) => printed.write(chunk),
  })
  if (exit.kind !== 'exited') return null
  return { report: exit.code === 0 ? printed.report() : {}, packets: printed.packets.totals(packets, bytes) }
}
