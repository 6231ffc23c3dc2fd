/** A command as it goes on, by Server-Sent Events. */
import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import type { Context } from 'hono'
import { type SSEStreamingApi, streamSSE } from 'hono/streaming'
import { NEWS_TIMES, type NewsLine, newsLineSchema } from '../command/news-stream.ts'
import { log } from '../logging/log.ts'
import { LineReader } from '../outbound/lines.ts'
import { commandReply, queuePosition } from './command-reply.ts'
import { commandStub, noSuchCommand } from './command-stub.ts'
import type { ApiEnv } from './env.ts'
import { commandIdParam, notFound, requestErrors } from './responses.ts'

/** A line of the command's object has a few numbers. */
const MAX_LINE_CHARACTERS = 10_000
/** An object that says nothing for so long, not even that there is nothing new, is lost. */
const SILENCE_MS = 2.5 * NEWS_TIMES.heartbeat
/** So often in a row the command's object may be lost, as in a deployment, before the client has to come again. */
const MAX_LOSSES = 5
const LOSS_PAUSE_MS = 200

const events = createRoute({
  method: 'get',
  path: '/api/v1/commands/{command_id}/events',
  operationId: 'followCommand',
  tags: ['Commands'],
  summary: 'Follow a command',
  description:
    'Server-Sent Events. `status`: how the command stands, at first and whenever status or stage change. `progress`: FFmpeg has come further, twice a second at most. ' +
    '`end`: the poll response of the command that has ended; it is the last. Between them a comment every 15 seconds keeps the connection alive. ' +
    'Whoever comes again with the `id` of what came last as `Last-Event-ID` gets only what is new since, and 204 after `end`, so that an `EventSource` stays away.',
  request: {
    params: commandIdParam,
    headers: z.object({ 'last-event-id': z.string().optional().openapi({ description: 'The `id` of the last event that was received.' }) }),
  },
  responses: {
    200: { description: 'The events, as they happen.', content: { 'text/event-stream': { schema: z.string() } } },
    204: { description: 'The client has seen the end.' },
    ...requestErrors,
    ...notFound('No such command.'),
  },
})

export function registerCommandEvents(app: OpenAPIHono<ApiEnv>): void {
  app.openapi(events, async (c) => {
    const id = c.req.valid('param').command_id.toLowerCase()
    const seen = c.req.valid('header')['last-event-id'] || null
    const news = await commandStub(c.env, id).news(c.var.account, seen)
    if (news === null) throw noSuchCommand()
    if (news === 'seen') return c.body(null, 204)
    return streamSSE(
      c,
      (stream) => tell(c, id, seen, news, stream),
      async (error) => log('error', 'events.broken', { request_id: c.var.requestId, command_id: id, error }),
    )
  })
}

/** Writes the news since `lastSeen` until the command has ended or the client has left, with which the object's stream ends too. */
async function tell(c: Context<ApiEnv>, id: string, lastSeen: string | null, news: ReadableStream, stream: SSEStreamingApi): Promise<void> {
  let seen = lastSeen
  let lines = new LineReader(news, MAX_LINE_CHARACTERS)
  let losses = 0
  stream.onAbort(() => lines.close())
  while (!stream.aborted) {
    const line = await lines.next(SILENCE_MS).catch(() => null)
    if (stream.aborted) return
    if (line === null || !line.isWhole) {
      losses += 1
      if (losses > MAX_LOSSES) throw new Error('the command’s object was lost several times in a row')
      await scheduler.wait(LOSS_PAUSE_MS)
      const again = await commandStub(c.env, id)
        .news(c.var.account, seen)
        .catch(() => 'lost' as const)
      if (again === null || again === 'seen') return
      if (again !== 'lost') lines = new LineReader(again, MAX_LINE_CHARACTERS)
      continue
    }
    losses = 0
    if (line.text === '') {
      await stream.write(': waiting\n\n')
      continue
    }
    const { kind, mark, ...stands } = newsLineSchema.parse(JSON.parse(line.text))
    const data = kind === 'end' ? await ended(c, id) : await standing(c, id, stands)
    if (data === 'lost') {
      lines.close()
      continue
    }
    await stream.writeSSE({ event: kind, id: mark, data: JSON.stringify(data) })
    if (kind === 'end') return
    seen = mark
  }
}

/** The poll response of a command that has ended; `lost` where its object was reset just now. */
async function ended(c: Context<ApiEnv>, id: string) {
  const command = await commandStub(c.env, id)
    .read(c.var.account)
    .catch(() => 'lost' as const)
  return command === 'lost' ? command : commandReply(c, command)
}

/** How a command stands that goes on, in the names of the poll response, with what FFmpeg reports. */
async function standing(c: Context<ApiEnv>, id: string, { status, stage, progress }: Pick<NewsLine, 'status' | 'stage' | 'progress'>) {
  return {
    command_id: id,
    status,
    processing_stage: stage,
    progress: progress?.percent ?? null,
    queue_position: status === 'QUEUED' ? await queuePosition(c, id) : null,
    ffmpeg: progress && {
      command: progress.step + 1,
      frame: progress.frame,
      fps: progress.fps,
      out_time_seconds: progress.out_time_seconds,
      speed: progress.speed,
    },
  }
}
