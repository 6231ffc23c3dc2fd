/** Finds out, once for all tests, which FFmpeg they run and what this machine lacks. */
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { promisify } from 'node:util'
import type { TestProject } from 'vitest/node'
import { findExecutable } from '../../container/executable.ts'
import { findFfmpeg } from '../../src/cli/ffmpeg-path.ts'
import { findChromium } from './chromium.ts'
import { FONTS } from './fonts.ts'
import { REQUIREMENTS, type RequirementId } from './requirements.ts'
import { hasSandbox } from './sandboxes.ts'

/** The major version of libavutil in FFmpeg 5. */
const LIBAVUTIL_OF_FFMPEG_5 = 57
/** Encoders that every distribution's FFmpeg has. */
const USUAL_ENCODERS = ['libx264', 'libx265', 'libvpx-vp9', 'libaom-av1', 'libmp3lame', 'libopus', 'libvorbis', 'libwebp']
/** The projects whose tests run in a sandbox of their choice. */
const WITH_SANDBOXES = ['executor', 'security']

type Survey = Record<RequirementId, boolean>

export default async function setup(project: TestProject): Promise<void> {
  const { ffmpeg, ffprobe } = await findFfmpeg({
    ffmpegPath: process.env.FFMPEG_PATH || undefined,
    ffprobePath: process.env.FFPROBE_PATH || undefined,
  })
  // The tests inherit these, and so do the stacks and executors that they start.
  process.env.FFMPEG_PATH = ffmpeg
  process.env.FFPROBE_PATH = ffprobe
  const asksForSandboxes = project.vitest.projects.some(({ name }) => WITH_SANDBOXES.includes(name))
  const found = await survey(ffmpeg, asksForSandboxes)
  project.provide(
    'missing',
    requirementIds().filter((requirement) => !found[requirement]),
  )
}

async function survey(ffmpeg: string, asksForSandboxes: boolean): Promise<Survey> {
  const isInstalled = async (program: string) => (await findExecutable(program, process.env.PATH ?? '')) !== null
  const [ffmpeg5, landlock, bwrap, php, python, bash, curl] = await Promise.all([
    isCurrent(ffmpeg),
    asksForSandboxes ? hasSandbox('landlock') : true,
    asksForSandboxes ? hasSandbox('bwrap') : true,
    isInstalled('php'),
    isInstalled('python3'),
    isInstalled('bash'),
    isInstalled('curl'),
  ])
  return {
    ffmpeg5,
    landlock,
    bwrap,
    sandbox: landlock || bwrap,
    linux: process.platform === 'linux',
    // The setup of the container tests, which makes their images, knows better.
    docker: true,
    chromium: findChromium() !== null,
    php,
    python,
    shell: bash && curl,
    font: FONTS.some((font) => existsSync(font)),
  }
}

async function isCurrent(ffmpeg: string): Promise<boolean> {
  const run = promisify(execFile)
  const [version, encoders] = await Promise.all([run(ffmpeg, ['-version']), run(ffmpeg, ['-v', 'error', '-encoders'])])
  const libavutil = Number(/^libavutil +(\d+)\./m.exec(version.stdout)?.[1] ?? 0)
  return libavutil >= LIBAVUTIL_OF_FFMPEG_5 && USUAL_ENCODERS.every((encoder) => encoders.stdout.includes(` ${encoder} `))
}

function requirementIds(): RequirementId[] {
  const isId = (key: string): key is RequirementId => key in REQUIREMENTS
  return Object.keys(REQUIREMENTS).filter(isId)
}
