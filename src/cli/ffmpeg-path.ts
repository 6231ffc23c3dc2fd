/** Which FFmpeg the embedded run uses: the one that is set, else the one on PATH, else an old one from npm. */
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
  /** What to tell the operator about them, if anything. */
  notice: string | null
}

const INSTALL_ADVICE =
  'install a current one (Debian, Ubuntu: `apt install ffmpeg`; macOS: `brew install ffmpeg`) or set FFMPEG_PATH and FFPROBE_PATH'

/** Finds both programs and runs each once. Throws an OperatorError where one is missing. */
export async function findFfmpeg(configured: { ffmpegPath: string | undefined; ffprobePath: string | undefined }): Promise<FfmpegPaths> {
  const [ffmpeg, ffprobe] = await Promise.all([find(FFMPEG, configured.ffmpegPath), find(FFPROBE, configured.ffprobePath)])
  const bundled = [ffmpeg, ffprobe].filter((tool) => tool.bundled).map((tool) => tool.name)
  const notice =
    bundled.length > 0 ? `Using an old build of ${bundled.join(' and ')} from npm, for a first try only: ${INSTALL_ADVICE}` : null
  return { ffmpeg: ffmpeg.path, ffprobe: ffprobe.path, notice }
}

/** The programs that npm brings; null where it has none that run on this platform. */
export async function findBundledFfmpeg(): Promise<Pick<FfmpegPaths, 'ffmpeg' | 'ffprobe'> | null> {
  const [ffmpeg, ffprobe] = await Promise.all([findBundled(FFMPEG), findBundled(FFPROBE)])
  return ffmpeg === null || ffprobe === null ? null : { ffmpeg, ffprobe }
}

async function findBundled({ npmPackage }: Tool): Promise<string | null> {
  const bundled = pathFromNpm(npmPackage)
  return bundled !== null && (await runs(bundled)) ? bundled : null
}

async function find(tool: Tool, configured: string | undefined): Promise<{ name: string; path: string; bundled: boolean }> {
  if (configured !== undefined) {
    if (await runs(configured)) return { name: tool.name, path: configured, bundled: false }
    throw new OperatorError(`${tool.variable}=${configured} does not run: correct it, or unset it to use the ${tool.name} on PATH`)
  }
  if (await runs(tool.name)) return { name: tool.name, path: tool.name, bundled: false }
  const bundledPath = await findBundled(tool)
  if (bundledPath !== null) return { name: tool.name, path: bundledPath, bundled: true }
  throw new OperatorError(`No ${tool.name} found: ${INSTALL_ADVICE}`)
}

async function runs(program: string): Promise<boolean> {
  try {
    await run(program, ['-version'])
    return true
  } catch {
    return false
  }
}

/** The package throws when it is loaded on a platform for which it has no build. */
function pathFromNpm(npmPackage: string): string | null {
  try {
    return installerSchema.parse(createRequire(import.meta.url)(npmPackage)).path
  } catch {
    return null
  }
}
