/** The browser of the tests. */
import { existsSync } from 'node:fs'
import path from 'node:path'

/** Path of a Chromium: `CHROMIUM_PATH`, else one on the PATH. Null if there is none. */
export function findChromium(): string | null {
  const named = process.env.CHROMIUM_PATH
  if (named) return named
  const folders = (process.env.PATH ?? '').split(path.delimiter)
  const names = ['chromium', 'chromium-browser', 'google-chrome']
  return folders.flatMap((folder) => names.map((name) => path.join(folder, name))).find((file) => existsSync(file)) ?? null
}
