/** What is in a media file, in words. Pure. */
import type { OutputFile, StoredFile } from '../api/types.ts'
import { count, formatDuration, formatMegabytes } from './format.ts'

export interface MediaFact {
  name: string
  value: string
}

export function mediaFacts(file: OutputFile | StoredFile): MediaFact[] {
  const { width, height, rotation, frame_rate, duration, size_mbytes, codec, file_format, mime_type } = file
  const { bitrate_video_kb, bitrate_audio_kb, sample_rate, channels } = file
  const facts: (MediaFact | false)[] = [
    size_mbytes !== null && { name: 'Size', value: formatMegabytes(size_mbytes) },
    'file_count' in file && file.file_count !== undefined && { name: 'Files', value: count(file.file_count, 'file') },
    width !== null && height !== null && { name: 'Picture', value: `${width} × ${height}` },
    rotation !== null && rotation !== 0 && { name: 'Rotation', value: `${rotation}°` },
    duration !== null && { name: 'Duration', value: formatDuration(duration) },
    frame_rate !== null && { name: 'Frame rate', value: `${Number(frame_rate.toFixed(2))} fps` },
    codec !== null && { name: 'Codec', value: codec },
    file_format !== null && { name: 'Format', value: file_format },
    bitrate_video_kb !== null && { name: 'Video', value: `${Math.round(bitrate_video_kb)} kb/s` },
    bitrate_audio_kb !== null && { name: 'Audio', value: `${Math.round(bitrate_audio_kb)} kb/s` },
    sample_rate !== null && channels !== null && { name: 'Sound', value: `${sample_rate / 1000} kHz, ${count(channels, 'channel')}` },
    mime_type !== null && { name: 'Type', value: mime_type },
  ]
  return facts.filter((fact) => fact !== false)
}
