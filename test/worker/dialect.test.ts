/** A client of the older dialect that knows nothing of the API but another base URL. */
import { describe, expect, test } from 'vitest'
import { newApiKey } from '../../src/api/api-key.ts'
import { COMMAND_TYPES, DELETE_LIMIT, LIST_LIMIT, ROUTES } from '../../src/dialect/table.ts'
import { download, faultsOf, fromElsewhere, onlyOutput, request, TestAccount, until } from './client.ts'
import { FilesClient } from './files-client.ts'
import { copyOf, mediaFile, mediaUrl, SHORT_TONE } from './media.ts'

const MULTIPLE = '/v1/run-multiple-ffmpeg-commands'
const BULK = '/v1/files/bulk-delete'
const TWO_TONES = {
  ffmpeg_commands: ['-f lavfi -i sine=d=0.1 {{out_a}}', '-f lavfi -i sine=d=0.2 {{out_b}}'],
  output_files: { out_a: 'a.m4a', out_b: 'b.m4a' },
}

interface Poll {
  command_id: string
  status: string
  command_type: string
  output_files: Record<string, { file_id: string; storage_url: string }>
  original_request: Record<string, unknown>
  metadata: Record<string, unknown>
}

/** What a 200 answers, in the shape that the test says. */
async function read<T>(response: Response): Promise<T> {
  const text = await response.text()
  expect(response.status, text).toBe(200)
  return JSON.parse(text)
}

const get = async <T>(account: TestAccount, path: string) => read<T>(await account.request(path))
const post = async <T>(account: TestAccount, path: string, body: unknown) => read<T>(await account.send(path, body))
const remove = (account: TestAccount, path: string) => account.request(path, { method: 'DELETE' })
const ended = (account: TestAccount, id: string) =>
  until(`command ${id} has ended`, async () => {
    const command = await get<Poll>(account, `/v1/commands/${id}?wait=50`)
    return (command.status === 'SUCCESS' || command.status === 'FAILED') && command
  })

test('its whole journey: store, run, poll, download, list, delete', async () => {
  const account = await TestAccount.create()
  const { file_id } = await post<{ file_id: string }>(account, '/v1/files/store-file', { file_url: mediaUrl('/tone.wav') })
  const stored = await until('the file is stored', async () => {
    const file = await get<{ status: string; storage_url: string }>(account, `/v1/files/${file_id}`)
    return file.status === 'STORED' && file
  })
  const { command_id } = await post<Poll>(account, '/v1/run-ffmpeg-command', {
    ...copyOf(stored.storage_url),
    vcpu_count: 8,
    max_command_run_seconds: 50,
  })
  const command = await ended(account, command_id)
  expect(command).toMatchObject({ command_id, status: 'SUCCESS', command_type: 'FFMPEG_COMMAND' })
  expect(command).toMatchObject({ vcpu_count: 8, original_request: { vcpu_count: 8, max_command_run_seconds: 50 } })
  const output = command.output_files.out_file
  const copy = await download(output?.storage_url ?? '')
  expect([copy.status, (await copy.arrayBuffer()).byteLength > 0]).toEqual([200, true])
  expect(await get<Poll[]>(account, '/v1/commands')).toMatchObject([{ command_id }])
  const files = await until('both files are listed', async () => {
    const listed = await get<{ file_id: string }[]>(account, '/v1/files')
    return listed.length === 2 && listed
  })
  expect(new Set(files.map((file) => file.file_id))).toEqual(new Set([file_id, output?.file_id]))
  const path = `/v1/commands/${command_id}/files`
  expect(await read(await remove(account, path))).toEqual({ deleted: true, files_deleted: 1, deleted_file_ids: [output?.file_id] })
  expect(await read(await remove(account, path)), 'again').toEqual({ deleted: true, files_deleted: 0, deleted_file_ids: [] })
  expect(await read(await remove(account, `/v1/files/${file_id}`))).toEqual({ deleted: true, file_id, deleted_file_ids: [file_id] })
  expect((await remove(account, `/v1/files/${file_id}`)).status).toBe(404)
})

describe('every command_type', () => {
  test('is in its words, in polls, in lists and where lists are asked for it', async () => {
    const account = await TestAccount.create()
    const { ffmpeg_command, ...files } = SHORT_TONE
    const chain = { ...files, ffmpeg_commands: [ffmpeg_command], vcpu_count: 2 }
    const { command_id } = await post<Poll>(account, '/v1/run-chained-ffmpeg-commands', chain)
    const { command_ids } = await post<{ command_ids: string[] }>(account, MULTIPLE, TWO_TONES)
    const byType = { [COMMAND_TYPES.CHAINED_COMMAND ?? '']: [command_id], [COMMAND_TYPES.MULTIPLE_COMMAND ?? '']: command_ids.toReversed() }
    expect(Object.keys(byType)).toEqual(['FFMPEG_CHAINED_COMMANDS', 'FFMPEG_MULTIPLE_COMMANDS'])
    for (const [type, ids] of Object.entries(byType)) {
      for (const id of ids) expect((await ended(account, id)).command_type).toBe(type)
      const listed = await get<Poll[]>(account, `/v1/commands?command_type=${type}`)
      expect(listed.map((command) => [command.command_id, command.command_type])).toEqual(ids.map((id) => [id, type]))
    }
    const waited = await post<Poll>(account, '/v1/run-chained-ffmpeg-commands?wait=50', chain)
    expect(waited, 'of a submit that waits').toMatchObject({ status: 'SUCCESS', command_type: 'FFMPEG_CHAINED_COMMANDS' })
  })
})

describe('several commands that share their files', () => {
  test.each([
    ['a list', TWO_TONES.ffmpeg_commands],
    ['an object', { first: TWO_TONES.ffmpeg_commands[0], second: TWO_TONES.ffmpeg_commands[1] }],
  ])('as %s: each gets those that it uses, and all get the rest', async (_, ffmpeg_commands) => {
    const account = await TestAccount.create()
    const { command_ids } = await post<{ command_ids: string[] }>(account, MULTIPLE, {
      ...TWO_TONES,
      ffmpeg_commands,
      metadata: { n: 1 },
      vcpu_count: 4,
    })
    const commands = await Promise.all(command_ids.map((id) => ended(account, id)))
    expect(commands.map(({ status, metadata, output_files }) => [status, metadata, Object.keys(output_files)])).toEqual([
      ['SUCCESS', { n: 1 }, ['out_a']],
      ['SUCCESS', { n: 1 }, ['out_b']],
    ])
  })

  test('one input can be used by all', async () => {
    const account = await TestAccount.create()
    const { command_ids } = await post<{ command_ids: string[] }>(account, MULTIPLE, {
      input_files: { in_1: mediaUrl('/tone.wav') },
      output_files: { out_a: 'a.wav', out_b: 'b.wav' },
      ffmpeg_commands: ['-i {{in_1}} -c copy {{out_a}}', '-i {{in_1}} -c copy <<out_b>>'],
    })
    for (const id of command_ids) expect(await ended(account, id)).toMatchObject({ status: 'SUCCESS' })
  })

  test.each<[string, Record<string, unknown>, (string | number)[]]>([
    ['no commands', { ffmpeg_commands: [] }, ['ffmpeg_commands']],
    ['too many', { ffmpeg_commands: Array(11).fill('-f lavfi -i sine {{out_a}} {{out_b}}') }, ['ffmpeg_commands']],
    ['commands that are a text', { ffmpeg_commands: 'text' }, ['ffmpeg_commands']],
    ['an output that none uses', { output_files: { ...TWO_TONES.output_files, out_c: 'c.wav' } }, ['output_files', 'out_c']],
    ['an input that none uses', { input_files: { in_1: 'https://example.com/a.wav' } }, ['input_files', 'in_1']],
    ['a placeholder of nothing', { ffmpeg_commands: ['-i {{in_x}} {{out_a}}', '-f lavfi -i sine {{out_b}}'] }, ['ffmpeg_commands', 0]],
    [
      'one without outputs',
      { ffmpeg_commands: { all: '-f lavfi -i sine {{out_a}} {{out_b}}', none: '-f lavfi -i sine' } },
      ['ffmpeg_commands', 'none'],
    ],
    [
      'one that is not quoted',
      { ffmpeg_commands: { a: '-f lavfi -i sine {{out_a}}', b: "-f lavfi -i 'sine {{out_b}}" } },
      ['ffmpeg_commands', 'b'],
    ],
    ['a bad file name', { output_files: { out_a: 'a/b.wav', out_b: 'b.wav' } }, ['output_files', 'out_a']],
    ['a bad webhook, which all have', { webhook_url: 'ftp://example.com' }, ['webhook_url']],
  ])('%s is one 422 at its place in what was sent, and nothing is stored', async (_, change, loc) => {
    const account = await TestAccount.create()
    const faults = await faultsOf(await account.send(MULTIPLE, { ...TWO_TONES, ...change }))
    expect(faults.map((fault) => fault.loc)).toEqual([loc])
    expect(await get(account, '/v1/commands')).toEqual([])
  })

  test('a repetition under its Idempotency-Key does nothing again', async () => {
    const account = await TestAccount.create()
    const once = async () => read(await account.send(MULTIPLE, TWO_TONES, { 'idempotency-key': 'order-17' }))
    expect(await once()).toEqual(await once())
    expect(await get<Poll[]>(account, '/v1/commands')).toHaveLength(2)
  })
})

describe('lists', () => {
  test('are whole beyond a page of the API, in its order, without what is twice', async () => {
    const account = await TestAccount.create()
    const files = new FilesClient(account)
    const ids: string[] = []
    // An upload that has begun is listed as well, and nothing has to be stored and looked into.
    for (let n = 0; n < 103; n++) ids.unshift((await files.initUpload(`${n}.txt`, 1)).file_id)
    const listed = async (query: string) => (await get<{ file_id: string }[]>(account, `/v1/files${query}`)).map(({ file_id }) => file_id)
    expect(await listed('')).toEqual(ids)
    expect(await listed(`?limit=${LIST_LIMIT}`)).toEqual(ids)
    expect(await listed('?limit=101&offset=1')).toEqual(ids.slice(1, 102))
    expect(await listed('?limit=100')).toEqual(ids.slice(0, 100))
    expect(await listed('?offset=3')).toEqual(ids.slice(3))
    expect(await listed('?limit=2&offset=102')).toEqual(ids.slice(102))
    expect(await listed('?offset=103')).toEqual([])
  })

  test.each(['commands', 'files'])('a bad query of %s is a 400 that names the parameter', async (list) => {
    const account = await TestAccount.create()
    for (const query of ['limit=0', `limit=${LIST_LIMIT + 1}`, 'limit=x', 'offset=-1', 'status=DONE']) {
      const response = await account.request(`/v1/${list}?${query}`)
      expect(response.status, query).toBe(400)
      expect(await response.json(), query).toMatchObject({ detail: expect.stringContaining(query.split('=')[0] ?? '') })
    }
  })
})

describe('deleting several files', () => {
  test('deletes them and tells which, each once', async () => {
    const account = await TestAccount.create()
    const files = new FilesClient(account)
    const ids = await Promise.all(['a', 'b', 'c'].map(async (name) => (await files.upload(name, `${name}.txt`)).file_id))
    const [first = '', second = '', kept = ''] = ids
    expect(await post(account, BULK, { file_ids: [first, second, first] })).toEqual({ deleted_file_ids: [first, second] })
    expect(await get(account, '/v1/files')).toMatchObject([{ file_id: kept }])
  })

  test('deletes an output as well', async () => {
    const account = await TestAccount.create()
    const { file_id } = onlyOutput(await account.succeed(SHORT_TONE))
    await until('the output is listed', async () => (await account.request(`/v1/files/${file_id}`)).ok)
    expect(await post(account, BULK, { file_ids: [file_id] })).toEqual({ deleted_file_ids: [file_id] })
  })

  test('passes over what is not there or is another’s, up to a thousand', async () => {
    const [account, stranger] = await Promise.all([TestAccount.create(), TestAccount.create()])
    const mine = (await new FilesClient(account).upload('x', 'mine.txt')).file_id
    const theirs = (await new FilesClient(stranger).upload('x', 'theirs.txt')).file_id
    const others = [theirs, crypto.randomUUID(), 'no-id', '..', '../commands', 'x/y']
    const many = Array.from({ length: DELETE_LIMIT - others.length - 1 }, (_, n) => `unknown-${n}`)
    expect(await post(account, BULK, { file_ids: [...others, ...many, mine] })).toEqual({ deleted_file_ids: [mine] })
    expect(await post(account, BULK, { file_ids: [mine] })).toEqual({ deleted_file_ids: [] })
    expect((await stranger.request(`/v1/files/${theirs}`)).status).toBe(200)
    expect(DELETE_LIMIT).toBe(1000)
  })

  test.each<[string, unknown]>([
    ['no list', {}],
    ['an empty list', { file_ids: [] }],
    ['an empty id', { file_ids: [''] }],
    ['a number', { file_ids: [7] }],
    ['too many', { file_ids: Array.from({ length: DELETE_LIMIT + 1 }, () => crypto.randomUUID()) }],
  ])('%s is a 422', async (_, body) => {
    const account = await TestAccount.create()
    for (const fault of await faultsOf(await account.send(BULK, body))) expect(fault.loc[0]).toBe('file_ids')
  })
})

describe('every poll response', () => {
  test('has its words for the stages, and says what of vcpu_count was sent', async () => {
    const account = await TestAccount.create()
    const { command_id } = await post<Poll>(account, '/v1/run-ffmpeg-command', {
      output_files: { out_a: 'a.wav' },
      ffmpeg_command: '-re -f lavfi -i sine {{out_a}}',
      vcpu_count: '2',
    })
    const running = await until('FFmpeg runs', async () => {
      const poll = await get<Record<string, unknown>>(account, `/v1/commands/${command_id}`)
      return poll.processing_stage === 'FFMPEG_PROCESSING' && poll
    })
    expect(running).toMatchObject({ status: 'PROCESSING', vcpu_count: 2 })
    const cancelled = await read(await account.send(`/v1/commands/${command_id}/cancel`, {}))
    expect(cancelled).toMatchObject({ status: 'FAILED', error_status: 'CANCELLED', vcpu_count: 2 })
    const { command_id: other } = await post<Poll>(account, '/v1/run-ffmpeg-command', { ...SHORT_TONE, vcpu_count: 'many' })
    expect(await ended(account, other)).toMatchObject({ status: 'SUCCESS', vcpu_count: null })
  })
})

test('a large file goes up in parts', async () => {
  const account = await TestAccount.create()
  const begun = { filename: 'note.txt', size_bytes: 4 }
  const { file_id, upload_urls } = await post<{ file_id: string; upload_urls: string[] }>(account, '/v1/files/init-upload', begun)
  const { pathname } = new URL(upload_urls[0] ?? '')
  const put = await request(pathname, { method: 'PUT', body: 'text', headers: { 'content-length': '4' } })
  const parts = [{ part_number: 1, etag: put.headers.get('etag') }]
  const file = await post<{ status: string }>(account, `/v1/files/${file_id}/complete-upload`, { parts })
  expect([put.status, file.status]).toEqual([200, 'PROCESSING'])
})

test('several commands with files of their own are taken as under /api/v1', async () => {
  const account = await TestAccount.create()
  const { command_ids } = await post<{ command_ids: string[] }>(account, MULTIPLE, { commands: [SHORT_TONE] })
  expect(command_ids).toHaveLength(1)
})

describe('what has no form of its own', () => {
  test('is there as it is: a trial, a log, events, presets, the webhook and the health, which wants no key', async () => {
    const account = await TestAccount.create()
    expect(await (await request('/v1/health')).json()).toEqual({ status: 'ok' })
    expect(await post(account, '/v1/validate', SHORT_TONE)).toMatchObject({ valid: true })
    const { command_id } = await post<Poll>(account, '/v1/run-ffmpeg-command?wait=50', SHORT_TONE)
    expect(await (await account.request(`/v1/commands/${command_id}/log`)).text()).not.toBe('')
    expect(await (await account.request(`/v1/commands/${command_id}/events`)).text()).toContain('event: end')
    const preset = await get<Record<string, unknown>>(account, '/v1/presets/prs_system_hls')
    expect(preset).toEqual(await get(account, '/api/v1/presets/prs_system_hls'))
    expect(await get(account, '/v1/webhook-config')).toEqual({ configured: false })
    const elsewhere = await account.send('/v1/ytdlp-download', { url: 'https://example.com' })
    expect([elsewhere.status, await elsewhere.json()]).toMatchObject([
      501,
      { error: 'NOT_IMPLEMENTED', detail: expect.stringContaining('direct link') },
    ])
    const wrong = await account.request('/v1/webhook-config', { method: 'POST' })
    expect([wrong.status, wrong.headers.get('allow')]).toEqual([405, 'PUT, GET, HEAD, DELETE'])
  })
})

describe('every route', () => {
  const fill = (path: string) => `/v1${path.replace(/:\w+/, crypto.randomUUID())}`

  test.each(ROUTES.map((route) => [`${route.method} ${route.path}`, route] as const))(
    '%s is a 401 without a known key',
    async (_, { method, path }) => {
      for (const headers of [{}, { 'x-api-key': newApiKey() }]) {
        const response = await request(fill(path), { method, headers: { ...headers, ...fromElsewhere() } })
        expect(response.status).toBe(401)
        expect(await response.json()).toEqual({ detail: 'Invalid authorization key' })
      }
    },
  )

  test.each(ROUTES.filter(({ path }) => path.includes(':')).map((route) => [`${route.method} ${route.path}`, route] as const))(
    '%s is a 404 for another account’s object',
    async (_, { method, path }) => {
      const [owner, stranger] = await Promise.all([TestAccount.create(), TestAccount.create()])
      const id = path.includes('command_id')
        ? (await owner.run(SHORT_TONE)).command_id
        : (await new FilesClient(owner).upload('x', 'x.txt')).file_id
      const response = await stranger.request(`/v1${path.replace(/:\w+/, id)}`, { method })
      expect(response.status).toBe(404)
      expect(await response.json()).toMatchObject({ detail: expect.any(String), error: 'NOT_FOUND' })
    },
  )

  test('faults of a submit are the API’s, and so are 400, 404 and 405', async () => {
    const account = await TestAccount.create()
    expect(await faultsOf(await account.send('/v1/run-ffmpeg-command', {}))).not.toEqual([])
    expect((await account.send(MULTIPLE, '{')).status).toBe(400)
    expect((await account.request(MULTIPLE, { method: 'POST', headers: { 'content-type': 'text/plain' }, body: '{}' })).status).toBe(415)
    expect((await account.request('/v1/nothing')).status).toBe(404)
    const wrong = await account.request('/v1/run-ffmpeg-command')
    expect([wrong.status, wrong.headers.get('allow')]).toEqual([405, 'POST'])
  })

  test('an upload arrives as it was sent, and the request’s id comes back', async () => {
    const account = await TestAccount.create()
    const bytes = await mediaFile('tone.wav')
    const form = new FormData()
    form.set('file', new File([bytes], 'tone.wav'))
    const response = await account.request('/v1/files/upload', { method: 'POST', body: form, headers: { 'x-request-id': 'mine-1' } })
    expect(response.headers.get('x-request-id')).toBe('mine-1')
    const { storage_url } = await read<{ storage_url: string }>(response)
    expect(new Uint8Array(await (await download(storage_url)).arrayBuffer())).toEqual(bytes)
  })
})

test('faults that an answer does not list are counted here as they are there', async () => {
  const account = await TestAccount.create()
  const command = Array.from({ length: 300 }, (_, n) => `{{x${n}}}`).join(' ')
  const there = await faultsOf(
    await account.send('/api/v1/run-multiple-ffmpeg-commands', {
      commands: [{ ffmpeg_command: command, output_files: { out_a: 'a.m4a' } }],
    }),
  )
  const here = await faultsOf(await account.send(MULTIPLE, { ffmpeg_commands: [command], output_files: { out_a: 'a.m4a' } }))
  expect(there.at(-1)?.msg).toMatch(/not listed here: \d+$/)
  expect(here.at(-1)?.msg).toBe(there.at(-1)?.msg)
})
