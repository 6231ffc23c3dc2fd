import { evictDurableObject, runInDurableObject } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { describe, expect, test } from 'vitest'
import type { CommandRecord } from '../../src/command/record.ts'
import { CommandStore } from '../../src/command/store.ts'
import { commandStub, download, errorOf, onlyOutput, SUBMIT_CHAIN, SUBMIT_MULTIPLE, TestAccount, until } from './client.ts'
import { copyOf, Gate, lastingSeconds, mediaUrl, SHORT_TONE } from './media.ts'
import { Hook } from './webhooks.ts'

const UNREACHABLE = copyOf(mediaUrl('/status/404'))

function deleteFiles(account: TestAccount, commandId: string): Promise<Response> {
  return account.request(`/api/v1/commands/${commandId}/files`, { method: 'DELETE' })
}

function retry(account: TestAccount, commandId: string, headers: Record<string, string> = {}): Promise<Response> {
  return account.request(`/api/v1/commands/${commandId}/retry`, { method: 'POST', headers })
}

async function retried(account: TestAccount, commandId: string, headers: Record<string, string> = {}): Promise<string> {
  const response = await retry(account, commandId, headers)
  expect(response.status).toBe(200)
  const body = await response.json<{ command_id: string }>()
  expect(Object.keys(body)).toEqual(['command_id'])
  return body.command_id
}

describe('DELETE /commands/:id/files', () => {
  test('deletes every output, ends its links, and poll and list say so', async () => {
    const account = await TestAccount.create()
    const command = await account.succeed({
      output_files: { out_a: 'a.wav', out_b: 'b.wav' },
      ffmpeg_command: '-f lavfi -i sine=d=0.1 {{out_a}} {{out_b}}',
    })
    const response = await deleteFiles(account, command.command_id)
    expect([response.status, await response.json()]).toEqual([200, { deleted: true, files_deleted: 2 }])
    const gone = { out_a: { is_deleted: true, storage_url: null }, out_b: { is_deleted: true, storage_url: null } }
    expect(await account.poll(command.command_id)).toMatchObject({ status: 'SUCCESS', output_files: gone })
    expect((await account.list()).commands).toMatchObject([{ status: 'SUCCESS', output_files: gone }])
    for (const { storage_url } of Object.values(command.output_files)) expect((await download(storage_url ?? '')).status).toBe(404)
    expect((await env.FILES.list({ prefix: `${account.name}/` })).objects).toEqual([])
  })

  test('a second time finds nothing to delete, and of many at once one does', async () => {
    const account = await TestAccount.create()
    const { command_id } = await account.succeed(SHORT_TONE)
    const bodies = await Promise.all([1, 2, 3].map(async () => (await deleteFiles(account, command_id)).json<{ files_deleted: number }>()))
    expect(bodies.map(({ files_deleted }) => files_deleted).toSorted()).toEqual([0, 0, 1])
    expect(await (await deleteFiles(account, command_id)).json()).toEqual({ deleted: true, files_deleted: 0 })
  })

  test('of a command that failed there is nothing to delete', async () => {
    const account = await TestAccount.create()
    const { command_id } = await account.run(UNREACHABLE)
    expect(await (await deleteFiles(account, command_id)).json()).toEqual({ deleted: true, files_deleted: 0 })
  })

  test('of a command that goes on is a 409 that says what to do', async () => {
    const account = await TestAccount.create()
    const gate = new Gate()
    const id = await account.submit(copyOf(gate.url))
    const response = await deleteFiles(account, id)
    expect(response.status).toBe(409)
    expect(await errorOf(response)).toMatchObject({ error: 'CONFLICT', message: expect.stringContaining('cancel') })
    await gate.open()
    expect((await account.ended(id)).status).toBe('SUCCESS')
  })

  test('goes on after a crash', async () => {
    const account = await TestAccount.create()
    const { command_id, output_files } = await account.succeed(SHORT_TONE)
    const stub = commandStub(command_id)
    await until('the command is settled', () => runInDurableObject(stub, async (_, state) => state.storage.kv.get('settled') === true))
    // As a deletion that died after its first write.
    await runInDurableObject(stub, (_, { storage }) => new CommandStore(storage).deleteFiles('all'))
    await evictDurableObject(stub)
    await runInDurableObject(stub, (_, { storage }) => storage.setAlarm(Date.now()))
    await until('nothing is left', async () => (await env.FILES.list({ prefix: `${account.name}/` })).objects.length === 0)
    await until('the list says so', async () => (await account.list()).commands[0]?.output_files.out_tone?.is_deleted)
    expect((await download(output_files.out_tone?.storage_url ?? '')).status).toBe(404)
  })
})

describe('DELETE /files/:id of an output', () => {
  const remove = (account: TestAccount, id: string) => account.request(`/api/v1/files/${id}`, { method: 'DELETE' })
  const listed = (account: TestAccount, ids: string[]) =>
    until('the outputs are listed as files', async () => {
      const answers = await Promise.all(ids.map((id) => account.request(`/api/v1/files/${id}`)))
      return answers.every(({ ok }) => ok)
    })

  test('deletes that one, and the others stay', async () => {
    const account = await TestAccount.create()
    const { command_id, output_files } = await account.succeed({
      output_files: { out_a: 'a.wav', out_b: 'b.wav' },
      ffmpeg_command: '-f lavfi -i sine=d=0.1 {{out_a}} {{out_b}}',
    })
    const [gone, kept] = [output_files.out_a?.file_id ?? '', output_files.out_b?.file_id ?? '']
    await listed(account, [gone, kept])
    const response = await remove(account, gone)
    expect([response.status, await response.json()]).toEqual([200, { deleted: true, file_id: gone }])
    const outputs = { out_a: { is_deleted: true, storage_url: null }, out_b: { is_deleted: false } }
    expect(await account.poll(command_id)).toMatchObject({ output_files: outputs })
    expect((await account.list()).commands).toMatchObject([{ output_files: outputs }])
    expect((await download(output_files.out_a?.storage_url ?? '')).status).toBe(404)
    expect((await download(output_files.out_b?.storage_url ?? '')).status).toBe(200)
    expect((await remove(account, gone)).status, 'a second time').toBe(404)
    expect(await (await deleteFiles(account, command_id)).json(), 'the rest').toEqual({ deleted: true, files_deleted: 1 })
    expect((await env.FILES.list({ prefix: `${account.name}/` })).objects).toEqual([])
  })

  test('of a playlist, all that belongs to it', async () => {
    const account = await TestAccount.create()
    const command = await account.succeed({
      output_files: { out_playlist_1: 'index.m3u8' },
      ffmpeg_command: '-f lavfi -i testsrc=d=2:s=64x64:r=5 -g 5 -hls_time 1 -hls_list_size 0 {{out_playlist_1}}',
    })
    const { file_id } = onlyOutput(command)
    await listed(account, [file_id])
    expect((await remove(account, file_id)).status).toBe(200)
    expect((await env.FILES.list({ prefix: `${account.name}/` })).objects).toEqual([])
  })

  test('of another account is a 404 and deletes nothing', async () => {
    const [owner, stranger] = await Promise.all([TestAccount.create(), TestAccount.create()])
    const { file_id, storage_url } = onlyOutput(await owner.succeed(SHORT_TONE))
    await listed(owner, [file_id])
    expect((await remove(stranger, file_id)).status).toBe(404)
    expect((await download(storage_url)).status).toBe(200)
  })
})

describe('POST /commands/:id/retry', () => {
  test('runs the same request anew, as a command of its own', async () => {
    const account = await TestAccount.create()
    const hook = new Hook('200')
    const body = { ...copyOf(mediaUrl('/tone.wav')), metadata: { order: 17 }, webhook_url: hook.url, max_command_run_seconds: 59 }
    const first = await account.succeed(body)
    const second = await account.ended(await retried(account, first.command_id))
    expect(second.command_id).not.toBe(first.command_id)
    expect(second).toMatchObject({
      status: 'SUCCESS',
      command_type: 'FFMPEG_COMMAND',
      metadata: first.metadata,
      original_request: first.original_request,
    })
    expect(onlyOutput(second).file_id).not.toBe(onlyOutput(first).file_id)
    expect((await hook.arrived(2)).map((event) => JSON.parse(event.body).data.command_id).toSorted()).toEqual(
      [first.command_id, second.command_id].toSorted(),
    )
    const [before, after] = await Promise.all([first, second].map(({ command_id }) => specOf(command_id)))
    expect({ ...after, id: '', createdAt: 0 }).toEqual({ ...before, id: '', createdAt: 0 })
  })

  test('a chain stays a chain, and one of several what it was', async () => {
    const account = await TestAccount.create()
    const chain = { output_files: { out_a: 'a.wav' }, ffmpeg_commands: ['-f lavfi -i sine=d=0.1 m.wav', '-i m.wav {{out_a}}'] }
    const chained = await account.succeed(chain, SUBMIT_CHAIN)
    expect(await account.ended(await retried(account, chained.command_id))).toMatchObject({
      status: 'SUCCESS',
      command_type: 'CHAINED_COMMAND',
      original_request: chain,
    })
    const { command_ids } = await (await account.send(SUBMIT_MULTIPLE, { commands: [SHORT_TONE] })).json<{ command_ids: [string] }>()
    await account.ended(command_ids[0])
    expect(await account.ended(await retried(account, command_ids[0]))).toMatchObject({ command_type: 'MULTIPLE_COMMAND' })
  })

  test('a command that failed or was cancelled may be run again', async () => {
    const account = await TestAccount.create()
    const failed = await account.run(UNREACHABLE)
    expect((await account.ended(await retried(account, failed.command_id))).error_status).toBe('UNREACHABLE_INPUT_FILE')
    const id = await account.submit(lastingSeconds(0.2))
    await account.request(`/api/v1/commands/${id}/cancel`, { method: 'POST' })
    expect((await account.ended(await retried(account, id))).status).toBe('SUCCESS')
  })

  test('a command that goes on is a 409 that says what to do', async () => {
    const account = await TestAccount.create()
    const gate = new Gate()
    const id = await account.submit(copyOf(gate.url))
    const response = await retry(account, id)
    expect(response.status).toBe(409)
    expect(await errorOf(response)).toMatchObject({ error: 'CONFLICT', message: expect.stringContaining('cancel') })
    expect((await account.list()).total).toBe(1)
    await gate.open()
  })

  test('what is not accepted any more is a 422, and nothing is stored', async () => {
    const account = await TestAccount.create()
    const { command_id } = await account.run(UNREACHABLE)
    await runInDurableObject(commandStub(command_id), (_, { storage }) => {
      const record = storage.kv.get<CommandRecord>('record')
      if (record) storage.kv.put('record', { ...record, spec: { ...record.spec, maxRunSeconds: 61 } })
    })
    await evictDurableObject(commandStub(command_id))
    const response = await retry(account, command_id)
    expect(response.status).toBe(422)
    expect(await response.json()).toMatchObject({ detail: [{ loc: ['max_command_run_seconds'] }] })
    expect((await account.list()).total).toBe(1)
  })

  test('under an Idempotency-Key it happens once, and the key is for this command only', async () => {
    const account = await TestAccount.create()
    const [one, other] = [await account.run(UNREACHABLE), await account.run(UNREACHABLE)]
    const again = await retried(account, one.command_id, { 'idempotency-key': 'k' })
    expect(await retried(account, one.command_id, { 'idempotency-key': 'k' })).toBe(again)
    expect((await retry(account, other.command_id, { 'idempotency-key': 'k' })).status).toBe(409)
    expect((await account.list()).total).toBe(3)
  })
})

test('FFmpeg’s stderr can be read while it runs', async () => {
  const account = await TestAccount.create()
  const id = await account.submit(lastingSeconds(30))
  const early = await until('it has said something', async () => {
    const log = await account.log(id)
    return log.includes('Output #0') && log
  })
  const { status, processing_stage } = await account.poll(id)
  expect([status, processing_stage]).toEqual(['PROCESSING', 'FFMPEG'])
  await account.request(`/api/v1/commands/${id}/cancel`, { method: 'POST' })
  expect(await until('it is kept', async () => (await account.log(id)).startsWith(early))).toBe(true)
})

async function specOf(commandId: string) {
  return runInDurableObject(commandStub(commandId), (_, { storage }) => storage.kv.get<CommandRecord>('record')?.spec)
}
