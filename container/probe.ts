/** Asks ffprobe what a job has made. */
import { type MediaFacts, mediaFacts } from '../src/ffmpeg/media.ts'
import type { Playlist } from './playlist.ts'
import { type ProcessGroup, runToEnd } from './process-group.ts'
import { sandboxedArgv } from './sandbox.ts'
import { confinementOf, type Toolbox } from './toolbox.ts'
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
  'stream=codec_type,codec_name,pix_fmt,width,height,avg_frame_rate,r_frame_rate,duration,bit_rate,sample_rate,channels,nb_frames',
  'stream_disposition=attached_pic',
  'stream_tags=BPS,BPS-eng',
].join(':')

/** Facts about a playlist, from its first segment and from what it says itself. Never rejects. */
export async function probePlaylist(
  toolbox: Toolbox,
  workspace: Workspace,
  filename: string,
  playlist: Playlist,
  options: ProbeOptions,
): Promise<MediaFacts> {
  // Demuxers of manifests open what they name, so none is let near one.
  const report = await probeReport(toolbox, workspace, sampleUrl(playlist.sample), options)
  return { ...mediaFacts(report, filename), duration: playlist.duration, file_format: playlist.format }
}

/** A segment without its init segment cannot be read; the protocol that joins them knows no names with a bar. */
function sampleUrl(sample: readonly string[]): string {
  const names = sample.filter((name) => !name.includes('|'))
  return names.length === 1 ? `file:${names[0]}` : `concat:${names.join('|')}`
}

/** Facts about one file of the job; all that cannot be found out, as for a file that is no media, is null. Never rejects. */
export async function probeFile(toolbox: Toolbox, workspace: Workspace, filename: string, options: ProbeOptions): Promise<MediaFacts> {
  return mediaFacts(await probeReport(toolbox, workspace, `file:${filename}`, options), filename)
}

async function probeReport(
  toolbox: Toolbox,
  workspace: Workspace,
  url: string,
  { onStart, maxSeconds = TIMEOUT_SECONDS }: ProbeOptions,
): Promise<unknown> {
  const argv = [
    toolbox.ffprobe,
    ...['-v', 'error', '-print_format', 'json', '-show_entries', PROBED_ENTRIES],
    ...['-protocol_whitelist', url.startsWith('concat:') ? 'concat,file' : 'file', '-format_whitelist', toolbox.probeFormats],
    ...['-i', url],
  ]
  const { exit, stdout } = await runToEnd(sandboxedArgv(toolbox.sandbox, confinementOf(toolbox, workspace, FILE_BYTES), argv), {
    cwd: workspace.files,
    timeoutSeconds: Math.min(TIMEOUT_SECONDS, maxSeconds),
    onStart,
  })
  return exit.kind === 'exited' && exit.code === 0 ? parseReport(stdout) : {}
}

function parseReport(json: string): unknown {
  try {
    return JSON.parse(json)
  } catch {
    return {}
  }
}
