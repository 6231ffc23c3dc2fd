/** Finds out, once for all tests, which FFmpeg they run and what this machine lacks. */
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { promisify } from 'node:util'
import { findExecutable } from '../../container/executable.ts'
import { findFfmpeg } from '../../src/cli/ffmpeg-path.ts'
import { findChromium } from './chromium.ts'
import { FONTS } from './fonts.ts'
import type { RequirementId } from './requirements.ts'

/** The major version of libavutil in FFmpeg 5. */
const LIBAVUTIL_OF_FFMPEG_5 = 57
/** Encoders that every distribution's FFmpeg has. */
const USUAL_ENCODERS = ['libx264', 'libx265', 'libvpx-vp9', 'libaom-av1', 'libmp3lame', 'libopus', 'libvorbis', 'libwebp']

export interface Machine {
  ffmpeg: string
  ffprobe: string
  /** Of the requirements that take no more than a look. The projects that need a sandbox or an engine try them themselves. */
  missing: RequirementId[]
}

/** Throws an OperatorError where there is no FFmpeg at all. */
export async function surveyMachine(): Promise<Machine> {
  const { ffmpeg, ffprobe } = await findFfmpeg({
    ffmpegPath: process.env.FFMPEG_PATH || undefined,
    ffprobePath: process.env.FFPROBE_PATH || undefined,
  })
  const has = await Promise.all([
    isCurrent(ffmpeg).then((found) => ['ffmpeg5', found] as const),
    areInstalled('php').then((found) => ['php', found] as const),
    areInstalled('python3').then((found) => ['python', found] as const),
    areInstalled('bash', 'curl').then((found) => ['shell', found] as const),
    ['linux', process.platform === 'linux'] as const,
    ['chromium', findChromium() !== null] as const,
    ['font', FONTS.some((font) => existsSync(font))] as const,
  ])
  return { ffmpeg, ffprobe, missing: has.filter(([, found]) => !found).map(([requirement]) => requirement) }
}

async function isCurrent(ffmpeg: string): Promise<boolean> {
  const run = promisify(execFile)
  const [version, encoders] = await Promise.all([run(ffmpeg, ['-version']), run(ffmpeg, ['-v', 'error', '-encoders'])])
  const libavutil = Number(/^libavutil +(\d+)\./m.exec(version.stdout)?.[1] ?? 0)
  return libavutil >= LIBAVUTIL_OF_FFMPEG_5 && USUAL_ENCODERS.every((encoder) => encoders.stdout.includes(` ${encoder} `))
}

async function areInstalled(...programs: string[]): Promise<boolean> {
  const found = await Promise.all(programs.map((program) => findExecutable(program, process.env.PATH ?? '')))
  return found.every((program) => program !== null)
}
