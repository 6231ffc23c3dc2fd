/**
 * What is new about a command, for somebody who follows it: one line of JSON for each, until it has ended. Only how things stand when a line can be
 * taken is told, so that nothing is kept for a reader who is slow.
 */
import { z } from 'zod'
import { type Progress, progressSchema } from '../executor/protocol.ts'
import { newsSince } from './news.ts'
import type { CommandState } from './state.ts'
import type { Watchers } from './watchers.ts'

/** In milliseconds. */
export interface NewsTimes {
  /** How far apart two reports of progress are at least. */
  quiet: number
  /** After how long an empty line tells that there is nothing new. A connection on which nothing comes for longer may be cut by what is in between. */
  heartbeat: number
}

export const NEWS_TIMES: NewsTimes = { quiet: 500, heartbeat: 15_000 }

/** A line of the stream. */
export const newsLineSchema = z.object({
  kind: z.enum(['status', 'progress', 'end']),
  /** `News.mark`. */
  mark: z.string(),
  status: z.enum(['QUEUED', 'PROCESSING', 'SUCCESS', 'FAILED']),
  stage: z.enum(['QUEUED', 'DOWNLOADING', 'FFMPEG', 'UPLOADING']).nullable(),
  progress: progressSchema.nullable(),
})
export type NewsLine = z.infer<typeof newsLineSchema>

/** How a command stands, as it can be looked at whenever its watchers are told of a change; null where it is no more. */
export type Look = () => { state: CommandState; progress: Progress | null } | null

const utf8 = new TextEncoder()

/** The news since the mark `lastSeen`. Nothing is waited for but while somebody reads, and a reader that cancels leaves nothing behind. */
export function newsStream(
  look: Look,
  watchers: Watchers,
  lastSeen: string | null,
  times: NewsTimes = NEWS_TIMES,
): ReadableStream<Uint8Array> {
  let seen = lastSeen
  let quietUntil = 0
  let isGone = false

  function isOver(): boolean {
    return isGone || look() === null
  }

  function line(withProgress: boolean): NewsLine | null {
    const stands = look()
    if (stands === null) return null
    const { state, progress } = stands
    const news = newsSince(seen, state, withProgress ? progress : null)
    return news && { ...news, status: state.status, stage: state.status === 'PROCESSING' ? state.stage : null, progress }
  }

  return new ReadableStream({
    type: 'bytes',
    async pull(controller) {
      await watchers.until(() => isOver() || line(false) !== null, Math.max(0, quietUntil - Date.now()))
      await watchers.until(() => isOver() || line(true) !== null, times.heartbeat)
      if (isGone) return
      const told = line(true)
      if (told !== null || !isOver()) controller.enqueue(utf8.encode(told === null ? '\n' : `${JSON.stringify(told)}\n`))
      if (told !== null) {
        seen = told.mark
        quietUntil = told.kind === 'progress' ? Date.now() + times.quiet : 0
      }
      if (told?.kind === 'end' || isOver()) controller.close()
    },
    cancel() {
      isGone = true
      watchers.changed()
    },
  })
}
