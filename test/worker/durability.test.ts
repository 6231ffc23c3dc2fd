import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { expect, test } from 'vitest'
import type { CommandSpec } from '../../src/command/record.ts'
import { INITIAL_STATE } from '../../src/command/state.ts'
import { commandStub, TestAccount, until } from './client.ts'
import { copyOf, Gate, lastingSeconds, SHORT_TONE } from './media.ts'

test('no state lives only in memory: a command that ended reads the same after its objects were evicted', async () => {
  const account = await TestAccount.create()
  const before = await account.succeed(SHORT_TONE)
  await until('the command is settled', () =>
    runInDurableObject(commandStub(before.command_id), async (_, state) => state.storage.kv.get('settled') === true),
  )
  await evictDurableObject(commandStub(before.command_id))
  await evictDurableObject(account.stub)
  const after = await account.poll(before.command_id)
  const withoutLinks = (command: typeof after) =>
    JSON.stringify(command, (key: string, value: unknown) => (key === 'storage_url' ? null : value))
  expect(withoutLinks(after)).toBe(withoutLinks(before))
  expect((await account.list()).total).toBe(1)
})

test('commands that wait outlive the eviction of their account and of themselves', async () => {
  const account = await TestAccount.create()
  const gates = [new Gate(), new Gate()]
  const held = await Promise.all(gates.map((gate) => account.submit(copyOf(gate.url))))
  await until('both slots are taken', async () => (await account.list('?status=PROCESSING')).total === 2)
  const waiting = await account.submit(SHORT_TONE)
  expect(await account.poll(waiting)).toMatchObject({ status: 'QUEUED', queue_position: 0 })
  await evictDurableObject(account.stub)
  await evictDurableObject(commandStub(waiting))
  await Promise.all(gates.map((gate) => gate.open()))
  for (const id of [...held, waiting]) expect((await account.poll(id, 40)).status).toBe('SUCCESS')
})

test('no more commands run at once than there are slots, and they start in the order of their submits', async () => {
  const account = await TestAccount.create()
  const ids: string[] = []
  for (let n = 0; n < 5; n++) ids.push(await account.submit(lastingSeconds(0.5)))
  let most = 0
  await until('all have ended', async () => {
    const { commands } = await account.list()
    most = Math.max(most, commands.filter(({ status }) => status === 'PROCESSING').length)
    const firstQueued = ids.findIndex((id) => commands.find(({ command_id }) => command_id === id)?.status === 'QUEUED')
    if (firstQueued >= 0) {
      const later = ids.slice(firstQueued).map((id) => commands.find(({ command_id }) => command_id === id)?.status)
      expect(new Set(later)).toEqual(new Set(['QUEUED']))
    }
    return commands.every(({ status }) => status === 'SUCCESS')
  })
  expect(most).toBe(2)
})

test('a place in the queue whose command was never stored blocks nobody and leaves the list', async () => {
  const account = await TestAccount.create()
  const id = crypto.randomUUID()
  const spec: CommandSpec = {
    id,
    account: account.name,
    type: 'FFMPEG_COMMAND',
    request: { input_files: {}, output_files: {}, ffmpeg_command: '' },
    compiled: { argvs: [], inputs: {}, outputs: {} },
    metadata: '{}',
    webhookUrl: null,
    maxRunSeconds: 1,
    createdAt: Date.now(),
    origin: 'http://renderio.test',
  }
  await env.ACCOUNT.get(env.ACCOUNT.idFromName(account.name)).enqueue([{ spec, state: INITIAL_STATE, filesDeletedAt: null }])
  await account.succeed(SHORT_TONE)
  await until(
    'the ghost has had its turn',
    async () => (await account.list('?status=PROCESSING')).total + (await account.list()).total === 2,
  )
  await runInDurableObject(account.stub, async (_, state) => {
    state.storage.sql.exec('UPDATE admission SET lease_expires = 1 WHERE command_id = ?', id)
  })
  await runDurableObjectAlarm(account.stub)
  await until('the ghost is off the list', async () => (await account.list()).total === 1)
})
