/** Small media of every kind, made by the FFmpeg at hand, for commands to work on. */
import { execFile } from 'node:child_process'
import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { FFMPEG } from '../machine/ffmpeg.ts'
import { FONTS } from '../machine/fonts.ts'

const run = promisify(execFile)

/** Alias of an input → name of its sample file. */
export const SAMPLES = {
  in_video: 'video.mp4',
  in_video2: 'video2.mp4',
  in_silent: 'silent.mp4',
  in_webm: 'video.webm',
  in_mkv: 'video.mkv',
  in_mov: 'video.mov',
  in_avi: 'video.avi',
  in_ts: 'video.ts',
  in_gif: 'moving.gif',
  in_image: 'picture.png',
  in_photo: 'photo.jpg',
  in_logo: 'logo.png',
  in_audio: 'music.mp3',
  in_voice: 'voice.m4a',
  in_stereo: 'stereo.wav',
  in_wav: 'sound.wav',
  in_flac: 'sound.flac',
  in_ogg: 'sound.ogg',
  in_raw: 'sound.raw',
  in_subs: 'subs.srt',
  in_ass: 'subs.ass',
  in_lut: 'look.cube',
  in_text: 'text.txt',
  in_list: 'list.txt',
  in_chapters: 'chapters.txt',
  in_font: 'font.ttf',
} as const

export type SampleAlias = keyof typeof SAMPLES

/** What each start of FFmpeg reads, and the files that it makes of that. Starting it takes longer than making all of them. */
interface Making {
  inputs: string
  outputs: readonly [options: string, filename: string][]
}

const ENCODED = '-pix_fmt yuv420p -c:v libx264 -g 5 -c:a aac'

const MADE: readonly Making[] = [
  {
    inputs:
      '-f lavfi -i testsrc=d=1:s=160x120:r=10 -f lavfi -i sine=d=1:f=440 -f lavfi -i testsrc2=d=1:s=160x120:r=10 -f lavfi -i sine=d=1:f=660 -f lavfi -i color=red@0.5:s=32x32:d=0.1,format=rgba',
    outputs: [
      [`-map 0 -map 1 ${ENCODED}`, 'video.mp4'],
      [`-map 2 -map 3 ${ENCODED}`, 'video2.mp4'],
      ['-map 4 -frames:v 1', 'logo.png'],
    ],
  },
  {
    inputs: '-i video.mp4 -i video2.mp4 -i subs.srt',
    outputs: [
      ['-map 0:v -c copy', 'silent.mp4'],
      ['-map 0 -c:v libvpx -b:v 100k -c:a libvorbis', 'video.webm'],
      ['-map 0 -c copy', 'video.mkv'],
      ['-map 0 -c copy', 'video.mov'],
      ['-map 0 -c:v mpeg4 -c:a libmp3lame', 'video.avi'],
      ['-map 0 -c copy', 'video.ts'],
      ['-map 0:v -vf fps=5,scale=40:30', 'moving.gif'],
      ['-map 0:v -frames:v 1', 'picture.png'],
      ['-map 0:v -frames:v 1', 'photo.jpg'],
      ['-map 0:a', 'music.mp3'],
      ['-map 1:a -c copy', 'voice.m4a'],
      ['-map 0:a -ac 2', 'stereo.wav'],
      ['-map 0:a', 'sound.wav'],
      ['-map 0:a', 'sound.flac'],
      ['-map 0:a -c:a libvorbis', 'sound.ogg'],
      ['-map 0:a -f s16le', 'sound.raw'],
      ['-map 2', 'subs.ass'],
    ],
  },
]

const WRITTEN: readonly [string, string][] = [
  ['subs.srt', '1\n00:00:00,000 --> 00:00:00,800\nHello\n\n2\n00:00:00,800 --> 00:00:01,000\nWorld\n'],
  ['look.cube', 'LUT_3D_SIZE 2\n0 0 0\n1 0 0\n0 1 0\n1 1 0\n0 0 1\n1 0 1\n0 1 1\n1 1 1\n'],
  ['text.txt', 'a line of text\n'],
  // The job's folder holds inputs under their alias.
  ['list.txt', "file 'in_video.mp4'\nfile 'in_video.mp4'\n"],
  ['chapters.txt', ';FFMETADATA1\ntitle=With chapters\n[CHAPTER]\nTIMEBASE=1/1000\nSTART=0\nEND=500\ntitle=One\n'],
]

/** Fills `folder` with all samples; returns the aliases of those that this machine has nothing for. */
export async function makeSamples(folder: string): Promise<Set<SampleAlias>> {
  await mkdir(folder, { recursive: true })
  for (const [name, content] of WRITTEN) await writeFile(join(folder, name), content)
  for (const { inputs, outputs } of MADE) {
    const argv = [inputs, ...outputs.flat()].flatMap((words) => words.split(' '))
    await run(FFMPEG, ['-v', 'error', '-y', ...argv], { cwd: folder })
  }
  for (const font of FONTS) {
    const copied = await copyFile(font, join(folder, 'font.ttf')).then(
      () => true,
      () => false,
    )
    if (copied) return new Set()
  }
  return new Set(['in_font'])
}

/** A third of a second of picture and sound, made in `folder`: the least that commands can work on. */
export async function makeVideo(folder: string): Promise<Uint8Array<ArrayBuffer>> {
  const file = join(folder, 'shortest.mp4')
  const options = '-f lavfi -i testsrc=d=0.3:s=64x48:r=10 -f lavfi -i sine=d=0.3 -pix_fmt yuv420p -c:v libx264 -c:a aac'
  await run(FFMPEG, ['-v', 'error', '-y', ...options.split(' '), file])
  return new Uint8Array(await readFile(file))
}
