/** What is known of a media file, read from ffprobe's JSON report. */
import { z } from 'zod'

export const mediaFactsSchema = z.object({
  /** Length in seconds. */
  duration: z.number().nullable(),
  file_type: z.enum(['video', 'audio', 'image', 'subtitle', 'other']),
  /** ffprobe's short name of the container, such as `webm` or `mp4`. */
  file_format: z.string().nullable(),
  /** Codec of the first video stream, else of the first audio stream. */
  codec: z.string().nullable(),
  pixel_format: z.string().nullable(),
  mime_type: z.string(),
  width: z.number().int().nullable(),
  height: z.number().int().nullable(),
  /** Frames per second. */
  frame_rate: z.number().nullable(),
  /** Kilobits per second. */
  bitrate_video_kb: z.number().nullable(),
  bitrate_audio_kb: z.number().nullable(),
  /** Hertz. */
  sample_rate: z.number().int().nullable(),
  channels: z.number().int().nullable(),
})
export type MediaFacts = z.infer<typeof mediaFactsSchema>
