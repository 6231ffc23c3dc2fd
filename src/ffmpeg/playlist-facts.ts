/** What is known of a playlist whose picture and sound lie in files of their own. */
import type { MediaFacts } from './media.ts'

/** Whether there is a picture and sound among the parts, so that no other part would say more. */
export function isComplete(parts: readonly MediaFacts[]): boolean {
  return parts.some(hasPicture) && parts.some(hasSound)
}

/** The first picture with the first sound; null without parts. */
export function joinedFacts(parts: readonly MediaFacts[]): MediaFacts | null {
  const main = parts.find(hasPicture) ?? parts.find(hasSound) ?? parts[0]
  const sound = parts.find(hasSound)
  if (main === undefined || sound === undefined) return main ?? null
  const { bitrate_audio_kb, sample_rate, channels } = hasSound(main) ? main : sound
  return { ...main, bitrate_audio_kb, sample_rate, channels }
}

function hasPicture({ width }: MediaFacts): boolean {
  return width !== null
}

function hasSound({ channels }: MediaFacts): boolean {
  return channels !== null
}
