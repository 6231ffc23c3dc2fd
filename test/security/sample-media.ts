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

const VIDEO = '-f lavfi -i testsrc=d=1:s=160x120:r=10 -f lavfi -i sine=d=1:f=440 -pix_fmt yuv420p'
const VIDEO2 = '-f lavfi -i testsrc2=d=1:s=160x120:r=10 -f lavfi -i sine=d=1:f=660 -pix_fmt yuv420p'

const MADE: readonly [string, string][] = [
  [`${VIDEO} -c:v libx264 -g 5 -c:a aac`, 'video.mp4'],
  [`${VIDEO2} -c:v libx264 -g 5 -c:a aac`, 'video2.mp4'],
  ['-i video.mp4 -an -c copy', 'silent.mp4'],
  ['-i video.mp4 -c:v libvpx -b:v 100k -c:a libvorbis', 'video.webm'],
  ['-i video.mp4 -c copy', 'video.mkv'],
  ['-i video.mp4 -c copy', 'video.mov'],
  ['-i video.mp4 -c:v mpeg4 -c:a libmp3lame', 'video.avi'],
  ['-i video.mp4 -c copy', 'video.ts'],
  ['-i video.mp4 -vf fps=5,scale=40:30', 'moving.gif'],
  ['-i video.mp4 -frames:v 1', 'picture.png'],
  ['-i video.mp4 -frames:v 1', 'photo.jpg'],
  ['-f lavfi -i color=red@0.5:s=32x32:d=0.1,format=rgba -frames:v 1', 'logo.png'],
  ['-i video.mp4 -vn', 'music.mp3'],
  ['-i video2.mp4 -vn -c copy', 'voice.m4a'],
  ['-i video.mp4 -vn -ac 2', 'stereo.wav'],
  ['-i video.mp4 -vn', 'sound.wav'],
  ['-i video.mp4 -vn', 'sound.flac'],
  ['-i video.mp4 -vn -c:a libvorbis', 'sound.ogg'],
  ['-i video.mp4 -vn -f s16le', 'sound.raw'],
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
  for (const [options, name] of MADE) await run(FFMPEG, ['-v', 'error', '-y', ...options.split(' '), name], { cwd: folder })
  await run(FFMPEG, ['-v', 'error', '-y', '-i', 'subs.srt', 'subs.ass'], { cwd: folder })
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
