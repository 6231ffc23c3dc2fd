import { runInDurableObject } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { expect, test } from 'vitest'
import { AdmissionQueue, LEASE_MS } from '../../src/account/admission.ts'
import type { CommandRecord, CommandSpec } from '../../src/command/record.ts'
import { INITIAL_STATE } from '../../src/command/state.ts'
import { commandStub, ORIGIN, TestAccount, until } from './client.ts'
import { FilesClient } from './files-client.ts'
import { copyOf, Gate, lastingSeconds, mediaUrl, SHORT_TONE } from './media.ts'

const SLOTS = Number(env.MAX_CONCURRENT_COMMANDS)

/** Takes every slot of the account until `open` is called. */
async function fillSlots(account: TestAccount): Promise<{ ids: string[]; open: () => Promise<unknown> }> {
  const gates = Array.from({ length: SLOTS }, () => new Gate())
  const ids: string[] = []
  for (const gate of gates) ids.push(await account.submit(copyOf(gate.url)))
  await until('every slot is taken', async () => (await account.list('?status=PROCESSING')).total === SLOTS)
  return { ids, open: () => Promise.all(gates.map((gate) => gate.open())) }
}

/** When the command was admitted and when it ended, in ms since the epoch. */
async function lifeOf(commandId: string): Promise<{ startedAt: number; endedAt: number }> {
  const record = await runInDurableObject(commandStub(commandId), (_, state) => state.storage.kv.get<CommandRecord>('record'))
  if (record?.state.status !== 'SUCCESS') throw new Error(`command ${commandId} is ${record?.state.status}`)
  return record.state
}

/** Makes a lease look as if it had run out at `at`, in ms since the epoch, and lets the account notice. */
async function expireLease(account: TestAccount, commandId: string, at: number): Promise<void> {
  await runInDurableObject(account.stub, async (instance, state) => {
    state.storage.sql.exec('UPDATE slot_queue SET lease_expires = ? WHERE id = ?', at, commandId)
    await instance.alarm()
  })
}

/** A place in the queue without a command: what a crash in the middle of a submit leaves behind. */
async function enqueueGhost(account: TestAccount, createdAt = Date.now()): Promise<string> {
  const spec: CommandSpec = {
    id: crypto.randomUUID(),
    account: account.name,
    type: 'FFMPEG_COMMAND',
    request: { input_files: {}, output_files: {}, ffmpeg_command: '' },
    compiled: { argvs: [], inputs: {}, outputs: {} },
    metadata: '{}',
    webhookUrl: null,
    maxRunSeconds: 1,
    createdAt,
    origin: ORIGIN,
  }
  await account.stub.enqueue({ spec, state: INITIAL_STATE, deletedFiles: [] })
  return spec.id
}

/** A command that needs no input, as a submit would store it. */
async function shortTone(account: TestAccount): Promise<CommandSpec> {
  const id = (await account.succeed(SHORT_TONE)).command_id
  const record = await runInDurableObject(commandStub(id), (_, state) => state.storage.kv.get<CommandRecord>('record'))
  if (!record) throw new Error('the command is not stored')
  return { ...record.spec, id: crypto.randomUUID(), createdAt: Date.now() }
}

test('no more commands run at the same time than there are slots', async () => {
  const account = await TestAccount.create()
  const ids: string[] = []
  for (let n = 0; n < 3 * SLOTS; n++) ids.push(await account.submit(lastingSeconds(0.3)))
  for (const id of ids) expect((await account.ended(id)).status).toBe('SUCCESS')

  const lives = await Promise.all(ids.map(lifeOf))
  for (const { startedAt } of lives) {
    const together = lives.filter((other) => other.startedAt <= startedAt && startedAt < other.endedAt)
    expect(together.length).toBeLessThanOrEqual(SLOTS)
  }
})

test('a slot that becomes free goes to the command that has waited longest', async () => {
  const account = await TestAccount.create()
  const gates = Array.from({ length: SLOTS + 3 }, () => new Gate())
  const ids: string[] = []
  for (const gate of gates) ids.push(await account.submit(copyOf(gate.url)))
  for (const [n, gate] of gates.entries()) {
    const running = ids.slice(n, n + SLOTS)
    await until(`the next ${SLOTS} run`, async () => {
      const { commands } = await account.list('?status=PROCESSING')
      return commands.length === running.length && commands.every(({ command_id }) => running.includes(command_id))
    })
    await gate.open()
  }
  for (const id of ids) expect((await account.ended(id)).status).toBe('SUCCESS')
})

test('a waiting command tells how many are ahead of it', async () => {
  const account = await TestAccount.create()
  const held = await fillSlots(account)
  const waiting: string[] = []
  for (let n = 0; n < 3; n++) waiting.push(await account.submit(SHORT_TONE))
  const polls = await Promise.all(waiting.map((id) => account.poll(id)))
  expect(polls.map(({ status, queue_position }) => [status, queue_position])).toEqual([
    ['QUEUED', 0],
    ['QUEUED', 1],
    ['QUEUED', 2],
  ])
  await held.open()
  const ends = await Promise.all(waiting.map((id) => account.ended(id)))
  expect(ends.map(({ status, queue_position }) => [status, queue_position])).toEqual(waiting.map(() => ['SUCCESS', null]))
})

test('a command whose turn comes in the middle of its submit takes it as soon as it is stored', async () => {
  const account = await TestAccount.create()
  const spec = await shortTone(account)
  const held = await fillSlots(account)
  // What a submit does, with the ends of other commands between its two halves.
  const outcome = await account.stub.submit([{ spec, state: INITIAL_STATE, deletedFiles: [] }], null)
  expect(outcome).toMatchObject({ kind: 'accepted', admissions: { [spec.id]: { kind: 'waiting' } } })
  await held.open()
  for (const id of held.ids) await account.ended(id)
  expect(await commandStub(spec.id).poke(0), 'it is not stored yet').toBe(false)
  await commandStub(spec.id).submit(spec, { kind: 'waiting' })
  const alarm = await runInDurableObject(commandStub(spec.id), (_, state) => state.storage.getAlarm())
  expect(alarm ?? 0, 'it does not sleep').toBeLessThan(Date.now() + LEASE_MS)
  expect((await account.ended(spec.id)).status).toBe('SUCCESS')
})

test('a command whose wake-up was lost in a crash is woken when its lease has run out', async () => {
  const account = await TestAccount.create()
  const held = await fillSlots(account)
  const waiting = await account.submit(SHORT_TONE)
  // What a crash leaves that comes after the slot was given, and before anybody was told.
  await runInDurableObject(account.stub, (_, { storage }) => {
    const queue = new AdmissionQueue(storage.sql, 60_000)
    queue.release(held.ids[0] ?? '', Date.now())
    expect(queue.admitWaiting(SLOTS, Date.now())).toMatchObject([{ id: waiting }])
  })
  expect((await account.poll(waiting)).status).toBe('QUEUED')
  const alarm = await runInDurableObject(commandStub(waiting), (_, { storage }) => storage.getAlarm())
  expect(alarm, 'it sleeps').toBeGreaterThan(Date.now() + LEASE_MS)
  await expireLease(account, waiting, Date.now() - 1)
  expect((await account.ended(waiting)).status).toBe('SUCCESS')
  await held.open()
  for (const id of held.ids) expect((await account.ended(id)).status).toBe('SUCCESS')
})

test('a command whose slot was taken back is told, and leaves what it does there at once', async () => {
  const account = await TestAccount.create()
  const held = await fillSlots(account)
  const [silent = ''] = held.ids
  const waiting = await account.submit(copyOf(new Gate().url))
  await runInDurableObject(account.stub, (_, { storage }) => storage.sql.exec('UPDATE slot_queue SET reminded = 1 WHERE id = ?', silent))
  await expireLease(account, silent, Date.now() - 1)
  expect(await account.reaches(waiting, 'DOWNLOADING')).toBe(true)
  // Long before it would have renewed its lease by itself.
  const state = await runInDurableObject(commandStub(silent), (_, { storage }) => storage.kv.get<CommandRecord>('record')?.state)
  expect(state).toMatchObject({ status: 'PROCESSING', stage: 'QUEUED', lostAttempts: 1 })
  for (const id of [...held.ids, waiting]) await account.cancel(id)
  await held.open()
})

test('a stored file that waits sleeps until its account tells it of its slot', async () => {
  const account = await TestAccount.create()
  const files = new FilesClient(account)
  const held = await fillSlots(account)
  const { file_id } = await files.upload('hello', 'a.txt')
  await until('the file waits', () =>
    runInDurableObject(
      account.stub,
      async (_, { storage }) => storage.sql.exec('SELECT 1 FROM slot_queue WHERE id = ? AND slot IS NULL', file_id).toArray().length > 0,
    ),
  )
  await held.open()
  await files.probed(file_id)
  for (const id of held.ids) expect((await account.ended(id)).status).toBe('SUCCESS')
})

test('a command that fails gives its slot to the next', async () => {
  const account = await TestAccount.create()
  for (let n = 0; n < 2 * SLOTS; n++) await account.submit(copyOf(mediaUrl('/status/404')))
  await account.succeed(SHORT_TONE)
})

test('one account’s queue holds up no other', async () => {
  const [busy, other] = await Promise.all([TestAccount.create(), TestAccount.create()])
  const held = await fillSlots(busy)
  await other.succeed(SHORT_TONE)
  await held.open()
})

test('a place in the queue whose command was never stored holds up nobody, and leaves the list with its lease', async () => {
  const account = await TestAccount.create()
  const ghost = await enqueueGhost(account)
  await account.succeed(SHORT_TONE)
  await expireLease(account, ghost, Date.now() - 1)
  expect((await account.list()).commands.map(({ command_id }) => command_id)).not.toContain(ghost)
})

test('however many places one crash has left behind each other, none takes a lease of its own once the first is over', async () => {
  const account = await TestAccount.create()
  const longAgo = Date.now() - 10 * 60_000
  const ghosts: string[] = []
  for (let n = 0; n < 4 * SLOTS; n++) ghosts.push(await enqueueGhost(account, longAgo))
  const id = await account.submit(SHORT_TONE)
  await until('the first have their turn', async () => (await account.list('?status=PROCESSING')).total === SLOTS)
  const [first = '', ...others] = ghosts.slice(0, SLOTS)
  await expireLease(account, first, Date.now() - 1)
  expect((await account.ended(id)).status).toBe('SUCCESS')
  // The lease of those in the other slots goes on.
  expect((await account.list()).total).toBe(1 + others.length)
  for (const other of others) await expireLease(account, other, Date.now() - 1)
  expect((await account.list()).total).toBe(1)
})

test('places that were never stored may fill every slot, and still the next command gets one', async () => {
  const account = await TestAccount.create()
  const ghosts: string[] = []
  for (let n = 0; n < SLOTS; n++) ghosts.push(await enqueueGhost(account))
  const id = await account.submit(SHORT_TONE)
  await until('the places had their turn', async () => (await account.list('?status=PROCESSING')).total === SLOTS)
  for (const ghost of ghosts) await expireLease(account, ghost, Date.now() - 1)
  expect((await account.ended(id)).status).toBe('SUCCESS')
  expect((await account.list()).total).toBe(1)
})

test('a lease that ran out is renewed by a command that lives', async () => {
  const account = await TestAccount.create()
  const held = await fillSlots(account)
  const waiting = await account.submit(SHORT_TONE)
  for (const id of held.ids) await expireLease(account, id, Date.now() - 1)
  expect(await account.poll(waiting)).toMatchObject({ status: 'QUEUED', queue_position: 0 })
  await held.open()
  for (const id of [...held.ids, waiting]) expect((await account.ended(id)).status).toBe('SUCCESS')
})

test('a slot whose lease is not renewed for long goes to the next command, and its own still ends, once', async () => {
  const account = await TestAccount.create()
  const held = await fillSlots(account)
  const waiting = await account.submit(SHORT_TONE)
  const [silent = ''] = held.ids
  // What it answers does not arrive: it has been reminded, and its second lease has run out as well.
  await runInDurableObject(account.stub, (_, { storage }) => storage.sql.exec('UPDATE slot_queue SET reminded = 1 WHERE id = ?', silent))
  await expireLease(account, silent, Date.now() - 1)
  expect((await account.ended(waiting)).status).toBe('SUCCESS')
  expect((await account.poll(silent)).status).toBe('PROCESSING')
  await held.open()
  for (const id of held.ids) expect((await account.ended(id)).status).toBe('SUCCESS')
  const { objects } = await env.FILES.list({ prefix: `${account.name}/` })
  expect(objects.filter(({ key }) => key.endsWith('/copy.m4a'))).toHaveLength(held.ids.length)
})

test('a slot whose executor is still warm is taken before a cold one', async () => {
  const account = await TestAccount.create()
  const taken = await runInDurableObject(account.stub, (_, state) => {
    const queue = new AdmissionQueue(state.storage.sql, 60_000)
    const take = (id: string, now: number) => {
      queue.enqueue({ kind: 'command', id })
      queue.admitWaiting(3, now)
      return queue.admission(id)
    }
    take('a', 0)
    take('b', 0)
    queue.release('b', 1000)
    queue.release('a', 100_000)
    return {
      bothIdle: take('c', 100_001),
      firstTaken: take('d', 100_002),
      otherTaken: take('e', 100_003),
    }
  })
  expect(taken.bothIdle, 'of two idle slots the warm one').toEqual({ kind: 'slot', slot: 0 })
  expect(taken.firstTaken, 'the first of those that have gone cold').toEqual({ kind: 'slot', slot: 1 })
  expect(taken.otherTaken).toEqual({ kind: 'slot', slot: 2 })
})

test('a warm slot comes before a cold one with a lower number', async () => {
  const account = await TestAccount.create()
  const admission = await runInDurableObject(account.stub, (_, state) => {
    const queue = new AdmissionQueue(state.storage.sql, 60_000)
    for (const id of ['a', 'b']) {
      queue.enqueue({ kind: 'command', id })
      queue.admitWaiting(3, 0)
    }
    queue.release('a', 1000)
    queue.release('b', 90_000)
    queue.enqueue({ kind: 'command', id: 'c' })
    queue.admitWaiting(3, 100_000)
    return queue.admission('c')
  })
  expect(admission).toEqual({ kind: 'slot', slot: 1 })
})

test('who comes while a slot is free and nobody waits has it at once, and never before one that waits', async () => {
  const account = await TestAccount.create()
  const places = await runInDurableObject(account.stub, (_, state) => {
    const queue = new AdmissionQueue(state.storage.sql, 60_000)
    const enter = (id: string) => queue.enter({ kind: 'command', id }, 2, 0)
    const [first, again, second, third] = [enter('a'), enter('a'), enter('b'), enter('c')]
    queue.release('a', 1)
    return { first, again, second, third, fourth: enter('d'), waiting: queue.waitingCommands }
  })
  const waiting = { kind: 'waiting' }
  expect(places.first).toEqual({ kind: 'slot', slot: 0 })
  expect(places.again, 'who has a place keeps it').toEqual(places.first)
  expect(places.second).toEqual({ kind: 'slot', slot: 1 })
  expect([places.third, places.fourth], 'a slot that has become free is for the one that waits').toEqual([waiting, waiting])
  expect(places.waiting).toBe(2)
})
