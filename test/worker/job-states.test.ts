/** A command follows its job by one stream, whatever becomes of the connection. */
import { env } from 'cloudflare:workers'
import { describe, expect, test } from 'vitest'
import { JobStates } from '../../src/command/job-states.ts'
import { Budget } from '../../src/durable/budget.ts'
import { ExecutorClient } from '../../src/executor/client.ts'
import type { JobState, RunRequest } from '../../src/executor/protocol.ts'
import { settingsOf } from '../../src/settings.ts'

const job = () => `${crypto.randomUUID()}.1`
const REQUEST: RunRequest = { commands: [['-version']], inputs: {}, outputs: {}, limits: { run_seconds: 60, disk_bytes: 1e6 } }

const budgetOf = (requests: number) => new Budget({ sliceMs: 600_000, requests })

function running(revision: number): JobState {
  return { job: job(), revision, ffmpeg_seconds: 1, state: 'RUNNING', progress: null }
}

/** An executor that answers each question by the next of these. */
function answering(...answers: (() => Response)[]) {
  const asked: string[] = []
  const transport = {
    fetch: async ({ method, url }: Request) => {
      asked.push(`${method} ${new URL(url).search}`)
      const answer = answers.shift()
      if (!answer) throw new Error('connection refused')
      return answer()
    },
  }
  return { executor: new ExecutorClient(transport, 'http://executor', null), asked }
}

/** A stream of these states, after which it is cut, or stays. */
function telling(states: JobState[], end: 'cut' | 'stays' | 'ends' = 'stays'): () => Response {
  return () => {
    const lines = states.map((state) => new TextEncoder().encode(`${JSON.stringify(state)}\n`))
    const body = new ReadableStream<Uint8Array>({
      pull(controller) {
        const line = lines.shift()
        if (line) return controller.enqueue(line)
        if (end === 'cut') return controller.error(new Error('Network connection lost.'))
        if (end === 'ends') return controller.close()
        return new Promise(() => undefined)
      },
    })
    return new Response(body)
  }
}

const revisionOf = (answer: Awaited<ReturnType<JobStates['next']>>) =>
  typeof answer === 'object' && 'state' in answer ? answer.state.revision : answer

describe('following a job', () => {
  test('costs one request for its run and all that comes of it', async () => {
    const { url = '', token = null } = settingsOf(env).executor ?? {}
    let asked = 0
    const transport = {
      fetch: (request: Request) => {
        asked += 1
        return fetch(request)
      },
    }
    const asking = { executor: new ExecutorClient(transport, url, token), budget: budgetOf(1) }
    const states = new JobStates()
    const name = job()
    const commands = [['-re', '-f', 'lavfi', '-i', 'testsrc=duration=3:size=64x64:rate=10', '-f', 'null', '-']]
    expect(await states.run(name, { ...REQUEST, commands }, asking)).toBe(true)
    const told: string[] = []
    do {
      const answer = await states.next(name, asking)
      if (typeof answer === 'string' || !('state' in answer)) throw new Error(`it ended after ${told}: ${JSON.stringify(answer)}`)
      told.push(answer.state.state)
    } while (told.at(-1) !== 'SUCCEEDED' && told.at(-1) !== 'FAILED')
    states.close()
    expect(told.at(-1)).toBe('SUCCEEDED')
    expect(told.filter((state) => state === 'RUNNING').length).toBeGreaterThan(1)
    expect(asked).toBe(1)
  })

  test('goes on where a stream was cut', async () => {
    const { executor, asked } = answering(telling([running(3), running(4)], 'cut'), telling([running(9)]))
    const asking = { executor, budget: budgetOf(10) }
    const states = new JobStates()
    const name = job()
    expect([
      revisionOf(await states.next(name, asking)),
      revisionOf(await states.next(name, asking)),
      revisionOf(await states.next(name, asking)),
    ]).toEqual([3, 4, 9])
    expect(asked).toEqual(['GET ?after=-1&wait=20', 'GET ?after=4&wait=20'])
  })

  test('asks an executor that knows of no streams for one state after the other', async () => {
    const { executor, asked } = answering(...[1, 2, 3].map((revision) => () => Response.json(running(revision))))
    const asking = { executor, budget: budgetOf(10) }
    const states = new JobStates()
    const name = job()
    for (const revision of [1, 2, 3]) expect(revisionOf(await states.next(name, asking))).toBe(revision)
    expect(asked).toEqual(['GET ?after=-1&wait=20', 'GET ?after=1&wait=20', 'GET ?after=2&wait=20'])
  })

  test('is told the end again, since whoever heard it may not have kept it', async () => {
    const ended: JobState = { job: job(), revision: 5, ffmpeg_seconds: 1, state: 'SUCCEEDED', outputs: {} }
    const { executor, asked } = answering(telling([ended], 'ends'), telling([ended], 'ends'))
    const asking = { executor, budget: budgetOf(10) }
    const states = new JobStates()
    for (let n = 0; n < 2; n++) expect(revisionOf(await states.next(ended.job, asking))).toBe(5)
    expect(asked).toEqual(['GET ?after=-1&wait=20', 'GET ?after=-1&wait=20'])
  })

  test('stops for the next alarm when the requests of this one are spent', async () => {
    const { executor, asked } = answering(telling([running(1)], 'cut'), telling([running(2)]))
    const budget = budgetOf(1)
    const states = new JobStates()
    const name = job()
    expect(revisionOf(await states.next(name, { executor, budget }))).toBe(1)
    expect(await states.next(name, { executor, budget })).toBe('later')
    expect(budget.isSpent).toBe(true)
    expect(revisionOf(await states.next(name, { executor, budget: budgetOf(1) }))).toBe(2)
    expect(asked).toEqual(['GET ?after=-1&wait=20', 'GET ?after=1&wait=20'])
  })

  test('stops when the alarm’s time is over, or whoever wanted to know needs it no more', async () => {
    for (const end of ['budget', 'signal'] as const) {
      const { executor } = answering(telling([running(1)]))
      const budget = budgetOf(10)
      const needless = new AbortController()
      const states = new JobStates()
      const name = job()
      expect(revisionOf(await states.next(name, { executor, budget }, needless.signal))).toBe(1)
      const signal = AbortSignal.any([budget.signal, needless.signal])
      const waits = states.next(name, { executor, budget }, signal)
      if (end === 'budget') budget.end()
      else needless.abort()
      expect(await waits).toBe('later')
    }
  })

  test('leaves an answer alone that comes when nobody wants to know any more, and what was asked since', async () => {
    const late = Promise.withResolvers<Response>()
    const asked = Promise.withResolvers<void>()
    let pulls = 0
    const pull = () => {
      pulls += 1
    }
    const unread = new ReadableStream({ pull }, { highWaterMark: 0 })
    const answers = [late.promise, Promise.resolve(telling([running(7), running(8)])())]
    const fetch = async () => {
      asked.resolve()
      return answers.shift() ?? new Response(null, { status: 500 })
    }
    const asking = { executor: new ExecutorClient({ fetch }, 'http://executor', null), budget: budgetOf(2) }
    const states = new JobStates()
    const name = job()
    const needless = new AbortController()
    const first = states.next(name, asking, needless.signal)
    await asked.promise
    needless.abort()
    expect(revisionOf(await states.now(name, asking))).toBe(7)
    late.resolve(new Response(unread))
    expect(await first).toBe('later')
    expect(pulls).toBe(0)
    expect(revisionOf(await states.next(name, asking))).toBe(8)
  })

  test('counts a job as lost that the executor does not know, at once', async () => {
    const unknown = () => Response.json({ error: { code: 'JOB_NOT_FOUND', message: 'there is no such job here' } }, { status: 404 })
    const { executor, asked } = answering(unknown)
    expect(await new JobStates().next(job(), { executor, budget: budgetOf(10) })).toEqual({ lost: 'there is no such job here' })
    expect(asked).toHaveLength(1)
  })

  test('counts an executor as lost that does not come back', async () => {
    const { executor, asked } = answering(telling([running(1)], 'cut'))
    const asking = { executor, budget: budgetOf(1000) }
    const states = new JobStates()
    const name = job()
    await states.next(name, asking)
    expect(await states.next(name, asking)).toEqual({ lost: 'the container is still starting' })
    expect(asked.length).toBeGreaterThan(2)
  })

  test('is a fault of ours where the executor breaks the protocol', async () => {
    const { executor } = answering(() => new Response('{"state":"DANCING"}\n'))
    await expect(new JobStates().next(job(), { executor, budget: budgetOf(10) })).rejects.toMatchObject({ fault: 'refused' })
  })
})
