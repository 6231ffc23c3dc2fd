/** What one command takes of the platform, summed up from what the meter has read. Pure. */
import { z } from 'zod'

const CLASSES = ['Account', 'Command', 'Executor'] as const
type ObjectClass = (typeof CLASSES)[number]

/** As the metered Worker answers it. */
export const readingSchema = z.object({
  invocations: z.array(
    z.object({
      of: z.string(),
      object: z.string().nullable(),
      trigger: z.enum(['fetch', 'rpc', 'alarm', 'queue']),
      name: z.string(),
      startedAt: z.number(),
      endedAt: z.number().nullable(),
      subrequests: z.array(z.string()),
    }),
  ),
  writes: z.array(z.object({ of: z.string(), object: z.string(), what: z.string(), rows: z.number() })),
  logLines: z.number(),
})
export type Reading = z.output<typeof readingSchema>

const perClassSchema = z.object({ Account: z.number(), Command: z.number(), Executor: z.number() })
export type PerClass = z.output<typeof perClassSchema>

export const figuresSchema = z.object({
  /** Requests to objects: HTTP requests, RPCs and alarms. */
  requests: perClassSchema,
  /** How many of them are alarms. */
  alarms: perClassSchema,
  rowsWritten: perClassSchema,
  /** Seconds in which the objects are active, and paid for. */
  seconds: perClassSchema,
  /** The most that one invocation asks of objects, services and the network. */
  subrequests: z.number(),
  workerRequests: z.number(),
  kvReads: z.number(),
  /** R2's operations that change or list something, and those that read. */
  r2ClassA: z.number(),
  r2ClassB: z.number(),
  queueMessages: z.number(),
  /** Lines of ours, and one for each invocation. */
  logEvents: z.number(),
})
export type Figures = z.output<typeof figuresSchema>

/** What `npm run capacity -- --write` keeps, and the guide shows. */
export const recordedSchema = z.object({
  /** Of the counted command: how long FFmpeg takes, in seconds. */
  seconds: z.number(),
  /** From the submit to the webhook and the download. */
  command: figuresSchema,
  /** When its files expire. */
  expiry: figuresSchema,
  /** When the command itself is deleted. */
  deletion: figuresSchema,
  /** Of a command of one second, which the tests run. */
  short: figuresSchema,
})
export type Recorded = z.output<typeof recordedSchema>

/** What is compared: figures that neither the machine's pace nor the command's length should change. */
export function comparable(figures: Figures): Record<string, number> {
  return {
    'requests to objects': totalOf(figures.requests),
    alarms: totalOf(figures.alarms),
    'rows written': totalOf(figures.rowsWritten),
    'subrequests of the busiest invocation': figures.subrequests,
    'requests to the Worker': figures.workerRequests,
    'operations of R2, class A': figures.r2ClassA,
    'operations of R2, class B': figures.r2ClassB,
    'messages to queues': figures.queueMessages,
    'events in the log': figures.logEvents,
  }
}

/** Which figures have grown by more than a tenth, as lines that say from what to what. */
export function grown(before: Figures, after: Figures): string[] {
  const recorded = comparable(before)
  return Object.entries(comparable(after)).flatMap(([what, now]) => {
    const then = recorded[what] ?? 0
    return now > then * 1.1 ? [`${what}: ${then} → ${now}`] : []
  })
}

const R2_CLASS_A = ['put', 'list', 'createMultipartUpload', 'uploadPart', 'complete']
const R2_CLASS_B = ['get', 'head']

export function figuresOf({ invocations, writes, logLines }: Reading): Figures {
  const asked = invocations.flatMap(({ subrequests }) => subrequests)
  const askedOf = (service: string, operations: readonly string[]) =>
    asked.filter((what) => operations.some((operation) => what === `${service}.${operation}`)).length
  return {
    requests: perClass((of) => invocations.filter((invocation) => invocation.of === of).length),
    alarms: perClass((of) => invocations.filter((invocation) => invocation.of === of && invocation.trigger === 'alarm').length),
    rowsWritten: perClass((of) => sum(writes.filter((write) => write.of === of).map(({ rows }) => rows))),
    seconds: perClass((of) => secondsActive(invocations.filter((invocation) => invocation.of === of))),
    subrequests: Math.max(0, ...invocations.map(({ subrequests }) => subrequests.length)),
    workerRequests: invocations.filter(({ of }) => of === 'Worker').length,
    kvReads: askedOf('KV', ['get', 'getWithMetadata']),
    r2ClassA: askedOf('R2', R2_CLASS_A),
    r2ClassB: askedOf('R2', R2_CLASS_B),
    queueMessages: askedOf('Queue', ['send']),
    logEvents: logLines + invocations.length,
  }
}

/** All objects of a class together. */
export function totalOf(figures: PerClass): number {
  return sum(CLASSES.map((of) => figures[of]))
}

/** What each row was written for, the most costly first: lines such as `Command 4 put record`. */
export function rowsByCause({ writes }: Reading): string[] {
  const causes = new Map<string, number>()
  for (const { of, what, rows } of writes) {
    const cause = `${of} · ${what}`
    causes.set(cause, (causes.get(cause) ?? 0) + rows)
  }
  return [...causes].sort(([, a], [, b]) => b - a).map(([cause, rows]) => `${String(rows).padStart(3)}  ${cause}`)
}

/** Each request to an object, in order, with what it asked: lines such as `Command alarm: Account.finish`. */
export function requestsInOrder({ invocations }: Reading): string[] {
  const [first] = invocations
  return invocations.map(({ of, trigger, name, startedAt, subrequests }) => {
    const at = ((startedAt - (first?.startedAt ?? 0)) / 1000).toFixed(1).padStart(5)
    return `${at} s  ${of} ${trigger === name ? name : `${trigger} ${name}`}${subrequests.length > 0 ? `  → ${subrequests.join(', ')}` : ''}`
  })
}

/** The time in which at least one invocation of an object runs, over all objects. */
function secondsActive(invocations: Reading['invocations']): number {
  const byObject = Map.groupBy(invocations, ({ object }) => object)
  const milliseconds = [...byObject.values()].map((ofObject) => {
    let [covered, until] = [0, 0]
    for (const { startedAt, endedAt } of ofObject.toSorted((a, b) => a.startedAt - b.startedAt)) {
      // One that runs on is what a container's object does while the container idles.
      const end = endedAt ?? startedAt
      covered += Math.max(0, end - Math.max(startedAt, until))
      until = Math.max(until, end)
    }
    return covered
  })
  return sum(milliseconds) / 1000
}

function perClass(figure: (of: ObjectClass) => number): PerClass {
  return { Account: figure('Account'), Command: figure('Command'), Executor: figure('Executor') }
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0)
}
