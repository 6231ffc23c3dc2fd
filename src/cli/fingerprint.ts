/** Tells whether what was built is what its sources would give. */
import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import { PROJECT_ROOT } from './settings.ts'

/** A digest of the names and contents of the files in `folders` and below, and of `files`; all are paths within the project. */
export async function fingerprintOf({ folders, files }: { folders: readonly string[]; files: readonly string[] }): Promise<string> {
  const digest = createHash('sha256')
  const inFolders = await Promise.all(folders.map(async (folder) => (await filesBelow(folder)).map((file) => path.join(folder, file))))
  for (const file of [...files, ...inFolders.flat()]) {
    digest.update(`${file}\0`)
    digest.update(await readFile(path.join(PROJECT_ROOT, file)))
  }
  return digest.digest('hex')
}

/** Files in a folder and all below, as paths from there, sorted. */
export async function filesBelow(folder: string): Promise<string[]> {
  const root = path.resolve(PROJECT_ROOT, folder)
  const entries = await readdir(root, { recursive: true, withFileTypes: true })
  const files = entries.filter((entry) => entry.isFile())
  return files.map((entry) => path.relative(root, path.join(entry.parentPath, entry.name))).sort()
}
