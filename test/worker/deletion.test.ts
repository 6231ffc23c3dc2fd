import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { describe, expect, test } from 'vitest'
import type { Account } from '../../src/account/account.ts'
import { erase } from '../../src/command/deletion.ts'
import { afterEnd, settle } from '../../src/command/ending.ts'
import type { CommandListing, CommandRecord } from '../../src/command/record.ts'
import { INITIAL_STATE, isTerminal } from '../../src/command/state.ts'
import { CommandStore } from '../../src/command/store.ts'
import { submitCommands } from '../../src/command/submit.ts'
import { ExecutorClient } from '../../src/executor/client.ts'
import { commandStub, download, errorOf, SUBMIT, TestAccount, until } from './client.ts'
import { FilesClient } from './files-client.ts'
import { copyOf, Gate, SHORT_TONE } from './media.ts'
import { OwnCommand } from './own-command.ts'
import { ENDING, Hook } from './webhooks.ts'

const DAY_MS = 24 * 3600 * 1000
const RETENTION_MS = Number(env.COMMAND_RETENTION_DAYS) * DAY_MS

function remove(account: TestAccount, commandId: string, base = '/api/v1'): Promise<Response> {
  return account.request(`${base}/commands/${commandId}`, { method: 'DELETE' })
}

/** A command that has ended, of which its account knows. */
async function endedCommand(account: TestAccount, body: unknown = SHORT_TONE) {
  const command = await account.run(body)
  await until('it is settled', () =>
    runInDurableObject(commandStub(command.command_id), async (_, { storage }) => storage.kv.get('settled') === true),
  )
  return command
}

/** Whether the object keeps nothing at all, so that it costs nothing. */
async function isEmpty(commandId: string): Promise<boolean> {
  return runInDurableObject(commandStub(commandId), async (_, { storage }) => {
    const isIdle = (await storage.getAlarm()) === null
    return isIdle && [...storage.kv.list()].length === 0
  })
}

/** Sets back the end of a command, and lets its object find that out. */
async function setBackEnd(commandId: string, milliseconds: number): Promise<void> {
  const stub = commandStub(commandId)
  await runInDurableObject(stub, (_, { storage }) => {
    const record = storage.kv.get<CommandRecord>('record')
    if (record?.state.status !== 'SUCCESS' && record?.state.status !== 'FAILED') throw new Error('the command has not ended')
    const state = { ...record.state, endedAt: record.state.endedAt - milliseconds }
    storage.kv.put<CommandRecord>('record', { ...record, state })
  })
  await evictDurableObject(stub)
}

/** The account, some of whose methods are a test's own. */
function accountWith(account: TestAccount, methods: object): Env['ACCOUNT'] {
  const stub = new Proxy(account.stub, { get: (real, name) => Reflect.get(Object.hasOwn(methods, name) ? methods : real, name) })
  return new Proxy(env.ACCOUNT, {
    get: (namespace, name) => {
      if (name === 'get') return () => stub
      const value: unknown = Reflect.get(namespace, name)
      return typeof value === 'function' ? value.bind(namespace) : value
    },
  })
}

describe('DELETE /commands/:id', () => {
  test('leaves nothing of a command that has ended: every route answers as if there had never been one', async () => {
    const account = await TestAccount.create()
    const files = new FilesClient(account)
    const { command_id: id, output_files } = await endedCommand(account)
    const { file_id = '', storage_url } = output_files.out_tone ?? {}
    const response = await remove(account, id)
    expect([response.status, await response.json()]).toEqual([200, { deleted: true, command_id: id }])

    const routes: [method: string, path: string][] = [
      ['GET', `/commands/${id}`],
      ['GET', `/commands/${id}?wait=1`],
      ['GET', `/commands/${id}/log`],
      ['GET', `/commands/${id}/events`],
      ['GET', `/commands/${id}/webhook-deliveries`],
      ['POST', `/commands/${id}/webhook-deliveries`],
      ['POST', `/commands/${id}/cancel`],
      ['POST', `/commands/${id}/retry`],
      ['DELETE', `/commands/${id}/files`],
      ['DELETE', `/commands/${id}`],
      ['GET', `/files/${file_id}`],
      ['DELETE', `/files/${file_id}`],
    ]
    for (const base of ['/api/v1', '/v1']) {
      for (const [method, path] of routes) {
        const answer = await account.request(base + path, { method })
        expect([method, path, answer.status]).toEqual([method, path, 404])
        await answer.body?.cancel()
      }
    }
    expect(await account.list()).toMatchObject({ commands: [], total: 0 })
    expect(await files.list()).toMatchObject({ files: [], total: 0 })
    expect((await download(storage_url ?? '')).status).toBe(404)
    expect((await env.FILES.list({ prefix: `${account.name}/` })).objects).toEqual([])
    await until('its object is empty', () => isEmpty(id))
  })

  test('is there in the older form too', async () => {
    const account = await TestAccount.create()
    const { command_id: id } = await endedCommand(account, ENDING)
    expect((await remove(account, id, '/v1')).status).toBe(200)
    expect((await account.list()).total).toBe(0)
  })

  test('of a command that goes on is a 409 that says what to do', async () => {
    const account = await TestAccount.create()
    const gate = new Gate()
    const id = await account.submit(copyOf(gate.url))
    const response = await remove(account, id)
    expect(response.status).toBe(409)
    expect(await errorOf(response)).toMatchObject({ error: 'CONFLICT', message: expect.stringContaining('cancel it first') })
    await account.cancel(id)
    expect((await remove(account, id)).status).toBe(200)
    await gate.open()
    await until('its object is empty', () => isEmpty(id))
    expect((await account.list()).total).toBe(0)
    await account.succeed(SHORT_TONE)
  })

  test('of another account is a 404 and deletes nothing', async () => {
    const [owner, stranger] = await Promise.all([TestAccount.create(), TestAccount.create()])
    const { command_id: id } = await endedCommand(owner)
    expect((await remove(stranger, id)).status).toBe(404)
    expect((await owner.poll(id)).status).toBe('SUCCESS')
  })

  test('goes on after a crash', async () => {
    const account = await TestAccount.create()
    const { command_id: id } = await endedCommand(account)
    const stub = commandStub(id)
    // As a deletion that died after its first write.
    await runInDurableObject(stub, (_, { storage }) => new CommandStore(storage).delete())
    await evictDurableObject(stub)
    expect((await account.request(`/api/v1/commands/${id}`)).status, 'nobody sees it from then on').toBe(404)
    await runInDurableObject(stub, (_, { storage }) => storage.setAlarm(Date.now()))
    await until('its object is empty', () => isEmpty(id))
    expect((await account.list()).total).toBe(0)
    expect((await env.FILES.list({ prefix: `${account.name}/` })).objects).toEqual([])
  })

  test.each([0, 1, 2, 3, 4, 5])('leaves nothing when the objects of command and account die under it, after %i turns', async (turns) => {
    const account = await TestAccount.create()
    const kill = async (stub: DurableObjectStub) => {
      await expect(runInDurableObject(stub, (_, state) => state.abort('killed by a test'))).rejects.toThrow('killed by a test')
    }
    const { command_id: id } = await endedCommand(account)
    const interrupted = remove(account, id).catch(() => null)
    for (let turn = 0; turn < turns; turn++) await account.stub.queuePosition(id)
    await kill(commandStub(id))
    await kill(account.stub)
    await interrupted
    await until('the command is gone', async () => (await remove(account, id)).status === 404)
    await until('its object is empty', () => isEmpty(id))
    expect((await account.list()).total).toBe(0)
    expect((await new FilesClient(account).list()).total).toBe(0)
    expect((await env.FILES.list({ prefix: `${account.name}/` })).objects).toEqual([])
  })

  test('is the last word where the account is being told of the end at the same time', async () => {
    const account = await TestAccount.create()
    const { command_id: id } = await endedCommand(account)
    await runInDurableObject(commandStub(id), async (instance, { storage }) => {
      storage.kv.delete('settled')
      const store = new CommandStore(storage)
      const executor = () => new ExecutorClient({ fetch: async () => new Response(null, { status: 204 }) }, 'http://executor', null)
      const settling = settle({ store, env, executor })
      store.delete()
      await Promise.all([settling, instance.delete(account.name)])
    })
    await until('its object is empty', () => isEmpty(id))
    expect((await account.list()).total).toBe(0)
    expect((await new FilesClient(account).list()).total).toBe(0)
  })

  test('keeps the object until its executor has confirmed that the job is gone', async () => {
    const account = await TestAccount.create()
    const { command_id: id } = await endedCommand(account)
    await runInDurableObject(commandStub(id), async (_, { storage }) => {
      const store = new CommandStore(storage)
      store.leftJobs.leave({ slot: 0, name: 'left' })
      store.delete()
      let status = 500
      const executor = () => new ExecutorClient({ fetch: async () => new Response(null, { status }) }, 'http://executor', null)
      expect(await erase({ store, env, executor }), 'it is asked again').toBeGreaterThan(Date.now())
      expect(storage.kv.get('record')).toBeDefined()
      status = 204
      storage.kv.put(
        'left_jobs',
        store.leftJobs.all.map((job) => ({ ...job, dueAt: 0 })),
      )
      expect(await erase({ store, env, executor })).toBeNull()
      expect([...storage.kv.list()]).toEqual([])
    })
  })

  test('ends a webhook that has not been delivered, and its reminder does no harm', async () => {
    const account = await TestAccount.create()
    const hook = new Hook('500')
    const { command_id: id } = await endedCommand(account, { ...ENDING, webhook_url: hook.url })
    await hook.arrived()
    expect((await remove(account, id)).status).toBe(200)
    await until('its object is empty', () => isEmpty(id))
    const sent = (await hook.received()).length
    await commandStub(id).deliveryDue()
    expect(await runDurableObjectAlarm(commandStub(id)), 'nothing is set to go on').toBe(false)
    expect((await hook.received()).length).toBe(sent)
    expect(await isEmpty(id)).toBe(true)
  })

  test('sends no webhook any more where it comes while the account is being told of the end', async () => {
    const account = await TestAccount.create()
    const hook = new Hook('200,200')
    const { command_id: id } = await endedCommand(account, { ...ENDING, webhook_url: hook.url })
    await hook.arrived()
    await runInDurableObject(commandStub(id), async (instance, { storage }) => {
      for (const key of ['settled', 'outbox']) storage.kv.delete(key)
      const store = new CommandStore(storage)
      const { state } = store.mustExist
      if (!isTerminal(state)) throw new Error('the command has not ended')
      const finish = async (listing: CommandListing) => {
        const target = await account.stub.finish(listing)
        store.delete()
        return target
      }
      const executor = () => new ExecutorClient({ fetch: async () => new Response(null, { status: 204 }) }, 'http://executor', null)
      const ending = { store, env: { ...env, ACCOUNT: accountWith(account, { finish }) }, executor }
      expect(await afterEnd(state, ending), 'it is erased at once').toBeLessThanOrEqual(Date.now())
      await instance.delete(account.name)
    })
    await until('its object is empty', () => isEmpty(id))
    expect((await hook.received()).length).toBe(1)
  })

  test.each(['the command', 'its files'])('leaves no output that the bucket stores only after %s had been deleted', async (what) => {
    await OwnCommand.run(SHORT_TONE, {}, async (command) => {
      const [arrived, stored] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
      command.bucket.beforeStored = () => {
        arrived.resolve()
        return stored.promise
      }
      const ended = until('its object is empty', async () => {
        await command.alarm()
        return command.storage.kv.get('record') === undefined
      })
      await arrived.promise
      await command.cancel()
      if (what === 'its files') expect(await command.deleteFiles()).toBe(0)
      expect(await command.delete()).toBe('deleted')
      stored.resolve()
      await ended
      expect((await env.FILES.list({ prefix: `${command.spec.account}/` })).objects).toEqual([])
    })
  })

  test('leaves an Idempotency-Key its meaning: the repetition is answered as before, and brings nothing to life', async () => {
    const account = await TestAccount.create()
    const send = async () => (await account.send(SUBMIT, ENDING, { 'idempotency-key': 'k' })).json<{ command_id: string }>()
    const first = await send()
    await account.ended(first.command_id)
    expect((await remove(account, first.command_id)).status).toBe(200)
    await until('its object is empty', () => isEmpty(first.command_id))
    expect(await send()).toEqual(first)
    expect((await account.request(`/api/v1/commands/${first.command_id}`)).status).toBe(404)
    expect((await account.list()).total).toBe(0)
    expect(await isEmpty(first.command_id)).toBe(true)
    const waiting = await account.send(`${SUBMIT}?wait=5`, ENDING, { 'idempotency-key': 'k' })
    expect([waiting.status, await waiting.json()], 'with a wait too').toEqual([200, first])
  })
})

test('a repetition under an Idempotency-Key that was answered before the deletion, and comes to the command after it, brings nothing to life', async () => {
  const account = await TestAccount.create()
  const { command_id: id } = await endedCommand(account)
  const record = await runInDurableObject(commandStub(id), (_, { storage }) => storage.kv.get<CommandRecord>('record'))
  if (!record) throw new Error('the command is not stored')
  const claim = { key: 'k', fingerprint: 'f' }
  await account.stub.submit([{ spec: record.spec, state: INITIAL_STATE, deletedFiles: [] }], claim)
  const submit = async (...given: Parameters<Account['submit']>) => {
    const outcome = await account.stub.submit(...given)
    expect((await remove(account, id)).status).toBe(200)
    await until('its object is empty', () => isEmpty(id))
    return outcome
  }
  const again = { ...record.spec, id: crypto.randomUUID() }
  const outcome = await submitCommands({ ...env, ACCOUNT: accountWith(account, { submit }) }, account.name, [again], claim)
  expect(outcome).toMatchObject({ kind: 'accepted', commandIds: [id] })
  expect(await isEmpty(id)).toBe(true)
  expect((await account.request(`/api/v1/commands/${id}`)).status).toBe(404)
})

describe('a command that has been kept for long enough', () => {
  test('is deleted with its files, and leaves an empty object', async () => {
    const account = await TestAccount.create()
    const { command_id: id } = await endedCommand(account)
    await until('it sleeps', () =>
      runInDurableObject(commandStub(id), async (_, { storage }) => ((await storage.getAlarm()) ?? 0) > Date.now() + DAY_MS),
    )
    await setBackEnd(id, RETENTION_MS)
    expect(await runDurableObjectAlarm(commandStub(id))).toBe(true)
    await until('its object is empty', () => isEmpty(id))
    expect((await account.list()).total).toBe(0)
    expect((await env.FILES.list({ prefix: `${account.name}/` })).objects).toEqual([])
  })

  test('is kept until then, also when it has no files and no webhook to wake up for', async () => {
    const account = await TestAccount.create()
    const { command_id: id } = await endedCommand(account, ENDING)
    await setBackEnd(id, RETENTION_MS - DAY_MS)
    await runDurableObjectAlarm(commandStub(id))
    const alarm = await runInDurableObject(commandStub(id), async (_, { storage }) => storage.getAlarm())
    expect(alarm).toBeGreaterThan(Date.now())
    expect(alarm).toBeLessThan(Date.now() + 2 * DAY_MS)
    expect((await account.poll(id)).status).toBe('FAILED')
  })

  test('is kept for as long as its webhook is to be tried again', async () => {
    const account = await TestAccount.create()
    const hook = new Hook('500,500,500,200')
    const { command_id: id } = await endedCommand(account, { ...ENDING, webhook_url: hook.url })
    await hook.arrived()
    await setBackEnd(id, RETENTION_MS)
    await runDurableObjectAlarm(commandStub(id))
    await hook.arrived(3)
    await until('its object is empty', () => isEmpty(id))
  })

  test('is woken by a later submit where it was told of a longer time, and taken off the list where it is gone', async () => {
    const account = await TestAccount.create()
    const { command_id: id } = await endedCommand(account, ENDING)
    const { command_id: lost } = await endedCommand(account, ENDING)
    await setBackEnd(id, RETENTION_MS)
    await runInDurableObject(commandStub(id), (_, { storage }) => storage.deleteAlarm())
    await runInDurableObject(commandStub(lost), async (_, { storage }) => {
      await storage.deleteAlarm()
      await storage.deleteAll()
    })
    await evictDurableObject(commandStub(lost))
    await runInDurableObject(account.stub, (_, { storage }) =>
      storage.sql.exec('UPDATE commands SET created_at = ?', Date.now() - RETENTION_MS - 2 * DAY_MS),
    )
    const { command_id: later } = await account.run(ENDING)
    await until('only the later one is listed', async () => (await account.list()).total === 1)
    expect((await account.list()).commands).toMatchObject([{ command_id: later }])
    await until('its object is empty', () => isEmpty(id))
  })
})

test('what comes back after a command was erased is not kept', async () => {
  const account = await TestAccount.create()
  const { command_id: id } = await endedCommand(account)
  await runInDurableObject(commandStub(id), async (_, { storage }) => {
    const store = new CommandStore(storage)
    const { outbox } = store
    if (!outbox) throw new Error('the command has not ended')
    await store.erase()
    store.outbox = outbox
    store.log = 'late'
    store.forgetGarbage([])
    expect([...storage.kv.list()]).toEqual([])
  })
})
