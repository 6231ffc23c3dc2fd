/** A command as it goes on, by Server-Sent Events. */
import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import type { Context } from 'hono'
import { type SSEStreamingApi, streamSSE } from 'hono/streaming'
import type { CommandSnapshot } from '../command/command.ts'
import { newsSince } from '../command/news.ts'
import { isTerminal } from '../command/state.ts'
import { log } from '../logging/log.ts'
import { commandReply, queuePosition } from './command-reply.ts'
import { commandStub, noSuchCommand } from './command-stub.ts'
import type { ApiEnv } from './env.ts'
import { commandIdParam, notFound, requestErrors } from './responses.ts'

/** Progress is told twice a second at most. */
const QUIET_SECONDS = 0.5
/** A connection on which nothing has come for so long may be cut by whatever is in between. */
const HEARTBEAT_SECONDS = 15
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
    const { command_id: id } = c.req.valid('param')
    const seen = c.req.valid('header')['last-event-id'] || null
    const command = await commandStub(c.env, id).read(c.var.account)
    if (!command) throw noSuchCommand()
    if (isTerminal(command.state) && newsSince(seen, command.state, null) === null) return c.body(null, 204)
    return streamSSE(
      c,
      (stream) => tell(c, id, seen, stream),
      async (error) => log('error', 'events.broken', { request_id: c.var.requestId, command_id: id, error }),
    )
  })
}

/** Writes the news since `lastSeen` until the command has ended or the client has left, which is noticed with the next event or comment. */
async function tell(c: Context<ApiEnv>, id: string, lastSeen: string | null, stream: SSEStreamingApi): Promise<void> {
  let seen = lastSeen
  let quietSeconds = 0
  let losses = 0
  while (!stream.aborted) {
    const wait = { quietSeconds, seconds: HEARTBEAT_SECONDS }
    const answer = await commandStub(c.env, id)
      .waitForNews(c.var.account, seen, wait)
      .catch((error: unknown) => {
        losses += 1
        if (losses > MAX_LOSSES) throw error
        return 'lost' as const
      })
    if (answer === 'lost') {
      await scheduler.wait(LOSS_PAUSE_MS)
      continue
    }
    if (answer === null) return
    losses = 0
    const { command, news } = answer
    quietSeconds = news?.kind === 'progress' ? QUIET_SECONDS : 0
    if (news === null) {
      await stream.write(': waiting\n\n')
      continue
    }
    seen = news.mark
    const data = news.kind === 'end' ? await commandReply(c, command) : await standing(c, command)
    await stream.writeSSE({ event: news.kind, id: news.mark, data: JSON.stringify(data) })
    if (news.kind === 'end') return
  }
}

/** How a command stands that goes on, in the names of the poll response, with what FFmpeg reports. */
async function standing(c: Context<ApiEnv>, { spec, state, progress }: CommandSnapshot) {
  return {
    command_id: spec.id,
    status: state.status,
    processing_stage: state.status === 'PROCESSING' ? state.stage : null,
    progress: progress?.percent ?? null,
    queue_position: state.status === 'QUEUED' ? await queuePosition(c, spec.id) : null,
    ffmpeg: progress && {
      command: progress.step + 1,
      frame: progress.frame,
      fps: progress.fps,
      out_time_seconds: progress.out_time_seconds,
      speed: progress.speed,
    },
  }
}
