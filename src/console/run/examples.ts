/** Commands to begin with, each of which shows something else. */
import { type Draft, EMPTY_DRAFT } from './draft.ts'

export interface Example {
  name: string
  draft: Draft
}

export const EXAMPLES: readonly Example[] = [
  {
    name: 'Test pattern, no input',
    draft: {
      ...EMPTY_DRAFT,
      commands: [
        'ffmpeg -f lavfi -i testsrc2=size=1280x720:rate=30 -f lavfi -i sine=frequency=330 -t 8 -c:v libvpx-vp9 -deadline realtime -cpu-used 8 -b:v 2M -c:a libopus {{out_video}}',
      ],
      outputs: { out_video: 'pattern.webm' },
    },
  },
  {
    name: 'Convert to WebM',
    draft: {
      ...EMPTY_DRAFT,
      commands: ['ffmpeg -i {{in_video}} -c:v libvpx-vp9 -crf 32 -b:v 0 -c:a libopus {{out_video}}'],
      outputs: { out_video: 'converted.webm' },
    },
  },
  {
    name: 'Cut ten seconds',
    draft: {
      ...EMPTY_DRAFT,
      commands: [
        'ffmpeg -ss 5 -t 10 -i {{in_video}} -c:v libx264 -preset veryfast -pix_fmt yuv420p -c:a aac -movflags +faststart {{out_video}}',
      ],
      outputs: { out_video: 'clip.mp4' },
    },
  },
  {
    name: 'Several outputs',
    draft: {
      ...EMPTY_DRAFT,
      commands: [
        'ffmpeg -i {{in_video}} -map 0:v -vf scale=640:-2 -c:v libx264 -pix_fmt yuv420p {{out_video}} -map 0:a -c:a libmp3lame {{out_audio}} -map 0:v -vf "thumbnail,scale=640:-2" -frames:v 1 {{out_image}}',
      ],
      outputs: { out_video: 'small.mp4', out_audio: 'sound.mp3', out_image: 'poster.jpg' },
    },
  },
  {
    name: 'Two steps',
    draft: {
      ...EMPTY_DRAFT,
      commands: [
        'ffmpeg -f lavfi -i testsrc2=size=640x360:duration=4 -c:v libx264 -pix_fmt yuv420p middle.mp4',
        'ffmpeg -i middle.mp4 -vf "fps=10,split[a][b];[a]palettegen[p];[b][p]paletteuse" {{out_image}}',
      ],
      outputs: { out_image: 'pattern.gif' },
    },
  },
]
