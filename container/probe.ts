/** Asks ffprobe what a job has made. */
import { type MediaFacts, mediaFacts } from '../src/ffmpeg/media.ts'
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

/** Facts about one file of the job; all that cannot be found out, as for a file that is no media, is null. Never rejects. */
export async function probeFile(
  toolbox: Toolbox,
  workspace: Workspace,
  filename: string,
  onStart: (process: ProcessGroup) => void,
): Promise<MediaFacts> {
  const argv = [
    toolbox.ffprobe,
    ...['-v', 'error', '-print_format', 'json', '-show_format', '-show_streams'],
    ...['-protocol_whitelist', 'file', '-format_whitelist', toolbox.probeFormats],
    ...['-i', `file:${filename}`],
  ]
  const { exit, stdout } = await runToEnd(sandboxedArgv(toolbox.sandbox, confinementOf(toolbox, workspace, FILE_BYTES), argv), {
    cwd: workspace.files,
    timeoutSeconds: TIMEOUT_SECONDS,
    onStart,
  })
  return mediaFacts(exit.kind === 'exited' && exit.code === 0 ? parseReport(stdout) : {}, filename)
}

function parseReport(json: string): unknown {
  try {
    return JSON.parse(json)
  } catch {
    return {}
  }
}
