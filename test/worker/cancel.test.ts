import { evictDurableObject, runInDurableObject } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { describe, expect, test } from 'vitest'
import type { CommandView } from '../../src/api/schemas.ts'
import { settle } from '../../src/command/ending.ts'
import type { CommandRecord } from '../../src/command/record.ts'
import { CommandStore } from '../../src/command/store.ts'
import { ExecutorClient } from '../../src/executor/client.ts'
import { commandStub, TestAccount, until } from './client.ts'
import { copyOf, Gate, lastingSeconds, SHORT_TONE } from './media.ts'
import { deliveriesIn, Hook } from './webhooks.ts'

const SLOTS = Number(env.MAX_CONCURRENT_COMMANDS)
/** Less than any pause that a step of a command makes by itself, and more than a busy machine takes. */
const PROMPT_MS = 8000
const CANCELLED = { status: 'FAILED', error_status: 'CANCELLED', error_message: 'the command was cancelled', output_files: {} }

async function cancel(account: TestAccount, commandId: string): Promise<CommandView> {
  const response = await account.request(`/api/v1/commands/${commandId}/cancel`, { method: 'POST' })
  expect(response.status).toBe(200)
  return response.json<CommandView>()
}

/** Takes every slot with commands like this one. */
async function fillSlots(account: TestAccount, body: () => unknown): Promise<string[]> {
  const ids: string[] = []
  for (let n = 0; n < SLOTS; n++) ids.push(await account.submit(body()))
  await until('every slot is taken', async () => (await account.list('?status=PROCESSING')).total === SLOTS)
  return ids
}

async function recordOf(commandId: string): Promise<CommandRecord> {
  const record = await runInDurableObject(commandStub(commandId), (_, state) => state.storage.kv.get<CommandRecord>('record'))
  if (!record) throw new Error('there is no such command')
  return record
}

/** Milliseconds from the cancellation of one command to the start of another. */
async function pauseBetween(cancelled: string, next: string): Promise<number> {
  const [{ state: before }, { state: after }] = [await recordOf(cancelled), await recordOf(next)]
  if (before.status !== 'FAILED' || after.status !== 'SUCCESS') throw new Error(`they are ${before.status} and ${after.status}`)
  return after.startedAt - before.endedAt
}

/** Resolves when the account holds nothing for its commands any more. */
async function untilIdle(account: TestAccount): Promise<void> {
  await until('the queue is empty', () =>
    runInDurableObject(account.stub, async (_, state) => state.storage.sql.exec('SELECT 1 FROM slot_queue').toArray().length === 0),
  )
}

async function storedBy(account: TestAccount): Promise<string[]> {
  return (await env.FILES.list({ prefix: `${account.name}/` })).objects.map(({ key }) => key)
}

test('a waiting command is cancelled at once, and those behind it move up', async () => {
  const account = await TestAccount.create()
  const gates: Gate[] = []
  const running = await fillSlots(account, () => copyOf(gates[gates.push(new Gate()) - 1]?.url ?? ''))
  const [first = '', second = '', third = ''] = [
    await account.submit(SHORT_TONE),
    await account.submit(SHORT_TONE),
    await account.submit(SHORT_TONE),
  ]
  expect(await cancel(account, second)).toMatchObject({ command_id: second, ...CANCELLED, total_processing_seconds: null })
  await until('its place is given up', async () => (await account.poll(third)).queue_position === 1)
  expect((await account.list('?status=FAILED')).commands).toMatchObject([{ command_id: second, error_status: 'CANCELLED' }])
  for (const gate of gates) await gate.open()
  for (const id of [...running, first, third]) expect((await account.ended(id)).status).toBe('SUCCESS')
})

test('a command that is downloading is cancelled, and the next starts at once', async () => {
  const account = await TestAccount.create()
  const [running = '', other = ''] = await fillSlots(account, () => copyOf(new Gate().url))
  expect(await account.reaches(running, 'DOWNLOADING')).toBe(true)
  const waiting = await account.submit(SHORT_TONE)
  expect(await cancel(account, running)).toMatchObject(CANCELLED)
  expect((await account.ended(waiting)).status).toBe('SUCCESS')
  expect(await pauseBetween(running, waiting)).toBeLessThan(PROMPT_MS)
  await cancel(account, other)
  await untilIdle(account)
})

test('a command under FFmpeg is cancelled, what FFmpeg said is kept, and the next starts at once', async () => {
  const account = await TestAccount.create()
  const [running = '', other = ''] = await fillSlots(account, () => lastingSeconds(40))
  expect(await account.reaches(running, 'FFMPEG')).toBe(true)
  await until('FFmpeg has said something', async () => (await account.log(running)).includes('Output #0'))
  const waiting = await account.submit(SHORT_TONE)
  const cancelled = await cancel(account, running)
  expect(cancelled).toMatchObject({ ...CANCELLED, processing_stage: null, progress: null })
  expect((await account.ended(waiting)).status).toBe('SUCCESS')
  expect(await pauseBetween(running, waiting)).toBeLessThan(PROMPT_MS)
  await cancel(account, other)
  await untilIdle(account)
  expect(await account.log(running)).toContain('Output #0')
  expect(await account.poll(running)).toEqual(cancelled)
})

test('a job that does not end keeps its slot no longer', async () => {
  const account = await TestAccount.create()
  const running = await fillSlots(account, () => lastingSeconds(40))
  const waiting = await account.submit(SHORT_TONE)
  const [cancelled = ''] = running
  const [{ spec }, { state }] = [await recordOf(waiting), await recordOf(cancelled)]
  if (state.status !== 'PROCESSING' || state.stage === 'QUEUED') throw new Error('it has no slot')
  const { slot } = state
  // The object of a third command ends the first in its stead, at an executor that does not answer.
  await runInDurableObject(commandStub(crypto.randomUUID()), async (_, { storage }) => {
    const stopped = Promise.withResolvers<Response>()
    const store = new CommandStore(storage)
    store.create({ ...spec, id: cancelled }, null)
    store.apply({ type: 'admitted', slot, now: Date.now() })
    store.apply({ type: 'cancelled', now: Date.now() })
    const ending = settle({ store, env, executor: () => new ExecutorClient({ fetch: () => stopped.promise }, 'http://executor', null) })
    await until('the waiting command has run', async () => (await account.poll(waiting)).status === 'SUCCESS')
    expect(store.leftJobs.all, 'the job is still to be wiped').toHaveLength(1)
    stopped.resolve(new Response(null, { status: 204 }))
    await ending
    expect([store.settled, store.leftJobs.all]).toEqual([true, []])
  })
  for (const id of running) await cancel(account, id)
  await untilIdle(account)
})

test('of a command that is storing its outputs nothing is left when it is cancelled', async () => {
  // So many take the executor a while to look at.
  const names = Array.from({ length: 20 }, (_, n) => `out_${n}`)
  const { account, id } = await until('a cancellation comes before the end', async () => {
    const owner = await TestAccount.create()
    const submitted = await owner.submit({
      output_files: Object.fromEntries(names.map((name) => [name, `${name}.wav`])),
      ffmpeg_command: `-f lavfi -i sine=d=0.1 ${names.map((name) => `{{${name}}}`).join(' ')}`,
    })
    await owner.reaches(submitted, 'UPLOADING')
    const answer = await cancel(owner, submitted)
    if (answer.status === 'SUCCESS') return false
    expect(answer).toMatchObject(CANCELLED)
    return { account: owner, id: submitted }
  })
  await untilIdle(account)
  await until('nothing is left', async () => (await storedBy(account)).length === 0)
  expect(await account.poll(id)).toMatchObject(CANCELLED)
})

test('a command between two attempts is cancelled', async () => {
  const account = await TestAccount.create()
  const running = await fillSlots(account, () => lastingSeconds(40))
  const waiting = await account.submit(SHORT_TONE)
  const attempts = { attempt: 1, lostAttempts: 1, unavailableSince: null, startedAt: Date.now() }
  const state: CommandRecord['state'] = { status: 'PROCESSING', stage: 'QUEUED', retryAt: Date.now() + 600_000, ...attempts }
  const record = await recordOf(waiting)
  await runInDurableObject(commandStub(waiting), (_, { storage }) => storage.kv.put('record', { ...record, state }))
  await evictDurableObject(commandStub(waiting))
  expect((await account.poll(waiting)).processing_stage).toBe('QUEUED')
  expect(await cancel(account, waiting)).toMatchObject(CANCELLED)
  for (const id of running) await cancel(account, id)
  await untilIdle(account)
})

test('a command whose object has died in the middle of its work is cancelled', async () => {
  const account = await TestAccount.create()
  const id = await account.submit(copyOf(new Gate().url))
  expect(await account.reaches(id, 'DOWNLOADING')).toBe(true)
  await runInDurableObject(commandStub(id), (_, state) => state.abort('killed by a test')).catch(() => undefined)
  expect(await cancel(account, id)).toMatchObject(CANCELLED)
  await untilIdle(account)
})

test('whenever it comes, a cancellation leaves a command that has ended, and slots that are free', async () => {
  const account = await TestAccount.create()
  const ids = await Promise.all(
    Array.from({ length: 12 }, async (_, n) => {
      const id = await account.submit(SHORT_TONE)
      // The alarms of those that are not cancelled right away are wherever they are by then.
      for (let polls = 0; polls < n; polls++) await account.poll(id)
      const { status, error_status } = await cancel(account, id)
      expect([status, error_status]).toEqual(status === 'SUCCESS' ? ['SUCCESS', null] : ['FAILED', 'CANCELLED'])
      return { id, status }
    }),
  )
  await untilIdle(account)
  for (const { id, status } of ids) expect((await account.poll(id)).status).toBe(status)
  const succeeded = ids.filter(({ status }) => status === 'SUCCESS').length
  await until('nothing is stored of what was cancelled', async () => (await storedBy(account)).length === succeeded)
  await account.succeed(SHORT_TONE)
})

describe('a command that has ended', () => {
  test('is answered as it is', async () => {
    const account = await TestAccount.create()
    const { command_id } = await account.succeed(SHORT_TONE)
    expect(await cancel(account, command_id)).toMatchObject({ status: 'SUCCESS', output_files: { out_tone: { status: 'STORED' } } })
  })

  test('by cancellation too, as often as it is cancelled', async () => {
    const account = await TestAccount.create()
    const id = await account.submit(copyOf(new Gate().url))
    const answers = await Promise.all(Array.from({ length: 4 }, () => cancel(account, id)))
    expect(answers).toEqual(answers.map(() => answers[0]))
    expect(await cancel(account, id)).toEqual(answers[0])
  })
})

test('a cancellation is told by webhook, once, like every end', async () => {
  const account = await TestAccount.create()
  const hook = new Hook('200')
  const id = await account.submit({ ...lastingSeconds(40), webhook_url: hook.url })
  const cancelled = await cancel(account, id)
  const [event] = await hook.arrived()
  expect(JSON.parse(event.body).data).toEqual(cancelled)
  await cancel(account, id)
  await deliveriesIn(account, id, 'delivered')
  expect(await hook.received()).toHaveLength(1)
})
