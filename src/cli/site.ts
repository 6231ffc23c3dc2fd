/** The static pages in `dist/site`, which the Worker serves. They are made where they are not what their sources would give. */
import { type FSWatcher, watch } from 'node:fs'
import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { filesBelow, fingerprintOf } from './fingerprint.ts'
import { PROJECT_ROOT } from './settings.ts'

/** Everything that the pages are made from. */
const FOLDERS = ['src/site', 'src/console', 'src/docs']
const SITE = path.join(PROJECT_ROOT, 'dist/site')
/** Beside the site, and not in it, where it would be served. */
const STAMP = path.join(PROJECT_ROOT, 'dist/site.stamp')
/** An editor writes more than once. */
const QUIET_MS = 100

/** Makes the pages unless they are up to date. Throws where their sources cannot be built. */
export async function buildSite(): Promise<void> {
  const stamp = await fingerprintOf({ folders: FOLDERS, files: ['package-lock.json'] })
  if ((await readFile(STAMP, 'utf8').catch(() => null)) === stamp) return
  // Loaded only where it is needed, since it is large.
  const { build } = await import('vite')
  await mkdir(path.dirname(SITE), { recursive: true })
  const unfinished = await mkdtemp(`${SITE}-`)
  try {
    await build({
      configFile: path.join(PROJECT_ROOT, 'src/site/vite.config.ts'),
      logLevel: 'warn',
      build: { outDir: unfinished, emptyOutDir: true },
    })
    await replaceSite(unfinished)
  } finally {
    await rm(unfinished, { recursive: true, force: true })
  }
  await writeFile(STAMP, stamp)
}

/** Makes the pages anew whenever a source of theirs changes, until `signal` aborts. `log` gets a line about each failure. */
export function watchSite(log: (line: string) => void, signal: AbortSignal): void {
  let timer: NodeJS.Timeout | undefined
  let building = Promise.resolve()
  const rebuild = async () => {
    try {
      await buildSite()
    } catch (error) {
      log(`The console could not be built: ${error instanceof Error ? error.message : error}`)
    }
  }
  const changed = () => {
    clearTimeout(timer)
    timer = setTimeout(() => {
      building = building.then(rebuild)
    }, QUIET_MS)
  }
  const watchers: FSWatcher[] = FOLDERS.map((folder) => watch(path.join(PROJECT_ROOT, folder), { recursive: true }, changed))
  signal.addEventListener('abort', () => {
    clearTimeout(timer)
    for (const watcher of watchers) watcher.close()
  })
}

/** Puts each built file in its place at once: whoever serves the folder meanwhile, or builds it too, never meets half a file. */
async function replaceSite(built: string): Promise<void> {
  const files = await filesBelow(built)
  for (const file of files) {
    await mkdir(path.dirname(path.join(SITE, file)), { recursive: true })
    await rename(path.join(built, file), path.join(SITE, file))
  }
  // What this build has not written belongs to an earlier one.
  const gone = (await filesBelow(SITE)).filter((file) => !files.includes(file))
  await Promise.all(gone.map((file) => rm(path.join(SITE, file), { force: true })))
}
