/** From a command's state to the poll response that clients read. */
import type { CommandView } from '../api/schemas.ts'
import type { Progress } from '../executor/protocol.ts'
import type { LinkedFile } from '../files/storage-url.ts'
import type { CommandListing, Printed } from './record.ts'
import type { ProcessingState, StoredOutput, TerminalState } from './state.ts'

/** What only exists while a command is under way. */
export interface LiveFacts {
  stage: ProcessingState['stage'] | null
  progress: Progress | null
  queuePosition: number | null
}

type OutputView = CommandView['output_files'][string]

/** Makes the link to an output; called only for files that exist. */
export type MakeUrl = (file: LinkedFile) => Promise<string>

/** How links are made: to the service itself, and to an output. */
export interface Links {
  origin: string
  file: MakeUrl
}

/** The command as clients see it. `live` is null where only the account's list was asked. */
export async function commandView(
  command: CommandListing,
  live: LiveFacts | null,
  { stdout, report }: Printed,
  links: Links,
): Promise<CommandView> {
  const { spec, state } = command
  const ended = state.status === 'SUCCESS' || state.status === 'FAILED' ? state : null
  return {
    command_id: spec.id,
    status: state.status,
    command_type: spec.type,
    created_at: new Date(spec.createdAt).toISOString(),
    processing_stage: state.status === 'PROCESSING' ? (live?.stage ?? null) : null,
    progress: state.status === 'SUCCESS' ? 100 : (live?.progress?.percent ?? null),
    queue_position: live?.queuePosition ?? null,
    total_processing_seconds: ended ? totalSeconds(ended) : null,
    ffmpeg_command_run_seconds: ended ? ended.ffmpegSeconds : null,
    metadata: JSON.parse(spec.metadata),
    error_status: state.status === 'FAILED' ? state.error.status : null,
    error_message: state.status === 'FAILED' ? state.error.message : null,
    original_request: spec.request,
    output_files: state.status === 'SUCCESS' ? await outputViews(state.outputs, command.deletedFiles, links.file) : {},
    stdout: state.status === 'SUCCESS' ? (stdout?.text ?? null) : null,
    ...(state.status === 'SUCCESS' && stdout?.truncated && { stdout_truncated: true }),
    report: state.status === 'SUCCESS' ? report : null,
    log_url: `${links.origin}/api/v1/commands/${spec.id}/log`,
  }
}

/** From the moment the command left the queue; null for one that never did. */
function totalSeconds(ended: TerminalState): number | null {
  return ended.startedAt === null ? null : (ended.endedAt - ended.startedAt) / 1000
}

async function outputViews(
  outputs: Record<string, StoredOutput>,
  deletedFiles: readonly string[],
  makeUrl: MakeUrl,
): Promise<Record<string, OutputView>> {
  const views = Object.entries(outputs).map(
    async ([alias, output]) => [alias, await outputView(output, deletedFiles.includes(output.fileId), makeUrl)] as const,
  )
  return Object.fromEntries(await Promise.all(views))
}

async function outputView(output: StoredOutput, deleted: boolean, makeUrl: MakeUrl): Promise<OutputView> {
  const { media, bundle } = output
  return {
    file_id: output.fileId,
    storage_url: deleted ? null : await makeUrl(output),
    status: 'STORED',
    rendi_store_type: 'OUTPUT',
    is_deleted: deleted,
    filename: output.filename,
    size_mbytes: (bundle?.contentBytes ?? output.sizeBytes) / 1_000_000,
    ...(bundle && { file_count: bundle.fileCount }),
    ...(bundle?.kind === 'zip' && { size_compressed_mbytes: output.sizeBytes / 1_000_000 }),
    duration: media.duration,
    file_type: media.file_type,
    file_format: media.file_format,
    codec: media.codec,
    pixel_format: media.pixel_format,
    mime_type: media.mime_type,
    width: media.width,
    height: media.height,
    rotation: media.rotation ?? null,
    frame_rate: media.frame_rate,
    bitrate_video_kb: media.bitrate_video_kb,
    bitrate_audio_kb: media.bitrate_audio_kb,
    sample_rate: media.sample_rate,
    channels: media.channels,
  }
}
