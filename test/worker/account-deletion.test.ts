import {
  createExecutionContext,
  evictDurableObject,
  runDurableObjectAlarm,
  runInDurableObject,
  waitOnExecutionContext,
} from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { describe, expect, test } from 'vitest'
import { STRAGGLERS_MS } from '../../src/account/account-deletion.ts'
import { type DeletionRecord, deletionName, deletionRecordSchema, isNameFree, STALE_MS } from '../../src/account/deletion-record.ts'
import { INITIAL_STATE } from '../../src/command/state.ts'
import worker from '../../src/index.ts'
import type { FileSpec } from '../../src/stored-file/record.ts'
import { commandStub, download, errorOf, newSpec, TestAccount, until } from './client.ts'
import { FilesClient, fileStub } from './files-client.ts'
import { copyOf, Gate, lastingSeconds, mediaUrl, SHORT_TONE } from './media.ts'
import { ENDING, Hook, setWebhook, webhookConfig } from './webhooks.ts'

/** What `npm run keys -- delete-account` leaves for the Worker. */
async function ask(account: TestAccount, requestedAt = Date.now()): Promise<void> {
  const record: DeletionRecord = { requested_at: new Date(requestedAt).toISOString(), erased_at: null, finished_at: null }
  await env.KEYS.put(deletionName(account.name), JSON.stringify(record))
}

/** What Cloudflare does every few minutes, and the stack of one machine more often. */
async function tick(): Promise<void> {
  const context = createExecutionContext()
  await worker.scheduled({ scheduledTime: Date.now(), cron: '', noRetry: () => undefined }, env)
  await waitOnExecutionContext(context)
}

async function recordOf(account: TestAccount): Promise<DeletionRecord> {
  return deletionRecordSchema.parse(await env.KEYS.get(deletionName(account.name), 'json'))
}

async function erased(account: TestAccount): Promise<void> {
  await until('the account is erased', async () => (await recordOf(account)).erased_at !== null)
}

/** Whether an object keeps nothing at all. */
function isEmpty(stub: DurableObjectStub): Promise<boolean> {
  return runInDurableObject(stub, async (_, { storage }) => {
    const isIdle = (await storage.getAlarm()) === null
    return isIdle && [...storage.kv.list()].length === 0
  })
}

/** Rows in the account's own tables. */
function rowsOf(account: TestAccount): Promise<number> {
  return runInDurableObject(account.stub, (_, { storage: { sql } }) => {
    const tables = sql.exec<{ name: string }>(
      "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT GLOB '_cf*' AND name NOT GLOB 'sqlite*'",
    )
    return tables.toArray().reduce((sum, { name }) => sum + sql.exec<{ n: number }>(`SELECT COUNT(*) AS n FROM "${name}"`).one().n, 0)
  })
}

function bytesOf(account: TestAccount) {
  return env.FILES.list({ prefix: `${account.name}/` }).then(({ objects }) => objects)
}

/** Makes it as late as it is when `milliseconds` have passed since the deletion was asked for, or was finished. */
async function age(account: TestAccount, milliseconds: number): Promise<void> {
  await runInDurableObject(account.stub, (_, { storage }) => {
    const deletion = storage.kv.get<Record<string, number | null>>('deletion')
    if (!deletion) throw new Error('the account is not being deleted')
    const aged = Object.entries(deletion).map(([name, time]) => [name, typeof time === 'number' ? time - milliseconds : time])
    storage.kv.put('deletion', Object.fromEntries(aged))
  })
  await evictDurableObject(account.stub)
  await runDurableObjectAlarm(account.stub)
}

test('everything that the account owns goes: what has ended, what runs and what waits, its files, lists, presets and webhook', async () => {
  const account = await TestAccount.create()
  const files = new FilesClient(account)
  await setWebhook(account, { url: new Hook('200').url, secret: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw' })
  const preset = {
    name: 'p',
    ffmpeg_command: '-i {{in_a}} {{out_b}}',
    input_file_keys: ['in_a'],
    output_file_definitions: { out_b: 'b.mp4' },
  }
  expect((await account.send('/api/v1/presets', preset)).status).toBe(201)
  const ended = await account.succeed(SHORT_TONE)
  const upload = await files.upload('hello', 'a.txt')
  await files.probed(upload.file_id)
  const gates = Array.from({ length: Number(env.MAX_CONCURRENT_COMMANDS) }, () => new Gate())
  const running = await Promise.all(gates.map((gate) => account.submit(copyOf(gate.url))))
  const waiting = await account.submit(SHORT_TONE)
  const parts = await files.initUpload('big.mp4', 10)
  const fetching = await files.storeFile(new Gate().url)

  await ask(account)
  await tick()
  await erased(account)

  for (const id of [ended.command_id, ...running, waiting]) {
    await until('the command’s object is empty', () => isEmpty(commandStub(id)))
    expect((await account.request(`/api/v1/commands/${id}`)).status).toBe(404)
  }
  for (const { file_id } of [upload, parts, fetching]) {
    await until('the file’s object is empty', () => isEmpty(fileStub(file_id)))
  }
  expect(await bytesOf(account)).toEqual([])
  expect(await rowsOf(account)).toBe(0)
  expect((await account.list()).total).toBe(0)
  expect((await files.list()).total).toBe(0)
  expect(await webhookConfig(account)).toEqual({ configured: false })
  expect((await download(upload.storage_url)).status).toBe(404)
  for (const gate of gates) await gate.open()
})

test('more than one piece of everything goes too, and what lies in the bucket without an owner', async () => {
  const account = await TestAccount.create()
  const one = await account.run(ENDING)
  const listing = await until('it is listed', () =>
    runInDurableObject(
      account.stub,
      async (_, { storage: { sql } }) =>
        sql.exec<{ listing: string }>("SELECT listing FROM commands WHERE status = 'FAILED'").toArray()[0]?.listing ?? null,
    ),
  )
  // Places of commands that were never stored, which the list alone knows.
  await runInDurableObject(account.stub, (_, { storage: { sql } }) => {
    for (let n = 0; n < 130; n++) {
      sql.exec("INSERT INTO commands (id, status, type, created_at, listing) VALUES (?, 'QUEUED', 'FFMPEG_COMMAND', 1, ?)", `${n}`, listing)
    }
  })
  await env.FILES.put(`${account.name}/orphan/a.txt`, 'a')
  await ask(account)
  await tick()
  await erased(account)
  expect(await rowsOf(account)).toBe(0)
  expect(await bytesOf(account)).toEqual([])
  await until('its object is empty', () => isEmpty(commandStub(one.command_id)))
})

test('a deletion goes on after a crash in the middle, and being asked for again changes nothing', async () => {
  const account = await TestAccount.create()
  await account.succeed(SHORT_TONE)
  await ask(account)
  await tick()
  const killed = runInDurableObject(account.stub, (_, state) => state.abort('killed by a test'))
  await expect(killed).rejects.toThrow('killed by a test')
  await tick()
  await erased(account)
  const before = await recordOf(account)
  await tick()
  await runDurableObjectAlarm(account.stub)
  expect(await recordOf(account)).toEqual(before)
  expect(await rowsOf(account)).toBe(0)
})

describe('while an account is being deleted', () => {
  test('a key that an edge still believes in gets nothing done: a submit is a 401', async () => {
    const account = await TestAccount.create()
    await ask(account)
    await tick()
    const response = await account.post(SHORT_TONE)
    expect(response.status).toBe(401)
    expect(await errorOf(response)).toMatchObject({ error: 'UNAUTHORIZED', message: expect.stringContaining('revoked') })
  })

  test.each(['slot', 'waiting'] as const)('a command that is stored only afterwards is deleted too: %s', async (kind) => {
    const account = await TestAccount.create()
    const spec = await newSpec(account.name, SHORT_TONE)
    // What is between the two halves of a submit.
    const before = await account.stub.submit([{ spec, state: INITIAL_STATE, deletedFiles: [] }], null)
    expect(before).toMatchObject({ kind: 'accepted', admissions: { [spec.id]: { kind: 'slot', slot: 0 } } })
    await ask(account)
    await tick()
    await runDurableObjectAlarm(account.stub)
    await commandStub(spec.id).submit(spec, kind === 'slot' ? { kind, slot: 0 } : { kind })
    await erased(account)
    await until('the command’s object is empty', () => isEmpty(commandStub(spec.id)))
    expect(await bytesOf(account)).toEqual([])
    expect(await rowsOf(account)).toBe(0)
  })

  test('what waits gets no slot any more', async () => {
    const account = await TestAccount.create()
    const ids = await Promise.all(Array.from({ length: 3 }, () => account.submit(lastingSeconds(20))))
    await account.stub.delete(account.name, Date.now())
    await account.cancel(ids[0] ?? '')
    expect(await account.stub.admit(ids[2] ?? '')).toEqual({ kind: 'waiting' })
    for (const id of ids) await until('its object is empty', () => isEmpty(commandStub(id)))
  })

  test('an upload that was begun before is deleted when it ends', async () => {
    const account = await TestAccount.create()
    const spec: FileSpec = {
      id: crypto.randomUUID(),
      account: account.name,
      filename: 'late.txt',
      source: { type: 'REQUEST' },
      createdAt: Date.now(),
    }
    await fileStub(spec.id).begin(spec)
    await ask(account)
    await tick()
    await erased(account)
    await env.FILES.put(`${account.name}/${spec.id}/late.txt`, 'late')
    await fileStub(spec.id).bytesStored(4)
    await until('its object is empty', () => isEmpty(fileStub(spec.id)))
    expect(await bytesOf(account)).toEqual([])
    expect(await rowsOf(account)).toBe(0)
  })

  test('a file that is being fetched ends at once', async () => {
    const account = await TestAccount.create()
    await account.stub.delete(account.name, Date.now())
    const spec: FileSpec = {
      id: crypto.randomUUID(),
      account: account.name,
      filename: 'tone.wav',
      source: { type: 'URL', url: mediaUrl('/tone.wav') },
      createdAt: Date.now(),
    }
    await fileStub(spec.id).begin(spec)
    await until('its object is empty', () => isEmpty(fileStub(spec.id)))
    expect(await bytesOf(account)).toEqual([])
  })
})

describe('a deletion is finished', () => {
  test('when no upload can come after it any more; then its object is empty, and the name may be used again', async () => {
    const account = await TestAccount.create()
    await account.run(ENDING)
    await ask(account)
    await tick()
    await erased(account)
    expect(isNameFree(await recordOf(account), Date.now())).toBe(false)
    // Left by an upload whose object had been lost.
    await env.FILES.put(`${account.name}/late/a.txt`, 'a')

    await age(account, STRAGGLERS_MS)
    const finished = await until('it is finished', async () => {
      const record = await recordOf(account)
      return record.finished_at !== null && record
    })
    expect(await bytesOf(account)).toEqual([])
    await tick()
    expect(await recordOf(account), 'it is not begun again').toEqual(finished)
    expect(isNameFree(finished, Date.now())).toBe(false)
    expect(isNameFree(finished, Date.now() + 10 * STALE_MS)).toBe(true)

    await age(account, STALE_MS)
    await until('its object is empty', () => isEmpty(account.stub))
    expect((await account.succeed(SHORT_TONE)).status).toBe('SUCCESS')
    expect((await account.list()).total).toBe(1)
  })
})
