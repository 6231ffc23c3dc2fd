/**
 * Reads the structure of MP4 and QuickTime files (ISO/IEC 14496-12): how long a movie and its tracks are, and what is in them.
 * No count is believed that the bytes at hand do not bear out; what is unclear or missing makes the answer null.
 */
import { type Rotation, rotationOfMatrix } from './rotation.ts'

/** Enough for the header of any box, and for the brand that a file type box begins with. */
export const BOX_HEAD_BYTES = 16

export interface BoxHead {
  type: string
  /** Of the header alone. */
  headerBytes: number
  /** Of the whole box. */
  bytes: number
}

/**
 * Reads the head of a box. Null if the box does not fit into what holds it, or leaves its end open (a size of 0).
 * @param head the box's first bytes, `BOX_HEAD_BYTES` or all that are left
 * @param left bytes from the box's start to the end of what holds it
 */
export function readBoxHead(head: Uint8Array, left: number): BoxHead | null {
  const view = viewOf(head)
  if (view.byteLength < 8) return null
  const short = view.getUint32(0)
  const type = fourCharacters(view, 4)
  if (short === 1 && view.byteLength < 16) return null
  const headerBytes = short === 1 ? 16 : 8
  const bytes = short === 1 ? Number(view.getBigUint64(8)) : short
  return bytes >= headerBytes && bytes <= left ? { type, headerBytes, bytes } : null
}

/** The major brand, from the first bytes of a file type box (`ftyp`). */
export function majorBrand(head: Uint8Array): string | null {
  return head.byteLength < 12 ? null : fourCharacters(viewOf(head), 8)
}

export interface Movie extends Timing {
  tracks: Track[]
}

export interface Track {
  /** By how much its picture is turned before it is shown. */
  rotation: Rotation
  /** `vide`, `soun`, `sbtl`, `text` or another. */
  handler: string
  /** Four characters that name the coding, such as `avc1`. */
  sampleEntry: string
  /** As the track's media header has it. */
  media: Timing
  samples: number
  /** Of all samples together. */
  sampleBytes: number
  /** Of all samples together, in the media's timescale. */
  sampleDuration: number
  /** The duration of all samples if they are equal, else null. */
  sampleDelta: number | null
}

export interface Timing {
  /** Units in a second. */
  timescale: number
  duration: number
}

/**
 * Reads the body of a `moov` box. Null for a movie in fragments (`mvex`), for one with tracks that refer to each other (`tref`), that start
 * late or are put together from parts (`elst`), for one that is turned as a whole, and wherever the boxes contradict each other.
 */
export function readMovie(moov: Uint8Array): Movie | null {
  const boxes = childBoxes(viewOf(moov))
  if (boxes === null || boxes.has('mvex')) return null
  const header = readTiming(sole(boxes, 'mvhd'))
  if (!isUpright(sole(boxes, 'mvhd'))) return null
  const tracks = (boxes.get('trak') ?? []).map(readTrack).filter((track) => track !== null)
  return header === null || tracks.length !== boxes.get('trak')?.length ? null : { ...header, tracks }
}

function readTrack(trak: DataView): Track | null {
  const boxes = childBoxes(trak)
  const media = childBoxes(sole(boxes, 'mdia'))
  const table = childBoxes(sole(childBoxes(sole(media, 'minf')), 'stbl'))
  const handler = sole(media, 'hdlr')
  const timing = readTiming(sole(media, 'mdhd'))
  const sampleEntry = readSampleEntry(sole(table, 'stsd'))
  const sizes = readSizes(sole(table, 'stsz'))
  const times = readTimes(sole(table, 'stts'))
  if (boxes === null || boxes.has('tref') || !isInOnePiece(boxes) || handler === null || handler.byteLength < 12) return null
  if (timing === null || sampleEntry === null || sizes === null || times === null || sizes.samples !== times.samples) return null
  return {
    rotation: readRotation(boxes.get('tkhd') ?? []),
    handler: fourCharacters(handler, 8),
    sampleEntry,
    media: timing,
    samples: sizes.samples,
    sampleBytes: sizes.bytes,
    sampleDuration: times.duration,
    sampleDelta: times.delta,
  }
}

/** Bytes of a movie header before its matrix (8.2.2), by its version. */
const MOVIE_MATRIX_AT = [36, 48] as const
/** Bytes of a track header before its matrix (8.3.2), by its version. */
const TRACK_MATRIX_AT = [40, 52] as const

function isUpright(mvhd: DataView | null): boolean {
  const matrix = mvhd === null ? null : readMatrix(mvhd, MOVIE_MATRIX_AT)
  return matrix === null || (matrix[0] >= 0 && matrix[1] === 0 && matrix[2] === 0 && matrix[3] >= 0)
}

/** A track without a header of its own is shown as it is. */
function readRotation([tkhd]: readonly DataView[]): Rotation {
  const matrix = tkhd === undefined ? null : readMatrix(tkhd, TRACK_MATRIX_AT)
  return matrix === null ? 0 : rotationOfMatrix(matrix)
}

/** The part of a matrix that turns and stretches, without scale: fixed-point numbers of one kind. Null where the header ends before it. */
function readMatrix(header: DataView, [short, long]: readonly [number, number]): [number, number, number, number] | null {
  const at = header.byteLength > 0 && header.getUint8(0) === 1 ? long : short
  if (header.byteLength < at + 20) return null
  return [header.getInt32(at), header.getInt32(at + 4), header.getInt32(at + 12), header.getInt32(at + 16)]
}

/** Whether the track is to be shown from the movie's start on, without a gap: its edit list, if there is any, has one entry with a start in the media. */
function isInOnePiece(trak: ReadonlyMap<string, DataView[]>): boolean {
  if (!trak.has('edts')) return true
  const edits = sole(childBoxes(sole(trak, 'edts')), 'elst')
  if (edits === null || edits.byteLength < 8 || edits.getUint32(4) !== 1) return false
  const at = edits.getUint8(0) === 1 ? 16 : 12
  // An empty edit, one that shows nothing for a while, has the start -1.
  return edits.byteLength >= at + 4 && edits.getInt32(at) >= 0
}

const MAX_INT32 = 2 ** 31 - 1

/** Movie and media headers begin alike: version, times of creation and change, timescale, duration. */
function readTiming(view: DataView | null): Timing | null {
  if (view === null || view.byteLength < 4) return null
  const version = view.getUint8(0)
  const at = version === 1 ? 20 : 12
  if (version > 1 || view.byteLength < at + (version === 1 ? 12 : 8)) return null
  const timescale = view.getUint32(at)
  const duration = version === 1 ? Number(view.getBigUint64(at + 4)) : view.getUint32(at + 4)
  // All bits set say that the duration is not known.
  if (version === 0 && duration === 2 ** 32 - 1) return null
  return timescale > 0 && timescale <= MAX_INT32 && duration > 0 && Number.isSafeInteger(duration) ? { timescale, duration } : null
}

function readSampleEntry(stsd: DataView | null): string | null {
  return stsd === null || stsd.byteLength < 16 || stsd.getUint32(4) !== 1 ? null : fourCharacters(stsd, 12)
}

function readSizes(stsz: DataView | null): { samples: number; bytes: number } | null {
  if (stsz === null || stsz.byteLength < 12) return null
  const size = stsz.getUint32(4)
  const samples = stsz.getUint32(8)
  let bytes = size * samples
  if (size === 0) {
    if (stsz.byteLength !== 12 + samples * 4) return null
    for (let at = 12; at < stsz.byteLength; at += 4) bytes += stsz.getUint32(at)
  }
  return Number.isSafeInteger(bytes) ? { samples, bytes } : null
}

function readTimes(stts: DataView | null): { samples: number; duration: number; delta: number | null } | null {
  if (stts === null || stts.byteLength < 16 || stts.byteLength !== 8 + stts.getUint32(4) * 8) return null
  const first = stts.getUint32(12)
  let samples = 0
  let duration = 0
  let equal = true
  for (let at = 8; at < stts.byteLength; at += 8) {
    const delta = stts.getUint32(at + 4)
    // Some writers mean a negative number by a large one, and FFmpeg then mends the times in its own way.
    if (delta > MAX_INT32) return null
    samples += stts.getUint32(at)
    duration += stts.getUint32(at) * delta
    equal &&= delta === first
  }
  // Sums only grow, so one that is exact at the end has been exact throughout.
  if (samples === 0 || samples > MAX_INT32 || duration === 0 || !Number.isSafeInteger(duration)) return null
  return { samples, duration, delta: equal ? first : null }
}

/** More boxes than this stand side by side in no movie of ours. */
const MAX_CHILDREN = 1000

/** The boxes that fill `view`, by type; null if they do not fill it exactly. */
function childBoxes(view: DataView | null): Map<string, DataView[]> | null {
  if (view === null) return null
  const boxes = new Map<string, DataView[]>()
  let at = 0
  for (let count = 0; at < view.byteLength; count += 1) {
    const left = view.byteLength - at
    const head = readBoxHead(new Uint8Array(view.buffer, view.byteOffset + at, Math.min(BOX_HEAD_BYTES, left)), left)
    if (head === null || count === MAX_CHILDREN) return null
    const body = new DataView(view.buffer, view.byteOffset + at + head.headerBytes, head.bytes - head.headerBytes)
    boxes.set(head.type, [...(boxes.get(head.type) ?? []), body])
    at += head.bytes
  }
  return boxes
}

/** The one box of its type; null if there is none, or another. */
function sole(boxes: ReadonlyMap<string, DataView[]> | null, type: string): DataView | null {
  const found = boxes?.get(type) ?? []
  return found.length === 1 ? (found[0] ?? null) : null
}

function fourCharacters(view: DataView, at: number): string {
  return String.fromCharCode(view.getUint8(at), view.getUint8(at + 1), view.getUint8(at + 2), view.getUint8(at + 3))
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
