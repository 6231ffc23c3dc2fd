/** Looks into animated WebP files, chunk by chunk. */
import type { PacketTotals } from '../src/ffmpeg/packets.ts'
import { animationReport, CHUNK_HEAD_BYTES, readCanvas, readChunk, WEBP_HEAD_BYTES } from '../src/ffmpeg/webp.ts'
import { type RegularFile, readAt } from './regular-file.ts'
import type { Workspace } from './workspace.ts'

/** Each costs one read; more of them leave it open how long the animation is. */
const MAX_CHUNKS = 10_000

/** What ffprobe would say of an animated WebP if it could read it; null for any other file. */
export async function lookIntoAnimation(
  workspace: Workspace,
  filename: string,
): Promise<{ report: unknown; packets: PacketTotals } | null> {
  const opened = await workspace.openRegular(filename)
  if (opened === null) return null
  try {
    return await readAnimation(opened)
  } finally {
    await opened.handle.close()
  }
}

async function readAnimation({ handle, bytes }: RegularFile): Promise<{ report: unknown; packets: PacketTotals } | null> {
  const canvas = readCanvas(await readAt(handle, 0, Math.min(bytes, WEBP_HEAD_BYTES)))
  if (canvas === null) return null
  const animation = { ...canvas, frames: 0, milliseconds: 0, fileBytes: bytes }
  let pixelFormat: string | null = null
  let at = canvas.next
  for (let count = 0; at < bytes && count < MAX_CHUNKS; count += 1) {
    const chunk = readChunk(await readAt(handle, at, Math.min(CHUNK_HEAD_BYTES, bytes - at)))
    if (chunk === null) break
    if (chunk.frame !== null) {
      animation.frames += 1
      animation.milliseconds += chunk.frame.milliseconds
      pixelFormat ??= chunk.frame.pixelFormat
    }
    at += chunk.bytes
  }
  const isCounted = at >= bytes
  return animationReport({ ...animation, pixelFormat, milliseconds: isCounted ? animation.milliseconds : 0 })
}
