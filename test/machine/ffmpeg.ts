/** The FFmpeg that all tests run: vitest.config.ts sets what the survey has found. */
export const FFMPEG = process.env.FFMPEG_PATH ?? 'ffmpeg'
export const FFPROBE = process.env.FFPROBE_PATH ?? 'ffprobe'
