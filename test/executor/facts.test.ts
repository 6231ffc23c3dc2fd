import { execFile } from 'node:child_process'
import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { findExecutable } from '../../container/executable.ts'
import { ProbeOutput } from '../../container/probe-output.ts'
import { type MediaFacts, mediaFacts } from '../../src/ffmpeg/media.ts'
import { FFMPEG, FFPROBE } from '../machine/ffmpeg.ts'
import { needs } from '../machine/needs.ts'
import { type ExecutorProcess, startExecutor } from '../support/executor-process.ts'
import { JobClient } from './job-client.ts'

const run = promisify(execFile)

/** The wrapper's note of its starts: a line each, in the job's folder, the only place it may write to. */
const STARTS = 'ffprobe-starts'

let executor: ExecutorProcess
let folder: string
let source: Uint8Array<ArrayBuffer>
let encoders: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'renderio-facts-'))
  await chmod(folder, 0o755)
  const wrapper = join(folder, 'ffprobe')
  const ffprobe = await findExecutable(FFPROBE, process.env.PATH ?? '')
  await writeFile(wrapper, `#!/bin/sh\necho started >>${STARTS}\nexec '${ffprobe}' "$@"\n`, { mode: 0o755 })
  executor = await startExecutor({ env: { FFPROBE_PATH: wrapper } })
  const movie = join(folder, 'in.mp4')
  await run(FFMPEG, ['-v', 'error', ...picture(2), ...tone(2), '-pix_fmt', 'yuv420p', '-bf', '2', '-g', '10', '-c:a', 'aac', movie])
  source = new Uint8Array(await readFile(movie))
  encoders = (await run(FFMPEG, ['-v', 'error', '-encoders'])).stdout
})
afterAll(async () => {
  await executor.stop()
  await rm(folder, { recursive: true })
})

function picture(seconds: number, rate = '25', size = '160x90'): string[] {
  return ['-f', 'lavfi', '-i', `testsrc=duration=${seconds}:size=${size}:rate=${rate}`]
}

function tone(seconds: number): string[] {
  return ['-f', 'lavfi', '-i', `sine=duration=${seconds}`]
}

const STILL = [...picture(1), '-frames:v', '1']
const H264 = ['-c:v', 'libx264', '-pix_fmt', 'yuv420p', '-preset', 'ultrafast']
const SUBTITLES = '1\n00:00:00,000 --> 00:00:01,500\nHello\n'

interface Row {
  commands: string[][]
  filename: string
  /** Left out of the table where FFmpeg lacks it. */
  encoder?: string
  /** Its length is no whole number of milliseconds, in which the movie header counts and some releases of ffprobe do not. */
  rounded?: true
}

const one = (filename: string, argv: string[], encoder?: string): Row => ({
  commands: [[...argv, filename]],
  filename,
  ...(encoder && { encoder }),
})

/** Facts that need no process. */
const READ: Record<string, Row> = {
  'h264 and aac': one('out.mp4', [...picture(1), ...tone(1), ...H264, '-c:a', 'aac']),
  'stereo, 48 kHz': one('out.mp4', [...picture(1), ...tone(1), ...H264, '-ac', '2', '-ar', '48000', '-b:a', '96k']),
  'six channels': one('out.mp4', [...picture(1), ...tone(1), ...H264, '-ac', '6']),
  '30000/1001 frames a second': one('out.mp4', [...picture(2, '30000/1001'), ...H264]),
  'an odd frame rate': { ...one('out.mp4', [...picture(2, '997/41'), ...H264]), rounded: true },
  'B-frames': one('out.mp4', [...picture(2), ...H264, '-preset', 'medium', '-bf', '3']),
  'a variable frame rate': one('out.mp4', [...picture(3), '-vf', "select='not(mod(n,7))+not(mod(n,5))'", ...H264, '-fps_mode', 'vfr']),
  'one frame': one('out.mp4', [...STILL, ...H264]),
  '4:4:4': one('out.mp4', [...picture(1), '-c:v', 'libx264', '-pix_fmt', 'yuv444p']),
  'ten bits': one('out.mp4', [...picture(1), '-c:v', 'libx264', '-pix_fmt', 'yuv420p10le']),
  'a limited range by name': one('out.mp4', [...picture(1), ...H264, '-color_range', 'tv', '-colorspace', 'bt709']),
  'a size that no block divides': one('out.mp4', [...picture(1, '25', '150x94'), ...H264]),
  hevc: one('out.mp4', [...picture(1), '-c:v', 'libx265', '-pix_fmt', 'yuv420p', '-tag:v', 'hvc1'], 'libx265'),
  'hevc, ten bits': one('out.mp4', [...picture(1, '25', '130x74'), '-c:v', 'libx265', '-pix_fmt', 'yuv420p10le'], 'libx265'),
  av1: one('out.mp4', [...picture(1), '-c:v', 'libsvtav1', '-pix_fmt', 'yuv420p', '-preset', '10'], 'libsvtav1'),
  'av1 of another encoder': one('out.mp4', [...picture(0.4), '-c:v', 'libaom-av1', '-cpu-used', '8', '-pix_fmt', 'yuv420p'], 'libaom-av1'),
  mpeg4: one('out.mp4', [...picture(1), '-c:v', 'mpeg4']),
  'prores in mov': one('out.mov', [
    ...picture(1),
    ...tone(1),
    '-c:v',
    'prores_ks',
    '-profile:v',
    '3',
    '-pix_fmt',
    'yuv422p10le',
    '-c:a',
    'aac',
  ]),
  'h264 in mov': one('out.mov', [...picture(1), ...tone(1), ...H264, '-metadata', 'title=a', '-c:a', 'alac']),
  m4a: one('out.m4a', [...tone(2), '-metadata', 'title=Output #0, mp4, to "out.m4a":']),
  alac: one('out.m4a', [...tone(1), '-c:a', 'alac']),
  opus: one('out.mp4', [...tone(1), '-c:a', 'libopus'], 'libopus'),
  m4v: one('out.m4v', [...picture(1), ...H264]),
  'another name': one('out.bin', [...picture(1), ...H264, '-f', 'mp4']),
  faststart: one('out.mp4', [...picture(1), ...tone(1), ...H264, '-movflags', '+faststart']),
  'a copy': one('out.mp4', ['-i', 'in.mp4', '-c', 'copy']),
  'a copy of a part': one('out.mp4', ['-ss', '0.7', '-i', 'in.mp4', '-t', '0.9', '-c', 'copy']),
  'a copy into mov': one('out.mov', ['-i', 'in.mp4', '-c', 'copy']),
  'a rotation, which changes width and height': one('out.mp4', ['-i', 'in.mp4', '-c', 'copy', '-metadata:s:v', 'rotate=90']),
  'a rotation by half a turn': one('out.mov', ['-i', 'in.mp4', '-c', 'copy', '-metadata:s:v', 'rotate=180']),
  'several audio streams': one('out.mp4', [
    ...picture(1),
    ...tone(1),
    ...tone(2),
    '-map',
    '0',
    '-map',
    '1',
    '-map',
    '2',
    ...H264,
    '-c:a',
    'aac',
  ]),
  'sound before the picture': one('out.mp4', [...picture(1), ...tone(1), '-map', '1', '-map', '0', ...H264]),
  'subtitles as mov_text': one('out.mp4', ['-i', 'in.mp4', '-i', 'in.srt', '-map', '0', '-map', '1', '-c', 'copy', '-c:s', 'mov_text']),
  'cover art': {
    commands: [
      [...STILL, 'cover.png'],
      ['-i', 'in.mp4', '-i', 'cover.png', '-map', '0', '-map', '1', '-c', 'copy', '-disposition:v:1', 'attached_pic', 'out.mp4'],
    ],
    filename: 'out.mp4',
  },
  'cover art of a song': {
    commands: [
      [...STILL, 'cover.jpg'],
      [...tone(1), '-i', 'cover.jpg', '-map', '0', '-map', '1', '-c:v', 'copy', '-disposition:v', 'attached_pic', 'out.m4a'],
    ],
    filename: 'out.m4a',
  },
  'a file of an earlier command that a later one only reads': {
    commands: [
      [...picture(1), ...H264, 'out.mp4'],
      ['-i', 'out.mp4', '-f', 'null', '-'],
    ],
    filename: 'out.mp4',
  },
  'a file that a later command writes anew': {
    commands: [
      [...picture(1), ...H264, 'out.mp4'],
      [...picture(2, '10', '80x60'), ...H264, 'out.mp4'],
    ],
    filename: 'out.mp4',
  },
  'metadata of several lines': one('out.mp4', [
    ...picture(1),
    ...H264,
    '-metadata',
    "comment=a\nOutput #0, mp4, to 'out.mp4':\n  Stream #0:1: x",
  ]),
  'png, rgb24': one('out.png', [...STILL, '-pix_fmt', 'rgb24']),
  'png, rgba': one('out.png', [...STILL, '-pix_fmt', 'rgba']),
  'png, gray': one('out.png', [...STILL, '-pix_fmt', 'gray']),
  'png, pal8': one('out.png', [...STILL, '-pix_fmt', 'pal8']),
  'png, 16 bits': one('out.png', [...STILL, '-pix_fmt', 'rgb48be']),
  'png, ya8': one('out.png', [...STILL, '-pix_fmt', 'ya8']),
  'png of a video': one('out.PNG', ['-i', 'in.mp4', '-update', '1', '-frames:v', '1']),
  jpg: one('out.jpg', STILL),
  'jpeg, 4:2:0': one('out.jpeg', [...STILL, '-pix_fmt', 'yuvj420p']),
  'jpg of a video': one('out.jpg', ['-ss', '1', '-i', 'in.mp4', '-update', '1', '-frames:v', '1', '-q:v', '2']),
}

/** Facts that ffprobe alone can tell. */
const PROBED: Record<string, Row> = {
  'sound shifted against the picture': one('out.mp4', [
    '-i',
    'in.mp4',
    '-itsoffset',
    '0.5',
    '-i',
    'in.mp4',
    '-map',
    '0:v',
    '-map',
    '1:a',
    '-c',
    'copy',
  ]),
  'a shifted start': one('out.mp4', ['-itsoffset', '3', '-i', 'in.mp4', '-c', 'copy']),
  'a late start': one('out.mp4', [...picture(1), '-vf', 'setpts=PTS+5/TB', ...H264]),
  'times kept': one('out.mp4', ['-ss', '0.5', '-copyts', '-i', 'in.mp4', ...H264, '-c:a', 'aac']),
  'fragmented mp4': one('out.mp4', [...picture(2), ...H264, '-movflags', 'frag_keyframe+empty_moov']),
  'a full range': one('out.mp4', [...picture(1), '-c:v', 'libx264', '-pix_fmt', 'yuvj420p']),
  'a full range that FFmpeg does not know of': one('out.mp4', [...picture(1), ...H264, '-x264-params', 'fullrange=on']),
  'a filter of the encoded stream': one('out.mp4', ['-i', 'in.mp4', '-c', 'copy', '-bsf:v', 'h264_metadata=video_full_range_flag=1']),
  'prores 4444': one('out.mov', [...picture(1), '-c:v', 'prores_ks', '-profile:v', '4', '-pix_fmt', 'yuva444p10le']),
  'uncompressed sound in mov': one('out.mov', [...tone(1), '-c:a', 'pcm_s16le']),
  chapters: {
    commands: [
      ['-i', 'in.mp4', '-f', 'ffmetadata', '-i', 'chapters.txt', '-map_metadata', '1', '-map_chapters', '1', '-c', 'copy', 'out.mp4'],
    ],
    filename: 'out.mp4',
  },
  'a time code': one('out.mov', [...picture(1), ...H264, '-timecode', '01:00:00:00']),
  'metadata under names of its own': one('out.mp4', [
    ...picture(1),
    ...H264,
    '-movflags',
    'use_metadata_tags',
    '-metadata',
    'major_brand=avif',
  ]),
  'a command that reports nothing': one('out.mp4', ['-v', 'error', ...picture(1), ...H264]),
  'a report with prefixes': one('out.mp4', ['-loglevel', 'level+info', ...picture(1), ...H264]),
  'a file that a later command writes anew in silence': {
    commands: [
      [...picture(1), ...H264, 'out.mp4'],
      ['-v', 'quiet', ...picture(2, '10', '80x60'), ...H264, 'out.mp4'],
    ],
    filename: 'out.mp4',
  },
  'a picture under a wrong name': one('out.jpg', [...STILL, '-c:v', 'png']),
  'a jpg of limited range': one('out.jpg', [...STILL, '-pix_fmt', 'yuv420p', '-color_range', 'tv', '-strict', 'unofficial']),
  webm: one('out.webm', [...picture(1), '-c:v', 'libvpx', '-deadline', 'realtime'], 'libvpx'),
  mkv: one('out.mkv', [...picture(1), ...H264]),
  gif: one('out.gif', picture(1)),
  wav: one('out.wav', tone(1)),
  mp3: one('out.mp3', tone(1), 'libmp3lame'),
}

const CHAPTERS =
  ';FFMETADATA1\n[CHAPTER]\nTIMEBASE=1/1000\nSTART=0\nEND=1000\ntitle=One\n[CHAPTER]\nTIMEBASE=1/1000\nSTART=1000\nEND=2000\ntitle=Two\n'

/** Of each format, which streams of the source it gets and by what options; its own encoders where none are named. */
const FORMATS: Record<string, { map: string; options?: string; encoder?: string }> = {
  'film.webm': { map: 'va', options: '-c:v libvpx-vp9 -b:v 1M -deadline realtime -cpu-used 8 -c:a libopus', encoder: 'libvpx-vp9' },
  'live.webm': { map: 'va', options: '-c:v libvpx -deadline realtime -c:a libvorbis -live 1', encoder: 'libvpx' },
  'film.mkv': { map: 'va', options: '-c copy' },
  'stale.mkv': { map: 'va', options: '-c copy -metadata:s:v BPS=999000 -metadata:s:a BPS=1000' },
  'sound.mka': { map: 'a', options: '-c:a flac' },
  'film.flv': { map: 'va', options: '-c copy' },
  'old.flv': { map: 'va', options: '-c:v flv -c:a libmp3lame', encoder: 'libmp3lame' },
  'film.avi': { map: 'va', options: '-c:v mpeg4 -c:a libmp3lame', encoder: 'libmp3lame' },
  'film.ts': { map: 'va', options: '-c copy' },
  'film.m2ts': { map: 'va', options: '-c copy' },
  'film.mpg': { map: 'va' },
  'film.vob': { map: 'va', options: '-c:v mpeg2video -c:a ac3' },
  'film.ogv': { map: 'va', options: '-c:v libtheora -c:a libvorbis', encoder: 'libtheora' },
  'sound.ogg': { map: 'a', options: '-c:a libvorbis', encoder: 'libvorbis' },
  'sound.opus': { map: 'a', options: '-c:a libopus', encoder: 'libopus' },
  'film.mxf': { map: 'va', options: '-c:v mpeg2video -c:a pcm_s16le -ar 48000' },
  'film.wmv': { map: 'va' },
  'sound.wma': { map: 'a' },
  'film.mov': { map: 'vaa', options: '-c copy' },
  'film.f4v': { map: 'va', options: '-c copy' },
  'film.3gp': { map: 'va', options: '-c copy' },
  'fragments.mp4': { map: 'va', options: '-c copy -movflags frag_keyframe+empty_moov' },
  'sound.m4b': { map: 'a', options: '-c copy' },
  'sound.aac': { map: 'a', options: '-c copy' },
  'sound.ac3': { map: 'a' },
  'sound.eac3': { map: 'a' },
  'varying.mp3': { map: 'a', options: '-c:a libmp3lame -q:a 4 -write_xing 0', encoder: 'libmp3lame' },
  'song.mp3': { map: 'ac', options: '-c:a libmp3lame -c:v copy -disposition:v attached_pic', encoder: 'libmp3lame' },
  'song.flac': { map: 'ac', options: '-c:v copy -disposition:v attached_pic' },
  'picture.h264': { map: 'v', options: '-c copy' },
  'picture.m2v': { map: 'v' },
  'picture.mjpeg': { map: 'v' },
  'picture.nut': { map: 'va' },
  'sound.wav': { map: 'a' },
  'sound.aiff': { map: 'a' },
  'sound.caf': { map: 'a' },
  'sound.w64': { map: 'a' },
  'sound.au': { map: 'a' },
  'moving.gif': { map: 'v', options: '-vf fps=10' },
  'moving.apng': { map: 'v', options: '-vf fps=10 -f apng' },
  'moving.webp': { map: 'v', options: '-vf fps=10 -c:v libwebp_anim', encoder: 'libwebp_anim' },
  'words.srt': { map: 's' },
  'words.ass': { map: 's' },
  'words.vtt': { map: 's' },
}
const STREAMS: Record<string, string> = { v: '0:v', a: '0:a', s: '1', c: '2' }

/** The facts that a file of this kind has. */
function known(kind: MediaFacts['file_type']): (keyof MediaFacts)[] {
  const picture = ['width', 'height', 'rotation', 'pixel_format', 'frame_rate', 'bitrate_video_kb'] as const
  const sound = ['bitrate_audio_kb', 'sample_rate', 'channels'] as const
  const any = ['duration', 'codec', 'file_format'] as const
  if (kind === 'image') return [...any, ...picture]
  if (kind === 'audio') return [...any, ...sound]
  return kind === 'video' ? [...any, ...picture] : [...any]
}

describe('whatever FFmpeg writes', () => {
  const made = new Map<string, { facts: MediaFacts; packets: Map<string, number> }>()
  beforeAll(async () => {
    const job = new JobClient(executor)
    await job.put('in.mp4', source)
    await job.put('in.srt', SUBTITLES)
    const formats = Object.entries(FORMATS).filter(([, { encoder = '' }]) => encoders.includes(encoder))
    const argv = formats.flatMap(([filename, { map, options }]) => [
      ...[...map].flatMap((stream) => ['-map', STREAMS[stream] ?? '']),
      ...['-pix_fmt', filename.endsWith('jpeg') ? 'yuvj420p' : 'yuv420p', ...(options?.split(' ') ?? []), filename],
    ])
    const state = await job.ended({
      commands: [
        [...STILL, 'cover.png'],
        ['-i', 'in.mp4', '-i', 'in.srt', '-i', 'cover.png', ...argv],
      ],
      inputs: { in: 'in.mp4', srt: 'in.srt' },
      outputs: Object.fromEntries(formats.map(([filename], i) => [`out_${i}`, filename])),
    })
    if (state.state !== 'SUCCEEDED') throw new Error(`${JSON.stringify(state)}\n${await job.log()}`)
    const files = (await job.folder()) ?? ''
    const output = Object.values(state.outputs).map(async ({ filename, media }) => {
      made.set(filename, { facts: media, packets: await packetBytes(join(files, filename)) })
    })
    await Promise.all(output)
    await job.remove()
  }, 60_000)

  test.for(Object.entries(FORMATS))(
    'as %s has all the facts that it has packets for',
    needs('ffmpeg5'),
    ([filename, { encoder }], { skip }) => {
      skip(encoder !== undefined && !encoders.includes(` ${encoder} `), `FFmpeg with the encoder ${encoder}`)
      const { facts, packets } = made.get(filename) ?? { facts: mediaFacts({}, filename), packets: new Map<string, number>() }
      const missing = known(facts.file_type).filter((fact) => facts[fact] === null)
      expect([facts.file_type, missing]).toEqual([kindOf(filename), []])
      expect(Math.abs((facts.duration ?? 0) - (facts.file_type === 'subtitle' ? 1.5 : 2))).toBeLessThan(0.1)
      for (const [type, bytes] of packets) {
        const counted = (bytes * 8) / 1000 / (facts.duration ?? 0)
        const told = type === 'video' ? facts.bitrate_video_kb : facts.bitrate_audio_kb
        expect([type, Math.abs((told ?? 0) - counted) <= Math.max(1, counted * 0.05)]).toEqual([type, true])
      }
    },
  )
})

describe('a playlist has the facts of its picture and its sound', () => {
  const segmented = '-c:v libx264 -preset ultrafast -g 25 -c:a aac'.split(' ')
  const rows: Record<string, { argv: string[]; manifest: string }> = {
    'HLS of MPEG-TS': { argv: ['-f', 'hls', '-hls_time', '1', 'a.m3u8'], manifest: 'a.m3u8' },
    'HLS of fragmented MP4': { argv: ['-f', 'hls', '-hls_time', '1', '-hls_segment_type', 'fmp4', 'b.m3u8'], manifest: 'b.m3u8' },
    'HLS with sound of its own': {
      argv: ['-f', 'hls', '-hls_time', '1', '-var_stream_map', 'a:0,agroup:s v:0,agroup:s', '-master_pl_name', 'c.m3u8', 'c_%v.m3u8'],
      manifest: 'c.m3u8',
    },
    DASH: { argv: ['-f', 'dash', '-seg_duration', '1', 'd.mpd'], manifest: 'd.mpd' },
    'DASH of single files': { argv: ['-f', 'dash', '-seg_duration', '1', '-single_file', '1', 'e.mpd'], manifest: 'e.mpd' },
  }

  test('whichever files they are in', needs('ffmpeg5'), async () => {
    const job = new JobClient(executor)
    await job.put('in.mp4', source)
    const bundles = Object.values(rows).map(({ manifest }) => [manifest, { kind: 'playlist' as const, filename: manifest }] as const)
    const outputs = Object.values(rows).flatMap(({ argv }) => ['-map', '0:v', '-map', '0:a', ...segmented, ...argv])
    const state = await job.ended({
      commands: [['-i', 'in.mp4', ...outputs]],
      inputs: { in: 'in.mp4' },
      bundles: Object.fromEntries(bundles),
    })
    if (state.state !== 'SUCCEEDED') throw new Error(`${JSON.stringify(state)}\n${await job.log()}`)
    const facts = Object.values(rows).map(({ manifest }) => state.outputs[manifest]?.media)
    const isKnown = (rate: number | null | undefined) => (rate ?? 0) > 0
    expect(facts.map((media) => [media?.width, media?.rotation, media?.channels, media?.sample_rate, media?.frame_rate])).toEqual(
      facts.map(() => [160, 0, 1, 44100, 25]),
    )
    // All hold the same packets.
    const [first] = facts
    for (const media of facts) {
      expect(isKnown(media?.bitrate_video_kb) && isKnown(media?.bitrate_audio_kb)).toBe(true)
      expect(Math.abs((media?.bitrate_video_kb ?? 0) / (first?.bitrate_video_kb ?? 0) - 1)).toBeLessThan(0.05)
      expect(Math.abs((media?.bitrate_audio_kb ?? 0) / (first?.bitrate_audio_kb ?? 0) - 1)).toBeLessThan(0.05)
    }
    await job.remove()
  })
})

function kindOf(filename: string): MediaFacts['file_type'] {
  if (filename.startsWith('words')) return 'subtitle'
  if (filename.startsWith('moving')) return 'image'
  return filename.startsWith('so') || filename.startsWith('varying') ? 'audio' : 'video'
}

/** Of the first stream of each type, cover art left out; an animation that ffprobe cannot read has none. */
async function packetBytes(path: string): Promise<Map<string, number>> {
  const entries = ['-show_entries', 'packet=codec_type,stream_index,size:stream=index,codec_type:stream_disposition=attached_pic']
  const { stdout } = await run(FFPROBE, ['-v', 'quiet', '-of', 'json', ...entries, path], { maxBuffer: 1e8 })
  const bytes = new Map<string, number>()
  const { packets, streams } = packetReport.parse(JSON.parse(stdout))
  for (const type of ['video', 'audio']) {
    const first = streams.find((stream) => stream.codec_type === type && stream.disposition.attached_pic === 0)?.index
    const sizes = packets.filter(({ stream_index }) => stream_index === first).map(({ size }) => Number(size))
    if (sizes.length > 1)
      bytes.set(
        type,
        sizes.reduce((sum, size) => sum + size, 0),
      )
  }
  return bytes
}

const packetReport = z.object({
  packets: z.array(z.object({ stream_index: z.number(), size: z.string() })),
  streams: z.array(z.object({ index: z.number(), codec_type: z.string(), disposition: z.object({ attached_pic: z.number() }) })),
})

describe.concurrent('the facts of an output are those that ffprobe tells', () => {
  test.for(Object.entries(READ))('%s, without starting it', needs('ffmpeg5'), async ([, row], { skip }) => {
    skip(isMissing(row), `FFmpeg with the encoder ${row.encoder}`)
    const { facts, expected, starts } = await make(row)
    expect(facts).toEqual(row.rounded ? { ...expected, duration: withinMillisecond(facts.duration, expected.duration) } : expected)
    expect(starts).toBe(0)
  })

  test.for(Object.entries(PROBED))('%s, by starting it', async ([, row], { skip }) => {
    skip(isMissing(row), `FFmpeg with the encoder ${row.encoder}`)
    const { facts, expected, starts } = await make(row)
    expect(facts).toEqual(expected)
    expect(starts).toBe(1)
  })
})

function withinMillisecond(found: number | null, expected: number | null): number | null {
  return found !== null && expected !== null && Math.abs(found - expected) <= 0.001 ? found : expected
}

function isMissing({ encoder }: Row): boolean {
  return encoder !== undefined && !encoders.includes(` ${encoder} `)
}

async function make({ commands, filename }: Row): Promise<{ facts: MediaFacts; expected: MediaFacts; starts: number }> {
  const job = new JobClient(executor)
  await job.put('in.mp4', source)
  await job.put('in.srt', SUBTITLES)
  await job.put('chapters.txt', CHAPTERS)
  const state = await job.ended({ commands, inputs: { in: 'in.mp4', srt: 'in.srt', chapters: 'chapters.txt' }, outputs: { out: filename } })
  const facts = state.state === 'SUCCEEDED' ? state.outputs.out?.media : undefined
  if (facts === undefined) throw new Error(`${JSON.stringify(state)}\n${await job.log()}`)
  const files = (await job.folder()) ?? ''
  const expected = await probed(join(files, filename), filename)
  const starts = (await readdir(files)).includes(STARTS) ? (await readFile(join(files, STARTS), 'utf8')).split('\n').length - 1 : 0
  await job.remove()
  return { facts, expected, starts }
}

/** The facts by all that ffprobe says of the file and of its packets. */
async function probed(path: string, filename: string): Promise<MediaFacts> {
  const argv = ['-v', 'error', '-of', 'json=compact=1', '-show_format', '-show_streams', '-show_packets', path]
  const { stdout } = await run(FFPROBE, argv, { encoding: 'buffer' })
  const output = new ProbeOutput()
  output.write(stdout)
  return mediaFacts(output.report(), filename, output.packets.totals(Number.POSITIVE_INFINITY, (await stat(path)).size))
}
