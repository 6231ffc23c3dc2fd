/** A file as clients see it. */
import type { FileView } from '../api/file-schemas.ts'
import type { FileListing } from './record.ts'

/** @param makeUrl makes the link under which the file can be read once it is stored */
export async function fileView(
  file: FileListing,
  makeUrl: (file: { fileId: string; filename: string }) => Promise<string>,
): Promise<FileView> {
  const { media } = file
  return {
    file_id: file.id,
    storage_url: file.status === 'FAILED' ? null : await makeUrl({ fileId: file.id, filename: file.filename }),
    status: file.status,
    rendi_store_type: file.storeType,
    is_deleted: false,
    original_file_url: file.originalUrl,
    filename: file.filename,
    size_mbytes: file.sizeBytes === null ? null : file.sizeBytes / 1_000_000,
    duration: media?.duration ?? null,
    file_type: media?.file_type ?? null,
    file_format: media?.file_format ?? null,
    codec: media?.codec ?? null,
    pixel_format: media?.pixel_format ?? null,
    mime_type: media?.mime_type ?? null,
    width: media?.width ?? null,
    height: media?.height ?? null,
    rotation: media?.rotation ?? null,
    frame_rate: media?.frame_rate ?? null,
    bitrate_video_kb: media?.bitrate_video_kb ?? null,
    bitrate_audio_kb: media?.bitrate_audio_kb ?? null,
    sample_rate: media?.sample_rate ?? null,
    channels: media?.channels ?? null,
    error_status: file.error?.status ?? null,
    error_message: file.error?.message ?? null,
    created_at: new Date(file.createdAt).toISOString(),
  }
}
