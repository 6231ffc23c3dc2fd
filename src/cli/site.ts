/** The static pages in `dist/site`, which the Worker serves. They are made where they are not what their sources would give. */
import { type FSWatcher, watch } from 'node:fs'
import { readFile, rm, writeFile } from 'node:fs/promises'
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
  const outcome = await build({ configFile: path.join(PROJECT_ROOT, 'src/site/vite.config.ts'), logLevel: 'warn' })
  if (!('output' in outcome)) throw new Error('vite built more than one site')
  const copied = await filesBelow(path.join(PROJECT_ROOT, 'src/site/public'))
  await removeAllBut(new Set([...outcome.output.map((file) => file.fileName), ...copied]))
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

/** What this build has not written belongs to an earlier one. */
async function removeAllBut(written: ReadonlySet<string>): Promise<void> {
  const gone = (await filesBelow(SITE)).filter((file) => !written.has(file))
  await Promise.all(gone.map((file) => rm(path.join(SITE, file))))
}
