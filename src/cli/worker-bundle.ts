/** The Worker as one script and what its simulator must know of it, so that running it takes neither wrangler nor its watch over the sources. */
import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdir, mkdtemp, readdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'
import { parse } from 'smol-toml'
import { z } from 'zod'
import { fingerprintOf } from './fingerprint.ts'
import { PROJECT_ROOT } from './settings.ts'
import { runWrangler, wranglerEnvironment } from './wrangler.ts'

/** Each build lies in a folder of its own, named by its sources and their place: a Worker that runs keeps its script whatever is built beside it. */
const BUILDS = path.join(PROJECT_ROOT, 'dist/worker')
/** Of this project's own Worker. */
export const CONFIG = path.join(PROJECT_ROOT, 'wrangler.toml')
const SOURCES = { folders: ['src'], files: ['package-lock.json', 'wrangler.toml', 'tsconfig.json'] }
/** Of the project: its absolute path is in what Miniflare is told. */
const PLACE = createHash('sha256').update(PROJECT_ROOT).digest('hex').slice(0, 8)
/** A build that no start has used for so long may still be what a Worker is restarted from, which is then started anew by hand. */
const KEPT_MS = 7 * 24 * 3600 * 1000

/** Paths of its files. */
export interface WorkerBundle {
  script: string
  /** What `miniflare-options.ts` has printed. */
  options: string
}

/** The bundle of this project's Worker, which is made where it is not there. Throws an OperatorError with the bundler's complaint. */
export async function buildWorker(stateDir: string): Promise<WorkerBundle> {
  const fingerprint = await fingerprintOf(SOURCES)
  const build = path.join(BUILDS, `${fingerprint}-${PLACE}`)
  const bundle = bundleIn(build)
  if (await exists(bundle.options)) {
    const now = new Date()
    await utimes(build, now, now)
    return bundle
  }
  await mkdir(BUILDS, { recursive: true })
  await removeOldBuilds()
  const unfinished = await mkdtemp(path.join(BUILDS, 'unfinished-'))
  try {
    await bundleWorker(CONFIG, unfinished, stateDir)
    // Sources that were changed meanwhile may be in it, or not.
    if ((await fingerprintOf(SOURCES)) !== fingerprint) return await buildWorker(stateDir)
    await rename(unfinished, build)
  } catch (error) {
    // Another start may have made the same meanwhile.
    if (!(await exists(bundle.options))) throw error
  } finally {
    await rm(unfinished, { recursive: true, force: true })
  }
  return bundle
}

/** Makes the bundle of the Worker that a `wrangler.toml` describes, in `folder`; of an `index.ts` other than the one that stands there, where one is given. */
export async function bundleWorker(config: string, folder: string, stateDir: string, entry?: string): Promise<WorkerBundle> {
  await makeAssetsFolder(config)
  const script = entry === undefined ? [] : [entry]
  const options = [`--config=${config}`, '--env=', '--containers-rollout=none', `--outdir=${folder}`]
  await runWrangler(['deploy', ...script, '--dry-run', ...options], stateDir)
  const bundle = bundleIn(folder)
  const program = path.join(PROJECT_ROOT, 'src/cli/miniflare-options.ts')
  const { stdout } = await promisify(execFile)(process.execPath, ['--no-warnings', program, config], { env: wranglerEnvironment(stateDir) })
  await writeFile(bundle.options, stdout)
  return bundle
}

/** Wrangler refuses to bundle where the folder is missing, of which nothing goes into the bundle: its pages may still be in the making. */
async function makeAssetsFolder(config: string): Promise<void> {
  const { assets } = z.object({ assets: z.object({ directory: z.string() }).optional() }).parse(parse(await readFile(config, 'utf8')))
  if (assets) await mkdir(path.resolve(path.dirname(config), assets.directory), { recursive: true })
}

function bundleIn(folder: string): WorkerBundle {
  return { script: path.join(folder, 'index.js'), options: path.join(folder, 'miniflare.json') }
}

async function removeOldBuilds(): Promise<void> {
  for (const name of await readdir(BUILDS)) {
    const folder = path.join(BUILDS, name)
    const age = Date.now() - (await stat(folder).catch(() => ({ mtimeMs: Date.now() }))).mtimeMs
    if (age > KEPT_MS) await rm(folder, { recursive: true, force: true })
  }
}

async function exists(file: string): Promise<boolean> {
  return (await stat(file).catch(() => null)) !== null
}
