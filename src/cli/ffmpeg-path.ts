/** Which FFmpeg the embedded run uses: the one that is set, else the one on PATH, else, for samples of its own, an old one from npm. */
import { execFile } from 'node:child_process'
import { createRequire } from 'node:module'
import { promisify } from 'node:util'
import { z } from 'zod'
import { OperatorError } from './operator-error.ts'

const run = promisify(execFile)
const installerSchema = z.object({ path: z.string() })

interface Tool {
  name: 'ffmpeg' | 'ffprobe'
  variable: 'FFMPEG_PATH' | 'FFPROBE_PATH'
  npmPackage: string
}
const FFMPEG: Tool = { name: 'ffmpeg', variable: 'FFMPEG_PATH', npmPackage: '@ffmpeg-installer/ffmpeg' }
const FFPROBE: Tool = { name: 'ffprobe', variable: 'FFPROBE_PATH', npmPackage: '@ffprobe-installer/ffprobe' }

export interface FfmpegPaths {
  ffmpeg: string
  ffprobe: string
  /** Why they are for the project's own samples only, and what to do about it; null where they are the operator's own. */
  warning: string | null
}

const INSTALL_ADVICE =
  'install a current one (Debian, Ubuntu: `apt install ffmpeg`; macOS: `brew install ffmpeg`) or set FFMPEG_PATH and FFPROBE_PATH'

/** Finds both programs and runs each once. Throws an OperatorError where one is missing. */
export async function findFfmpeg(configured: { ffmpegPath: string | undefined; ffprobePath: string | undefined }): Promise<FfmpegPaths> {
  const [ffmpeg, ffprobe] = await Promise.all([find(FFMPEG, configured.ffmpegPath), find(FFPROBE, configured.ffprobePath)])
  const bundled = [ffmpeg, ffprobe].filter((tool) => tool.bundled)
  const warning = bundled.length > 0 ? describeBundled(bundled) : null
  return { ffmpeg: ffmpeg.path, ffprobe: ffprobe.path, warning }
}

/**
 * As `findFfmpeg`, for a service, to which anything may be sent. Throws an OperatorError as well where there is only what npm brings, unless
 * the operator allows it.
 */
export async function findFfmpegForOthers(
  configured: Parameters<typeof findFfmpeg>[0] & { allowOldFfmpeg: boolean },
): Promise<FfmpegPaths> {
  const found = await findFfmpeg(configured)
  if (found.warning !== null && !configured.allowOldFfmpeg) {
    throw new OperatorError(`${found.warning}. ALLOW_OLD_FFMPEG=1 starts with it all the same, for media of your own`)
  }
  return found
}

/** The programs that npm brings; null where it has none that run on this platform. */
export async function findBundledFfmpeg(): Promise<Pick<FfmpegPaths, 'ffmpeg' | 'ffprobe'> | null> {
  const [ffmpeg, ffprobe] = await Promise.all([findBundled(FFMPEG), findBundled(FFPROBE)])
  return ffmpeg === null || ffprobe === null ? null : { ffmpeg: ffmpeg.path, ffprobe: ffprobe.path }
}

interface Found {
  name: string
  path: string
  bundled: boolean
  /** Of the build; null where it does not say. */
  year: number | null
}

function describeBundled(tools: Found[]): string {
  const names = tools.map(({ name }) => name)
  const missing = names.length > 1 ? `Neither ${names.join(' nor ')}` : `No ${names.join()}`
  const thisYear = new Date().getFullYear()
  const ages = tools.map(({ name, year }) => `${name} is ${year === null ? 'several years' : `${thisYear - year} years`} old`)
  return `${missing} was found on the PATH, and the build from npm is unsafe for other people’s media (its ${ages.join(', its ')}): ${INSTALL_ADVICE}`
}

async function findBundled({ npmPackage }: Tool): Promise<{ path: string; year: number | null } | null> {
  const path = pathFromNpm(npmPackage)
  const version = path === null ? null : await versionOf(path)
  return path === null || version === null ? null : { path, year: yearIn(version) }
}

async function find(tool: Tool, configured: string | undefined): Promise<Found> {
  const own = configured ?? tool.name
  const version = await versionOf(own)
  if (version !== null) return { name: tool.name, path: own, bundled: false, year: yearIn(version) }
  if (configured !== undefined) {
    throw new OperatorError(`${tool.variable}=${configured} does not run: correct it, or unset it to use the ${tool.name} on PATH`)
  }
  const bundled = await findBundled(tool)
  if (bundled !== null) return { name: tool.name, bundled: true, ...bundled }
  throw new OperatorError(`No ${tool.name} found: ${INSTALL_ADVICE}`)
}

/** What the program says of itself; null where it does not run. */
async function versionOf(program: string): Promise<string | null> {
  try {
    return (await run(program, ['-version'])).stdout
  } catch {
    return null
  }
}

function yearIn(version: string): number | null {
  const year = /^\w+ version .* Copyright \(c\) \d{4}-(\d{4})/.exec(version)?.[1]
  return year === undefined ? null : Number(year)
}

/** The package throws when it is loaded on a platform for which it has no build. */
function pathFromNpm(npmPackage: string): string | null {
  try {
    return installerSchema.parse(createRequire(import.meta.url)(npmPackage)).path
  } catch {
    return null
  }
}
