import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { describe, expect, test } from 'vitest'
import { executorFor } from '../../src/executor/connect.ts'
import { ExecutorFailure } from '../../src/executor/failure.ts'
import { signFileToken } from '../../src/files/token.ts'
import type { FileRecord } from '../../src/stored-file/record.ts'
import { FACTS_PATIENCE_MS } from '../../src/stored-file/state.ts'
import { download, errorOf, faultsOf, ORIGIN, onlyOutput, TestAccount, until } from './client.ts'
import { FilesClient, fileStub } from './files-client.ts'
import { copyOf, Gate, lastingSeconds, mediaFile, mediaUrl, requestsFor, SHORT_TONE } from './media.ts'

async function setUp(): Promise<{ account: TestAccount; files: FilesClient }> {
  const account = await TestAccount.create()
  return { account, files: new FilesClient(account) }
}

async function bytesAt(url: string | null): Promise<Uint8Array> {
  return new Uint8Array(await (await download(url ?? '')).arrayBuffer())
}

/** Ends an object in the middle of what it does, as a deploy or a lost host would. */
async function kill(stub: DurableObjectStub): Promise<void> {
  await expect(runInDurableObject(stub, (_, state) => state.abort('killed by a test'))).rejects.toThrow('killed by a test')
}

describe('a file stored from a URL', () => {
  test('is told at once, is PROCESSING while it comes, and STORED when it is there', async () => {
    const { files } = await setUp()
    const gate = new Gate()
    const begun = await files.storeFile(gate.url)
    expect(begun).toMatchObject({ status: 'PROCESSING', storage_url: expect.stringMatching(/\/tone\.wav$/) })
    const processing = {
      status: 'PROCESSING',
      rendi_store_type: 'STORED_FILE',
      original_file_url: gate.url,
      filename: 'tone.wav',
      duration: null,
    }
    expect(await files.read(begun.file_id)).toMatchObject(processing)
    expect((await files.list()).files).toMatchObject([processing])
    expect((await download(begun.storage_url)).status).toBe(404)
    await gate.open()
    const tone = await mediaFile('tone.wav')
    const file = await files.probed(begun.file_id)
    expect(file).toMatchObject({ status: 'STORED', file_type: 'audio', duration: 1, channels: 1, size_mbytes: tone.length / 1e6 })
    expect(await bytesAt(begun.storage_url)).toEqual(tone)
    await until('the list knows it too', async () => (await files.list()).files[0]?.file_type === 'audio')
  })

  test('is named by the client where it says a name, reduced to a plain one', async () => {
    const { files } = await setUp()
    const { file_id } = await files.storeFile(mediaUrl('/tone.wav'), 'dir/my töne.wav')
    expect((await files.settled(file_id)).filename).toBe('my_tone.wav')
  })

  test('FAILED when it is not there: at once, with host and status, and without the query', async () => {
    const { files } = await setUp()
    const url = `${env.MEDIA_URL}/status/404?token=secret-${crypto.randomUUID()}`
    const file = await files.settled((await files.storeFile(url)).file_id)
    expect(file).toMatchObject({ status: 'FAILED', error_status: 'UNREACHABLE_INPUT_FILE', storage_url: null })
    expect(file.error_message).toMatch(/127\.0\.0\.1:\d+ answered 404/)
    expect(file.error_message).not.toContain('secret')
    expect(await requestsFor(url)).toHaveLength(1)
    await until('the list knows it too', async () => (await files.list()).files[0]?.status === 'FAILED')
    expect((await files.list()).files).toMatchObject([{ status: 'FAILED' }])
    expect(await files.stored()).toEqual([])
  })

  test('is asked for four times, and resumed where it was cut', async () => {
    const { files } = await setUp()
    const [failing, cut] = [mediaUrl('/status/503'), mediaUrl('/cut/2/tone.wav')]
    const [failed, resumed] = await Promise.all([files.storeFile(failing), files.storeFile(cut)])
    expect((await files.settled(failed.file_id)).status).toBe('FAILED')
    expect(await requestsFor(failing)).toHaveLength(4)
    expect((await files.settled(resumed.file_id)).status).toBe('STORED')
    expect((await requestsFor(cut)).map(({ range, ifRange }) => [range, ifRange])).toEqual([
      [null, null],
      [expect.stringMatching(/^bytes=[1-9]\d*-$/), '"v1"'],
      [expect.stringMatching(/^bytes=[1-9]\d*-$/), '"v1"'],
    ])
    expect(await bytesAt(resumed.storage_url)).toEqual(await mediaFile('tone.wav'))
  })

  test.each(['/norange/1/tone.wav', '/changing/tone.wav'])('is begun anew where it cannot be resumed: %s', async (path) => {
    const { files } = await setUp()
    const begun = await files.storeFile(mediaUrl(path))
    expect((await files.settled(begun.file_id)).status).toBe('STORED')
    expect(await bytesAt(begun.storage_url)).toEqual(await mediaFile('tone.wav'))
  })

  test.each(['/big/2000000', '/chunked/2000000'])('FAILED over the limit, whether or not its size was announced: %s', async (path) => {
    const { files } = await setUp()
    const file = await files.settled((await files.storeFile(mediaUrl(path))).file_id)
    expect(file).toMatchObject({ status: 'FAILED', error_status: 'INPUT_TOO_LARGE', error_message: expect.stringContaining('1 MB') })
    expect(await files.stored()).toEqual([])
  })

  test('FAILED when it is empty', async () => {
    const { files } = await setUp()
    const file = await files.settled((await files.storeFile(mediaUrl('/big/0'))).file_id)
    expect(file).toMatchObject({ status: 'FAILED', error_message: 'the file is empty' })
  })

  test('is not followed to an address that is not allowed', async () => {
    const { files } = await setUp()
    const url = `${env.MEDIA_URL}/location?${encodeURIComponent('http://169.254.169.254/latest')}`
    expect(await files.settled((await files.storeFile(url)).file_id)).toMatchObject({ error_status: 'UNREACHABLE_INPUT_FILE' })
  })

  test.each([
    [{ file_url: 'http://10.0.0.1/a.mp4' }, 'file_url'],
    [{ file_url: 'ftp://example.com/a.mp4' }, 'file_url'],
    [{ file_url: 'nonsense' }, 'file_url'],
    [{ file_url: 7 }, 'file_url'],
    [{}, 'file_url'],
    [{ file_url: 'https://example.com/a.mp4', filename: ' ' }, 'filename'],
    [{ file_url: 'https://example.com/a.mp4', filename: 'x'.repeat(1001) }, 'filename'],
  ])('%j is a 422, and nothing is stored', async (body, field) => {
    const { files } = await setUp()
    const faults = await faultsOf(await files.postJson('/store-file', body))
    expect(faults.map(({ loc }) => loc)).toEqual([[field]])
    expect((await files.list()).total).toBe(0)
  })

  test('is copied in the bucket where it is one of ours, and never fetched', async () => {
    const { account, files } = await setUp()
    const output = onlyOutput(await account.succeed(copyOf(mediaUrl('/tone.wav'))))
    const { pathname } = new URL(output.storage_url)
    const expired = await signFileToken({ account: account.name, fileId: output.file_id, expiresAt: 1 }, env.URL_SIGNING_SECRET)
    for (const path of [pathname, `/files/${expired}/copy.m4a`]) {
      const url = env.MEDIA_URL + path
      const begun = await files.storeFile(url)
      expect(await files.settled(begun.file_id)).toMatchObject({ status: 'STORED', filename: 'copy.m4a' })
      expect(await requestsFor(url)).toEqual([])
      expect(await bytesAt(begun.storage_url)).toEqual(await bytesAt(output.storage_url))
    }
  })

  test('ends in STORED, once, when its object dies while it comes', async () => {
    const { account, files } = await setUp()
    const gate = new Gate()
    const begun = await files.storeFile(gate.url)
    await until('the source is asked', async () => (await requestsFor(gate.url)).length > 0)
    await kill(fileStub(begun.file_id))
    await kill(account.stub)
    await gate.open()
    expect((await files.probed(begun.file_id)).status).toBe('STORED')
    expect(await bytesAt(begun.storage_url)).toEqual(await mediaFile('tone.wav'))
    expect([await files.stored(), (await files.list()).total]).toEqual([[`${account.name}/${begun.file_id}/tone.wav`], 1])
  })

  test('may be deleted while it comes, and nothing stays', async () => {
    const { files } = await setUp()
    const gate = new Gate()
    const { file_id } = await files.storeFile(gate.url)
    await until('the source is asked', async () => (await requestsFor(gate.url)).length > 0)
    await files.removed(file_id)
    expect((await files.get(file_id)).status).toBe(404)
    expect((await files.list()).total).toBe(0)
    await gate.open()
    await until('its object is empty', () =>
      runInDurableObject(fileStub(file_id), async (_, state) => state.storage.kv.get('record') === undefined),
    )
    expect(await files.stored()).toEqual([])
  })
})

describe('stored files', () => {
  test('are read by nobody but their account', async () => {
    const [{ files }, other] = await Promise.all([setUp(), setUp()])
    const { file_id } = await files.upload('hello', 'a.txt')
    for (const response of [await other.files.get(file_id), await other.files.remove(file_id)]) {
      expect(response.status).toBe(404)
      await errorOf(response)
    }
    expect((await other.files.list()).total).toBe(0)
    expect((await files.settled(file_id)).status).toBe('STORED')
  })

  test.each(['not-an-id', crypto.randomUUID()])('are a 404 under the id %s', async (id) => {
    const { files } = await setUp()
    expect([(await files.get(id)).status, (await files.remove(id)).status]).toEqual([404, 404])
  })

  test('are gone when they are deleted, and cannot be deleted twice', async () => {
    const { files } = await setUp()
    const begun = await files.upload('hello', 'a.txt')
    const kept = await files.upload('hello', 'b.txt')
    expect(await files.removed(begun.file_id)).toEqual({ deleted: true, file_id: begun.file_id })
    expect((await download(begun.storage_url)).status).toBe(404)
    expect([(await files.get(begun.file_id)).status, (await files.remove(begun.file_id)).status]).toEqual([404, 404])
    expect((await files.list()).files.map(({ file_id }) => file_id)).toEqual([kept.file_id])
    expect(await files.stored()).toHaveLength(1)
  })

  test('are listed newest first, in pages, by status and by kind, outputs of commands among them', async () => {
    const { account, files } = await setUp()
    const upload = await files.upload('hello', 'a.txt')
    const failed = await files.storeFile(mediaUrl('/status/404'))
    await files.settled(failed.file_id)
    const output = onlyOutput(await account.succeed(SHORT_TONE))
    await until('the output is listed', async () => (await files.list()).total === 3)
    await until('the list knows what failed', async () => (await files.list('?status=FAILED')).total === 1)
    await until('the list knows what is stored', async () => (await files.list('?status=STORED')).total === 2)
    const ids = async (query: string) => {
      const page = await files.list(query)
      return [page.files.map(({ file_id }) => file_id), page.total]
    }
    expect(await ids('')).toEqual([[output.file_id, failed.file_id, upload.file_id], 3])
    expect(await ids('?limit=1&offset=1')).toEqual([[failed.file_id], 3])
    expect(await ids('?status=STORED')).toEqual([[output.file_id, upload.file_id], 2])
    expect(await ids('?rendi_store_type=OUTPUT')).toEqual([[output.file_id], 1])
    expect(await ids('?rendi_store_type=STORED_FILE&status=FAILED')).toEqual([[failed.file_id], 1])
    expect(await ids('?rendi_store_type=UPLOAD&status=FAILED')).toEqual([[], 0])
  })

  test.each(['?limit=0', '?limit=101', '?offset=-1', '?status=DONE', '?rendi_store_type=X'])('a list with %s is a 400', async (query) => {
    const account = await TestAccount.create()
    const response = await account.request(`/api/v1/files${query}`)
    expect(response.status).toBe(400)
    await errorOf(response)
  })

  test('an output is a file by its id, and is deleted with its command’s files', async () => {
    const { account, files } = await setUp()
    const other = await setUp()
    const output = onlyOutput(await account.succeed(SHORT_TONE))
    const file = await until('the output is listed', async () => {
      const response = await files.get(output.file_id)
      return response.ok && files.read(output.file_id)
    })
    expect(file).toMatchObject({
      rendi_store_type: 'OUTPUT',
      status: 'STORED',
      filename: 'tone.m4a',
      file_type: 'audio',
      sample_rate: 44100,
    })
    expect((await bytesAt(file.storage_url)).length / 1e6).toBe(file.size_mbytes)
    expect([(await other.files.get(output.file_id)).status, (await other.files.remove(output.file_id)).status]).toEqual([404, 404])
  })

  test('read the same when their objects were evicted', async () => {
    const { account, files } = await setUp()
    const { file_id } = await files.upload(await mediaFile('tiny.mp4'), 'tiny.mp4')
    const before = await files.probed(file_id)
    await until('the list knows it too', async () => (await files.list()).files[0]?.file_type === 'video')
    await evictDurableObject(fileStub(file_id))
    await evictDurableObject(account.stub)
    expect({ ...(await files.read(file_id)), storage_url: '' }).toEqual({ ...before, storage_url: '' })
    expect((await files.list()).files.map((file) => ({ ...file, storage_url: '' }))).toEqual([{ ...before, storage_url: '' }])
  })

  test('are deleted when the retention is over', async () => {
    const { files } = await setUp()
    const begun = await files.upload('hello', 'a.txt')
    await files.probed(begun.file_id)
    const stub = fileStub(begun.file_id)
    await until('it is settled', () => runInDurableObject(stub, async (_, state) => state.storage.kv.get('untold') === undefined))
    await runInDurableObject(stub, (_, state) => {
      const record = state.storage.kv.get<FileRecord>('record')
      if (record?.state.status !== 'STORED') throw new Error('the file is not stored')
      state.storage.kv.put('record', { ...record, state: { ...record.state, storedAt: 0 } })
    })
    await evictDurableObject(stub)
    expect(await runDurableObjectAlarm(stub)).toBe(true)
    await until('the file is gone', async () => (await files.get(begun.file_id)).status === 404 && (await files.list()).total === 0)
    await until('its bytes are gone', async () => (await files.stored()).length === 0)
  })

  test('wait for a slot like commands do, are usable meanwhile, and told as stored without facts when these are overdue', async () => {
    const { account, files } = await setUp()
    const gates = Array.from({ length: Number(env.MAX_CONCURRENT_COMMANDS) }, () => new Gate())
    for (const gate of gates) await account.submit(copyOf(gate.url))
    await until('every slot is taken', async () => (await account.list('?status=PROCESSING')).total === gates.length)
    const { file_id } = await files.upload(await mediaFile('tone.wav'), 'tone.wav')
    await until('the file waits', () =>
      runInDurableObject(
        account.stub,
        async (_, state) =>
          state.storage.sql.exec('SELECT id FROM slot_queue WHERE slot IS NULL AND id = ?', file_id).toArray().length === 1,
      ),
    )
    const command = await account.submit(SHORT_TONE)
    expect(await account.poll(command)).toMatchObject({ status: 'QUEUED', queue_position: 1 })
    expect(await files.read(file_id)).toMatchObject({ status: 'PROCESSING', file_type: null, size_mbytes: expect.any(Number) })
    await runInDurableObject(fileStub(file_id), (_, state) => {
      const record = state.storage.kv.get<FileRecord>('record')
      if (record?.state.status !== 'STORED') throw new Error('the bytes are not there')
      state.storage.kv.put('record', { ...record, state: { ...record.state, storedAt: record.state.storedAt - FACTS_PATIENCE_MS } })
    })
    await evictDurableObject(fileStub(file_id))
    expect(await files.read(file_id)).toMatchObject({ status: 'STORED', file_type: null })
    expect((await files.list('?status=STORED')).files.map((file) => file.file_id)).toEqual([file_id])
    for (const gate of gates) await gate.open()
    expect((await files.probed(file_id)).file_type).toBe('audio')
    expect((await account.ended(command)).status).toBe('SUCCESS')
  })
})

describe('as inputs of commands', () => {
  test('uploads and stored files are read from the bucket', async () => {
    const { account, files } = await setUp()
    const upload = await files.upload(await mediaFile('tone.wav'), 'tone.wav')
    const stored = await files.storeFile(mediaUrl('/tone.wav'))
    await files.settled(stored.file_id)
    for (const { storage_url } of [upload, stored]) {
      const url = env.MEDIA_URL + new URL(storage_url).pathname
      await account.succeed(copyOf(url))
      expect(await requestsFor(url)).toEqual([])
    }
  })

  test('a file that is not complete yet is a fault that says so', async () => {
    const { account, files } = await setUp()
    const gate = new Gate()
    const processing = await files.storeFile(gate.url)
    const inParts = await files.initUpload('a.wav', 100)
    const token = await signFileToken({ account: account.name, fileId: inParts.file_id, expiresAt: 2e9 }, env.URL_SIGNING_SECRET)
    for (const [url, id] of [
      [processing.storage_url, processing.file_id],
      [`${ORIGIN}/files/${token}/a.wav`, inParts.file_id],
    ] as const) {
      const command = await account.run(copyOf(url))
      expect(command).toMatchObject({ error_status: 'UNREACHABLE_INPUT_FILE', error_message: expect.stringContaining('not complete yet') })
      expect(command.error_message).toContain(id)
    }
    await gate.open()
  })

  test('a file that could not be stored, or was deleted, is a fault that says so', async () => {
    const { account, files } = await setUp()
    const failed = await files.storeFile(mediaUrl('/status/404'))
    await files.settled(failed.file_id)
    expect((await account.run(copyOf(failed.storage_url))).error_message).toMatch(/could not be stored.*404/)
    const deleted = await files.upload('x', 'a.wav')
    await files.removed(deleted.file_id)
    expect((await account.run(copyOf(deleted.storage_url))).error_message).toContain('does not exist any more')
  })
})

test('a file that is probed while commands run leaves no job behind', async () => {
  const { account, files } = await setUp()
  const command = await account.submit(lastingSeconds(0.5))
  const { file_id } = await files.upload(await mediaFile('tone.wav'), 'tone.wav')
  await files.probed(file_id)
  const executor = executorFor(env, account.name, 0)
  await until('the job is wiped', async () => {
    const jobLog = await executor.log(`${file_id}.1`, 1000).catch((error: unknown) => error)
    return jobLog instanceof ExecutorFailure && jobLog.fault === 'job_unknown'
  })
  expect((await account.ended(command)).status).toBe('SUCCESS')
})
