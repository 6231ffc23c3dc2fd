/** Finding programs. */
import { constants } from 'node:fs'
import { access, stat } from 'node:fs/promises'
import { delimiter, resolve } from 'node:path'

/** Absolute path of an executable file: a path is taken as it is, a bare name is looked up on `searchPath`. Null if there is none. */
export async function findExecutable(nameOrPath: string, searchPath: string): Promise<string | null> {
  const candidates = nameOrPath.includes('/')
    ? [resolve(nameOrPath)]
    : searchPath
        .split(delimiter)
        .filter((folder) => folder !== '')
        .map((folder) => resolve(folder, nameOrPath))
  for (const candidate of candidates) {
    if (await isExecutable(candidate)) return candidate
  }
  return null
}

async function isExecutable(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK)
    return (await stat(path)).isFile()
  } catch {
    return false
  }
}
