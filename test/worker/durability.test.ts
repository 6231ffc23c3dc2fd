import { evictDurableObject, runInDurableObject } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { expect, test } from 'vitest'
import type { CommandView } from '../../src/api/schemas.ts'
import { commandStub, TestAccount, until } from './client.ts'
import { copyOf, Gate, lastingSeconds, mediaUrl, SHORT_TONE } from './media.ts'

/** Links are fresh at each poll. */
function withoutLinks(command: CommandView): unknown {
  return JSON.parse(JSON.stringify(command, (key: string, value: unknown) => (key === 'storage_url' ? 'fresh' : value)))
}

/** Evicts an object that may have been evicted already. */
async function evict(stub: DurableObjectStub): Promise<void> {
  await runInDurableObject(stub, () => undefined)
  await evictDurableObject(stub)
}

/** Ends an object in the middle of what it does, as a deploy or a lost host would. */
async function kill(stub: DurableObjectStub): Promise<void> {
  const killed = runInDurableObject(stub, (_, state) => state.abort('killed by a test'))
  await expect(killed).rejects.toThrow('killed by a test')
}

async function expectOneEnd(account: TestAccount, commandId: string): Promise<void> {
  expect((await account.ended(commandId)).status).toBe('SUCCESS')
  expect((await account.list()).total).toBe(1)
  const { objects } = await env.FILES.list({ prefix: `${account.name}/` })
  expect(objects, 'one output, and nothing of a lost attempt').toHaveLength(1)
}

test('a command that has ended reads the same when its objects were evicted', async () => {
  const account = await TestAccount.create()
  const before = await account.succeed({ ...copyOf(mediaUrl('/tone.wav')), metadata: { a: [1] } })
  const log = await account.log(before.command_id)
  await evict(commandStub(before.command_id))
  await evict(account.stub)
  const after = await account.poll(before.command_id)
  expect(withoutLinks(after)).toEqual(withoutLinks(before))
  expect(await account.log(before.command_id)).toBe(log)
  const { commands } = await account.list()
  expect(commands.map(withoutLinks)).toEqual([withoutLinks(before)])
})

test('a command that has failed reads the same when its objects were evicted', async () => {
  const account = await TestAccount.create()
  const before = await account.run(copyOf(mediaUrl('/status/404')))
  await evict(commandStub(before.command_id))
  await evict(account.stub)
  expect(await account.poll(before.command_id)).toEqual(before)
  expect((await account.list()).commands).toEqual([before])
})

test('a command that was evicted right after its submit ends in SUCCESS, once', async () => {
  const account = await TestAccount.create()
  const id = await account.submit(SHORT_TONE)
  await evict(commandStub(id))
  await evict(account.stub)
  await expectOneEnd(account, id)
})

test('commands that wait keep their places when they and their account are evicted', async () => {
  const account = await TestAccount.create()
  const gates = [new Gate(), new Gate()]
  const held = await Promise.all(gates.map((gate) => account.submit(copyOf(gate.url))))
  await until('every slot is taken', async () => (await account.list('?status=PROCESSING')).total === gates.length)
  const waiting = [await account.submit(SHORT_TONE), await account.submit(SHORT_TONE)]
  const before = await Promise.all(waiting.map((id) => account.poll(id)))
  expect(before.map(({ queue_position }) => queue_position)).toEqual([0, 1])
  for (const id of waiting) await evict(commandStub(id))
  await evict(account.stub)
  expect(await Promise.all(waiting.map((id) => account.poll(id)))).toEqual(before)
  await Promise.all(gates.map((gate) => gate.open()))
  for (const id of [...held, ...waiting]) expect((await account.ended(id)).status).toBe('SUCCESS')
})

test('a command that dies in DOWNLOADING goes on, and ends in SUCCESS, once', async () => {
  const account = await TestAccount.create()
  const gate = new Gate()
  const id = await account.submit(copyOf(gate.url))
  expect(await account.reaches(id, 'DOWNLOADING')).toBe(true)
  await kill(commandStub(id))
  await kill(account.stub)
  await gate.open()
  await expectOneEnd(account, id)
})

test('a command that dies in FFMPEG goes on, and ends in SUCCESS, once', async () => {
  const account = await TestAccount.create()
  const id = await account.submit(lastingSeconds(2))
  expect(await account.reaches(id, 'FFMPEG')).toBe(true)
  await kill(commandStub(id))
  await kill(account.stub)
  await expectOneEnd(account, id)
})

test('a poll that waits is answered when the command it waits for is evicted', async () => {
  const account = await TestAccount.create()
  const gate = new Gate()
  const id = await account.submit(copyOf(gate.url))
  expect(await account.reaches(id, 'DOWNLOADING')).toBe(true)
  const waiting = account.request(`/api/v1/commands/${id}?wait=50`)
  await kill(commandStub(id))
  await gate.open()
  expect((await waiting).status).toBe(200)
})
