import { runInDurableObject } from 'cloudflare:test'
import { expect, test, vi } from 'vitest'
import { FORGOTTEN_AFTER_MS, LeftJobs } from '../../../src/durable/left-jobs.ts'
import { ExecutorClient } from '../../../src/executor/client.ts'
import { commandStub } from '../client.ts'

const JOB = { slot: 1, name: `${crypto.randomUUID()}.1` }

async function withJobs<T>(act: (jobs: LeftJobs, storage: DurableObjectStorage) => Promise<T>): Promise<T> {
  return runInDurableObject(commandStub(crypto.randomUUID()), (_, { storage }) => act(new LeftJobs(storage), storage))
}

/** An executor that answers every request in this way, and counts them. */
function executorThat(answer: () => Response | Promise<Response>) {
  const fetch = vi.fn(async () => answer())
  return { fetch, executor: () => new ExecutorClient({ fetch }, 'http://executor', null) }
}

const gone = () => new Response(null, { status: 204 })
const silent = () => {
  throw new Error('Network connection lost.')
}

test('a job is remembered until its executor has confirmed that it is gone', () =>
  withJobs(async (jobs, storage) => {
    jobs.leave(JOB)
    expect([jobs.hasUntried, new LeftJobs(storage).all]).toMatchObject([true, [JOB]])
    const { executor, fetch } = executorThat(gone)
    await jobs.wipe(executor)
    expect(fetch).toHaveBeenCalledTimes(1)
    expect([jobs.all, jobs.dueAt]).toEqual([[], null])
  }))

test('a job that was left before a deployment is wiped after it', () =>
  withJobs(async (_, storage) => {
    storage.kv.put('job', JOB)
    const jobs = new LeftJobs(storage)
    expect([jobs.all, new LeftJobs(storage).all]).toMatchObject([[JOB], [JOB]])
    await jobs.wipe(executorThat(gone).executor)
    expect(new LeftJobs(storage).all).toEqual([])
  }))

test('a DELETE that was not answered is made again later, again and again, and not at once', () =>
  withJobs(async (jobs) => {
    jobs.leave(JOB)
    const { executor } = executorThat(silent)
    await jobs.wipe(executor)
    expect(jobs.hasUntried, 'whoever waits for the slot waits no longer').toBe(false)
    expect(jobs.dueAt).toBeGreaterThan(Date.now())
    const early = executorThat(gone)
    await jobs.wipe(early.executor)
    expect(early.fetch).not.toHaveBeenCalled()
    expect(jobs.all).toMatchObject([JOB])
  }))

test('one that its executor never confirms is given up when the executor has swept it by itself', () =>
  withJobs(async (jobs, storage) => {
    const now = Date.now()
    storage.kv.put('left_jobs', [{ ...JOB, leftAt: now - FORGOTTEN_AFTER_MS, failures: 80, dueAt: now }])
    await jobs.wipe(executorThat(silent).executor)
    expect(jobs.all).toEqual([])
  }))

test('jobs of several attempts are wiped each for itself, at the executor of its slot', () =>
  withJobs(async (jobs) => {
    const others = [2, 3].map((slot) => ({ slot, name: `${crypto.randomUUID()}.${slot}` }))
    for (const job of [JOB, ...others, JOB]) jobs.leave(job)
    expect(jobs.all).toHaveLength(3)
    const executors = new Map([
      [1, executorThat(silent)],
      [2, executorThat(gone)],
      [3, executorThat(gone)],
    ])
    await jobs.wipe((slot) => {
      const found = executors.get(slot)
      if (!found) throw new Error(`no job was left in slot ${slot}`)
      return found.executor()
    })
    expect(jobs.all).toMatchObject([JOB])
  }))

test('a job that is left while others are being wiped is not forgotten with them', () =>
  withJobs(async (jobs) => {
    jobs.leave(JOB)
    const answered = Promise.withResolvers<Response>()
    const wiping = jobs.wipe(executorThat(() => answered.promise).executor)
    const later = { slot: 1, name: `${crypto.randomUUID()}.2` }
    jobs.leave(later)
    answered.resolve(gone())
    await wiping
    expect(jobs.all).toMatchObject([later])
  }))
