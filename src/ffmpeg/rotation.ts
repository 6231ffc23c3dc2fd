/** By how much players turn a picture before they show it. */
import { z } from 'zod'

/** Degrees, with the clock. */
export const rotationSchema = z.literal([0, 90, 180, 270])
export type Rotation = z.infer<typeof rotationSchema>

/** The quarter turn that is nearest to an angle. @param degrees with the clock, any finite number */
export function rotationOf(degrees: number): Rotation {
  const turns = (((Math.round(degrees / 90) % 4) + 4) % 4) * 90
  return turns === 90 || turns === 180 || turns === 270 ? turns : 0
}

/** Whether width and height change places. */
export function turnsSideways(rotation: Rotation | null): boolean {
  return rotation === 90 || rotation === 270
}

/**
 * The rotation of a transformation matrix, as FFmpeg reads it (`av_display_rotation_get` in libavutil): of its upper left part
 * `a b / c d`, by which a track header maps a picture (ISO/IEC 14496-12, 6.2.2).
 */
export function rotationOfMatrix([a, b, c, d]: readonly [number, number, number, number]): Rotation {
  const across = Math.hypot(a, c)
  const along = Math.hypot(b, d)
  return across === 0 || along === 0 ? 0 : rotationOf((Math.atan2(b / along, a / across) * 180) / Math.PI)
}
