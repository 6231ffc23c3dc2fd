/** How long FFmpeg still needs. Pure. */
import type { Standing } from '../api/types.ts'

/** Seconds, or null where it cannot be known: from how much of the result is there, and how fast it comes. */
export function remainingSeconds({ progress, ffmpeg }: Pick<Standing, 'progress' | 'ffmpeg'>): number | null {
  if (!ffmpeg || progress === null || progress <= 0) return null
  const { out_time_seconds: done, speed } = ffmpeg
  if (done === null || done <= 0 || speed === null || speed <= 0) return null
  return (done * (100 - progress)) / progress / speed
}
