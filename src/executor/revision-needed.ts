/** Which executors can run a command. */
import { readsScripts } from '../ffmpeg/scripts.ts'
import type { RunRequest } from './protocol.ts'

/**
 * The revision of the protocol that an executor must have to run this as it is meant. One of an older revision would run it too: an ffprobe
 * command by FFmpeg, and one that reads a list, a playlist or a graph without judging that.
 */
export function revisionNeeded({ commands, programs }: Pick<RunRequest, 'commands' | 'programs'>): number {
  return programs?.includes('ffprobe') || commands.some(readsScripts) ? 2 : 1
}
