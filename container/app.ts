/** The executor protocol's routes. */
import { createHash, timingSafeEqual } from 'node:crypto'
import type { HttpBindings } from '@hono/node-server'
import { type Context, Hono } from 'hono'
import { accepts } from 'hono/accepts'
import { bodyLimit } from 'hono/body-limit'
import type { Logger } from 'pino'
import { z } from 'zod'
import {
  jobFilenameSchema,
  jobNameSchema,
  MAX_BYTES_HEADER,
  MAX_JOB_BYTES_HEADER,
  probeRequestSchema,
  runRequestSchema,
  STATES_TYPE,
} from '../src/executor/protocol.ts'
import { FAULT_STATUS, Fault } from './fault.ts'
import type { Health } from './health.ts'
import type { Job } from './job.ts'
import type { Jobs } from './jobs.ts'
import { reasonToRefuse } from './loopback.ts'
import { sendFile } from './send-file.ts'
import { STATE_STREAM_TIMES, stateStream } from './state-stream.ts'

type Bindings = { Bindings: HttpBindings }

export interface AppOptions {
  jobs: Jobs
  health: Health
  /** Null asks no caller for one: only this machine's own programs are served then. */
  token: string | null
  /** Whether whoever gets here may be served, where there is no token. */
  trustNetwork: boolean
  /** Whether this process is about to end, and takes no more requests. */
  isShuttingDown: () => boolean
  log: Logger
}

const MAX_JSON_BYTES = 4 * 1024 ** 2
const MAX_WAIT_SECONDS = 60
/** What a client gets to take the end of a stream of states, in milliseconds. */
const UNREAD_MS = 60_000

const pollSchema = z.object({
  after: z.coerce.number().int().default(-1),
  wait: z.coerce.number().min(0).max(MAX_WAIT_SECONDS).default(0),
})
const logQuerySchema = z.object({ last: z.coerce.number().int().positive().optional() })
const byteCount = z.coerce.number().int().nonnegative().default(Number.MAX_SAFE_INTEGER)
const inputHeadersSchema = z.object({
  maxBytes: byteCount,
  maxJobBytes: byteCount,
  continues: z
    .string()
    .regex(/^bytes \d+-/, 'Content-Range must be bytes <start>-…')
    .transform((range) => {
      const [, offset, total] = /^bytes (\d+)-(?:.*\/(\d+))?/.exec(range) ?? []
      return { offset: Number(offset), totalBytes: total === undefined ? null : Number(total) }
    })
    .nullable(),
})

export function createApp({ jobs, health, token, trustNetwork, isShuttingDown, log }: AppOptions): Hono<Bindings> {
  const app = new Hono<Bindings>()

  app.onError((error, c) => {
    if (error instanceof Fault) {
      const { code, message, limit } = error
      return c.json({ error: { code, message, limit } }, FAULT_STATUS[code])
    }
    log.error({ err: error, method: c.req.method, path: c.req.path }, 'request failed')
    return c.json({ error: { code: 'INTERNAL_ERROR', message: 'the executor failed' } }, 500)
  })
  app.notFound((c) => c.json({ error: { code: 'BAD_REQUEST', message: 'there is no such endpoint' } }, 404))

  app.use('/v1/*', async (c, next) => {
    if (token !== null && !sameSecret(c.req.header('authorization') ?? '', `Bearer ${token}`)) {
      throw new Fault('UNAUTHORIZED', 'the executor token is missing or wrong')
    }
    const foreign = token === null && !trustNetwork ? reasonToRefuse(c.req.header('host'), c.req.header('origin')) : null
    if (foreign !== null) {
      throw new Fault(
        'FORBIDDEN',
        `without EXECUTOR_TOKEN only requests of this machine for itself are served, and ${foreign}; set a token`,
      )
    }
    if (isShuttingDown()) throw new Fault('SHUTTING_DOWN', 'this executor is about to end')
    await next()
  })

  app.get('/v1/health', async (c) => {
    const report = await health.check(await jobs.runningCount())
    return c.json(report, report.ok ? 200 : 503)
  })

  app.put('/v1/jobs/:job/inputs/:filename', async (c) => {
    const [name, filename] = [jobName(c), inputFilename(c)]
    const headers = parse(inputHeadersSchema, {
      maxBytes: c.req.header(MAX_BYTES_HEADER),
      maxJobBytes: c.req.header(MAX_JOB_BYTES_HEADER),
      continues: c.req.header('content-range') ?? null,
    })
    const job = await jobs.open(name)
    return c.json({ bytes: await job.receiveInput(filename, c.env.incoming, headers) })
  })

  // Answers HEAD too: its Content-Length is where an upload that was cut goes on.
  app.get('/v1/jobs/:job/inputs/:filename', async (c) => {
    const filename = inputFilename(c)
    const job = await jobs.get(jobName(c))
    return sendFile(c.env, await job.openInput(filename))
  })

  app.post('/v1/jobs/:job/run', bodyLimit({ maxSize: MAX_JSON_BYTES, onError: tooLarge }), async (c) => {
    const name = jobName(c)
    const request = parse(runRequestSchema, await c.req.json().catch(() => null))
    const job = await jobs.open(name)
    const state = await job.run(request)
    return wantsStream(c) ? sendStates(c, job, -1, 202) : c.json(state, 202)
  })

  // Saves time, and nothing else: an executor that does not know it answers 404, and the run that follows is the same.
  app.post('/v1/jobs/:job/prepare', bodyLimit({ maxSize: MAX_JSON_BYTES, onError: tooLarge }), async (c) => {
    const name = jobName(c)
    const request = parse(runRequestSchema, await c.req.json().catch(() => null))
    const job = await jobs.open(name)
    return c.json(await job.prepare(request), 202)
  })

  app.post('/v1/jobs/:job/probe', bodyLimit({ maxSize: MAX_JSON_BYTES, onError: tooLarge }), async (c) => {
    const name = jobName(c)
    const { files } = parse(probeRequestSchema, await c.req.json().catch(() => null))
    const job = await jobs.get(name)
    return c.json({ files: await job.probe(files) })
  })

  app.get('/v1/jobs/:job', async (c) => {
    const { after, wait } = parse(pollSchema, c.req.query())
    const job = await jobs.get(jobName(c))
    if (wantsStream(c)) return sendStates(c, job, after, 200)
    const gone = new AbortController()
    c.env.outgoing.once('close', () => gone.abort())
    return c.json(await job.waitFor(after, wait * 1000, gone.signal))
  })

  app.get('/v1/jobs/:job/outputs/:alias', async (c) => {
    const job = await jobs.get(jobName(c))
    return sendFile(c.env, await job.openOutput(c.req.param('alias')))
  })

  app.get('/v1/jobs/:job/outputs/:alias/files', async (c) => {
    const job = await jobs.get(jobName(c))
    return c.json(job.listOutput(c.req.param('alias')))
  })

  app.get('/v1/jobs/:job/outputs/:alias/files/:name', async (c) => {
    const job = await jobs.get(jobName(c))
    return sendFile(c.env, await job.openOutputFile(c.req.param('alias'), c.req.param('name')))
  })

  app.get('/v1/jobs/:job/log', async (c) => {
    const job = await jobs.get(jobName(c))
    return c.text(await job.readLog(parse(logQuerySchema, c.req.query()).last))
  })

  app.delete('/v1/jobs/:job', async (c) => {
    await jobs.remove(jobName(c))
    return c.body(null, 204)
  })

  return app
}

function wantsStream(c: Context<Bindings>): boolean {
  return accepts(c, { header: 'Accept', supports: ['application/json', STATES_TYPE], default: 'application/json' }) === STATES_TYPE
}

function sendStates(c: Context<Bindings>, job: Job, after: number, status: 200 | 202): Response {
  const { outgoing } = c.env
  // A client that stays and reads nothing would keep the connection for ever.
  const tooLong = setTimeout(() => outgoing.destroy(), STATE_STREAM_TIMES.whole + UNREAD_MS)
  outgoing.once('close', () => clearTimeout(tooLong))
  return c.body(stateStream(job, after), status, { 'content-type': STATES_TYPE })
}

function tooLarge(): never {
  throw new Fault('BAD_REQUEST', `a request has at most ${MAX_JSON_BYTES} bytes`)
}

function jobName(c: Context<Bindings>): string {
  return parse(jobNameSchema, c.req.param('job'))
}

function inputFilename(c: Context<Bindings>): string {
  return parse(jobFilenameSchema, c.req.param('filename'))
}

function parse<Schema extends z.ZodType>(schema: Schema, value: unknown): z.output<Schema> {
  const parsed = schema.safeParse(value)
  if (parsed.success) return parsed.data
  throw new Fault(
    'BAD_REQUEST',
    parsed.error.issues.map((issue) => [issue.path.join('.'), issue.message].filter(Boolean).join(': ')).join('; '),
  )
}

/** In constant time: hashes are of one length whatever is compared. */
function sameSecret(given: string, expected: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest()
  return timingSafeEqual(digest(given), digest(expected))
}
