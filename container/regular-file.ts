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

/** Shorter than `length` where the file ends before. */
export async function readAt(handle: FileHandle, position: number, length: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(length)
  let filled = 0
  while (filled < length) {
    const { bytesRead } = await handle.read(bytes, filled, length - filled, position + filled)
    if (bytesRead === 0) break
    filled += bytesRead
  }
  return bytes.subarray(0, filled)
}
