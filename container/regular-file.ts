/** Files that strangers' commands have made, opened without trusting what they are. */
import { constants } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'

export interface RegularFile {
  handle: FileHandle
  bytes: number
}

/** Opens a regular file for reading, never through a link; null if there is none. The caller closes it. */
export async function openRegularFile(path: string): Promise<RegularFile | null> {
  let handle: FileHandle
  try {
    // Without O_NONBLOCK a named pipe would never open.
    handle = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
  } catch {
    return null
  }
  const stats = await handle.stat().catch(() => null)
  if (stats?.isFile()) return { handle, bytes: stats.size }
  await handle.close()
  return null
}
