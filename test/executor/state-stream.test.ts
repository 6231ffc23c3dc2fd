/** A job is followed by one stream of its states. */
import { once } from 'node:events'
import { get } from 'node:http'
import { setImmediate as turn } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Revision } from '../../container/revision.ts'
import { type StateStreamTimes, stateStream } from '../../container/state-stream.ts'
import { type JobState, jobStateSchema, STATES_TYPE } from '../../src/executor/protocol.ts'
import { type ExecutorProcess, startExecutor } from '../support/executor-process.ts'
import { waitUntil } from '../support/wait-until.ts'
import { endless, JobClient, LIMITS, testSource } from './job-client.ts'

const FOR_EVER = 3_600_000
const NO_TIMES: StateStreamTimes = { quiet: 0, heartbeat: FOR_EVER, whole: FOR_EVER }

/** A job that is what it is told to be. */
class TestJob {
  readonly revision = new Revision()
  phase: { state: 'RECEIVING' } | { state: 'RUNNING'; progress: null } = { state: 'RUNNING', progress: null }
  /** How many wait for it. */
  waiting = 0

  get state(): JobState {
    return { job: `${'0'.repeat(36)}.1`, revision: this.revision.value, ffmpeg_seconds: 0, ...this.phase }
  }

  async waitFor(after: number, waitMs: number, signal: AbortSignal): Promise<JobState> {
    this.waiting += 1
    await this.revision.passed(after, waitMs, signal)
    this.waiting -= 1
    return this.state
  }
}

const revisionOf = ({ value }: { value?: Uint8Array | undefined }) =>
  jobStateSchema.parse(JSON.parse(new TextDecoder().decode(value))).revision

describe('a stream of states', () => {
  test('tells the latest alone to a reader that is slower than the job', async () => {
    const job = new TestJob()
    const reader = stateStream(job, -1, NO_TIMES).getReader()
    expect(revisionOf(await reader.read())).toBe(0)
    for (let n = 0; n < 10_000; n++) job.revision.bump()
    expect(revisionOf(await reader.read())).toBe(10_000)
    const next = reader.read()
    job.revision.bump()
    expect(revisionOf(await next), 'and what comes then').toBe(10_001)
    await reader.cancel()
  })

  test('waits for nothing while nobody reads, and leaves nothing behind when its reader has gone', async () => {
    const job = new TestJob()
    const reader = stateStream(job, 0, NO_TIMES).getReader()
    await turn()
    expect(job.waiting).toBe(0)
    const read = reader.read()
    await waitUntil('it waits', async () => job.waiting === 1)
    await reader.cancel()
    await read
    await waitUntil('it waits no more', async () => job.waiting === 0)
  })

  test('says that the connection holds while nothing changes, and ends when its time is over', async () => {
    const reader = stateStream(new TestJob(), 0, { ...NO_TIMES, heartbeat: 1, whole: 50 }).getReader()
    const texts: string[] = []
    for (let read = await reader.read(); !read.done; read = await reader.read()) texts.push(new TextDecoder().decode(read.value))
    expect(texts.length).toBeGreaterThan(0)
    expect(new Set(texts)).toEqual(new Set(['\n']))
  })

  test('holds progress back for a while, and nothing else', async () => {
    const job = new TestJob()
    const reader = stateStream(job, -1, { ...NO_TIMES, quiet: FOR_EVER }).getReader()
    await reader.read()
    const next = reader.read()
    let isTold = false
    next.then(() => {
      isTold = true
    })
    for (let n = 0; n < 5; n++) {
      job.revision.bump()
      await turn()
    }
    expect(isTold).toBe(false)
    job.phase = { state: 'RECEIVING' }
    job.revision.bump()
    expect(revisionOf(await next)).toBe(6)
    await reader.cancel()
  })
})

describe('the executor', () => {
  let executor: ExecutorProcess
  beforeAll(async () => {
    executor = await startExecutor()
  })
  afterAll(() => executor.stop())

  const accept = { accept: STATES_TYPE }

  function runBody(command: string[], outputs: Record<string, string>): string {
    return JSON.stringify({ commands: [command], inputs: {}, outputs, limits: LIMITS })
  }

  async function statesOf(response: Response): Promise<JobState[]> {
    const lines = (await response.text()).split('\n').filter(Boolean)
    return lines.map((line) => jobStateSchema.parse(JSON.parse(line)))
  }

  test('answers a run with its states, from its acceptance to its end', async () => {
    const job = new JobClient(executor)
    const body = runBody(['-re', ...testSource(3), 'out.mkv'], { out: 'out.mkv' })
    const response = await fetch(`${job.url}/run`, { method: 'POST', headers: accept, body })
    expect([response.status, response.headers.get('content-type')]).toEqual([202, STATES_TYPE])
    const states = await statesOf(response)
    expect(states[0]).toMatchObject({ state: 'RUNNING' })
    expect(states.at(-1)).toMatchObject({ state: 'SUCCEEDED', outputs: { out: { filename: 'out.mkv' } } })
    const revisions = states.map(({ revision }) => revision)
    expect(revisions).toEqual([...new Set(revisions)].toSorted((a, b) => a - b))
    expect(states.filter(({ state }) => state === 'SUCCEEDED')).toHaveLength(1)
  })

  test('tells everybody who follows a job, each from where they were', async () => {
    const job = new JobClient(executor)
    const { revision } = jobStateSchema.parse(await (await job.run({ commands: [endless()] })).json())
    const streams = await Promise.all([-1, revision, revision].map((after) => fetch(`${job.url}?after=${after}`, { headers: accept })))
    await job.remove()
    for (const stream of streams) expect((await statesOf(stream)).at(-1)).toMatchObject({ state: 'FAILED', error: { code: 'CANCELLED' } })
  })

  test('answers one document to those who do not ask for a stream', async () => {
    const job = new JobClient(executor)
    const response = await job.run({ commands: [[...testSource(1), '-f', 'null', '-']] })
    expect([response.status, response.headers.get('content-type')]).toEqual([202, 'application/json'])
    expect(jobStateSchema.parse(await response.json()).state).toBe('RUNNING')
  })

  test('refuses a stream as it refuses any other answer', async () => {
    const job = new JobClient(executor)
    const [unknown, run] = await Promise.all([
      fetch(job.url, { headers: accept }),
      fetch(`${job.url}/run`, { method: 'POST', headers: accept, body: '{}' }),
    ])
    expect([unknown.status, run.status]).toEqual([404, 400])
  })

  test('goes on with a job whose follower has gone, and ends one that nobody reads of', async () => {
    const job = new JobClient(executor)
    await job.run({ commands: [['-re', ...testSource(2), '-f', 'null', '-']] })
    const [gone] = await once(get(job.url, { headers: accept }), 'response')
    await once(gone, 'data')
    gone.destroy()
    // It is never read.
    const unread = await fetch(`${job.url}?after=-1`, { headers: accept })
    expect(await job.until(({ state }) => state === 'SUCCEEDED' || state === 'FAILED')).toMatchObject({ state: 'SUCCEEDED' })
    expect((await statesOf(unread)).at(-1)).toMatchObject({ state: 'SUCCEEDED' })
  })
})
