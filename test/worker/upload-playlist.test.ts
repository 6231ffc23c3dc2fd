import { runInDurableObject } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { expect, test } from 'vitest'
import { uploadPlaylist } from '../../src/command/upload-playlist.ts'
import { Budget, OutOfBudget } from '../../src/durable/budget.ts'
import { Turns } from '../../src/durable/turns.ts'
import { StoredUploads } from '../../src/durable/upload-record.ts'
import { ExecutorClient } from '../../src/executor/client.ts'
import { ExecutorFailure } from '../../src/executor/failure.ts'
import { commandStub } from './client.ts'

const JOB = `${crypto.randomUUID()}.1`

/** An executor with a playlist of so many files, that counts what it is asked for; `broken` is a name at which it fails. */
function executorWith(count: number) {
  const asked: string[] = []
  let most = 0
  let now = 0
  const state: { broken: string | null } = { broken: null }
  const files = Array.from({ length: count }, (_, n) => ({ name: `seg ${n}.ts`, size_bytes: 5 }))
  const client = new ExecutorClient(
    {
      async fetch(request) {
        const [, name] = /\/files(?:\/(.*))?$/.exec(new URL(request.url).pathname) ?? []
        if (name === undefined) return Response.json({ files })
        const file = decodeURIComponent(name)
        asked.push(file)
        most = Math.max(most, ++now)
        await scheduler.wait(1)
        now--
        if (file === state.broken) throw new Error('broken')
        return new Response('hello')
      },
    },
    'http://executor',
    null,
  )
  return { client, asked, state, mostAtOnce: () => most }
}

const place = () => ({ alias: 'out', account: 'playlists', fileId: crypto.randomUUID() })
/** What an alarm with so many requests does of it, with the storage of an object that has nothing else to do. */
async function upload(playlist: ReturnType<typeof place>, executor: ExecutorClient, requests = 1000): Promise<void> {
  await runInDurableObject(commandStub(crypto.randomUUID()), async (_, { storage }) => {
    const budget = new Budget({ sliceMs: 3_600_000, requests })
    const rules = { partBytes: 2 ** 25, turns: new Turns(4), budget, signal: budget.signal }
    await uploadPlaylist(playlist, { executor, job: JOB, bucket: env.FILES, uploads: new StoredUploads(storage), ...rules })
    budget.close()
  })
}

async function storedBelow({ account, fileId }: { account: string; fileId: string }): Promise<number> {
  return (await env.FILES.list({ prefix: `${account}/${fileId}/` })).objects.length
}

test('files go up side by side, a few at a time', async () => {
  const executor = executorWith(30)
  const playlist = place()
  await upload(playlist, executor.client)
  expect(await storedBelow(playlist)).toBe(30)
  expect(executor.mostAtOnce()).toBeGreaterThan(1)
  expect(executor.mostAtOnce()).toBeLessThanOrEqual(4)
})

test('an alarm stores as many as it has requests for, and none is stored twice', async () => {
  const executor = executorWith(45)
  const playlist = place()
  // Two ask for what there is, and each file is read and written.
  const requests = 2 + 2 * 20
  for (const stored of [20, 40]) {
    await expect(upload(playlist, executor.client, requests)).rejects.toBeInstanceOf(OutOfBudget)
    expect(await storedBelow(playlist)).toBe(stored)
  }
  await upload(playlist, executor.client, requests)
  expect(await storedBelow(playlist)).toBe(45)
  expect(new Set(executor.asked).size).toBe(executor.asked.length)
})

test('a file that is there with another size is stored again', async () => {
  const executor = executorWith(3)
  const playlist = place()
  const key = (n: number) => `${playlist.account}/${playlist.fileId}/seg ${n}.ts`
  await env.FILES.put(key(0), 'hello')
  await env.FILES.put(key(1), 'hell')
  await upload(playlist, executor.client)
  expect(executor.asked.toSorted()).toEqual(['seg 1.ts', 'seg 2.ts'])
  expect(await (await env.FILES.get(key(1)))?.text()).toBe('hello')
})

test('an executor that breaks ends the upload at once, and the next one goes on where it was', async () => {
  const executor = executorWith(50)
  const playlist = place()
  executor.state.broken = 'seg 20.ts'
  await expect(upload(playlist, executor.client)).rejects.toThrow(ExecutorFailure)
  const before = new Set(executor.asked)
  expect(before.size).toBeLessThan(40)
  executor.state.broken = null
  await upload(playlist, executor.client)
  expect(await storedBelow(playlist)).toBe(50)
})
