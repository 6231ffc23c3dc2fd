/**
 * Reads the structure of animated WebP files (RFC 9649, 2), which FFmpeg writes, and no release of ffprobe before 8 can read.
 * The answers have the shape that ffprobe's reports have.
 */
import type { PacketTotals } from './packets.ts'

/** Enough for the file's header and the whole of the chunk that tells of an animation. */
export const WEBP_HEAD_BYTES = 30
/** Enough for the head of any chunk; of a frame's, for its duration and the head of what it holds as well. */
export const CHUNK_HEAD_BYTES = 28

export interface Canvas {
  /** Pixels. */
  width: number
  height: number
  /** Where the first chunk after the canvas begins. */
  next: number
}

export interface Chunk {
  /** Of the whole chunk, with the byte that pads it. */
  bytes: number
  /** Null for a chunk that is no frame. */
  frame: { milliseconds: number; pixelFormat: string | null } | null
}

/** Of an animation; null for any other file. @param head the file's first bytes */
export function readCanvas(head: Uint8Array): Canvas | null {
  const view = viewOf(head)
  if (view.byteLength < WEBP_HEAD_BYTES || name(view, 0) !== 'RIFF' || name(view, 8) !== 'WEBP' || name(view, 12) !== 'VP8X') return null
  const isAnimation = (view.getUint8(20) & 0x02) !== 0
  const next = 20 + padded(view.getUint32(16, true))
  return isAnimation && next >= WEBP_HEAD_BYTES ? { width: uint24(view, 24) + 1, height: uint24(view, 27) + 1, next } : null
}

/** Null where the file ends. @param head the chunk's first bytes, `CHUNK_HEAD_BYTES` or all that are left */
export function readChunk(head: Uint8Array): Chunk | null {
  const view = viewOf(head)
  if (view.byteLength < 8) return null
  const bytes = 8 + padded(view.getUint32(4, true))
  if (name(view, 0) !== 'ANMF' || view.byteLength < CHUNK_HEAD_BYTES) return { bytes, frame: null }
  return { bytes, frame: { milliseconds: uint24(view, 20), pixelFormat: PIXEL_FORMATS.get(name(view, 24)) ?? null } }
}

/** What FFmpeg's decoder makes of a frame, by the chunk that it begins with. */
const PIXEL_FORMATS: ReadonlyMap<string, string> = new Map([
  ['VP8 ', 'yuv420p'],
  ['ALPH', 'yuva420p'],
  ['VP8L', 'argb'],
])

export interface Animation extends Canvas {
  frames: number
  milliseconds: number
  pixelFormat: string | null
  fileBytes: number
}

/** What ffprobe would say of the animation. */
export function animationReport(animation: Animation): { report: unknown; packets: PacketTotals } {
  const { width, height, frames, milliseconds, pixelFormat, fileBytes } = animation
  const seconds = milliseconds / 1000
  const picture = { index: 0, codec_type: 'video', codec_name: 'webp', width, height, avg_frame_rate: `${frames * 1000}/${milliseconds}` }
  const stream = { packets: frames, bytes: fileBytes, duration: seconds, span: null }
  return {
    report: { format: { format_name: 'webp' }, streams: [pixelFormat === null ? picture : { ...picture, pix_fmt: pixelFormat }] },
    packets: { streams: new Map([[0, stream]]), whole: true, fileBytes, extent: null },
  }
}

/** A chunk of an odd number of bytes is followed by one more. */
function padded(bytes: number): number {
  return bytes + (bytes % 2)
}

function uint24(view: DataView, at: number): number {
  return view.getUint16(at, true) + view.getUint8(at + 2) * 2 ** 16
}

function name(view: DataView, at: number): string {
  return String.fromCharCode(view.getUint8(at), view.getUint8(at + 1), view.getUint8(at + 2), view.getUint8(at + 3))
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
