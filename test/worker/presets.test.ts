import { runInDurableObject } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { describe, expect, test } from 'vitest'
import { MAX_PRESETS } from '../../src/account/presets.ts'
import { presetDeletedSchema, presetListSchema, presetSchema } from '../../src/api/preset-schemas.ts'
import type { Fault } from '../../src/ffmpeg/command.ts'
import { SYSTEM_PRESETS } from '../../src/presets/system-presets.ts'
import { errorOf, faultsOf, TestAccount } from './client.ts'
import { mediaUrl } from './media.ts'

const PRESETS = '/api/v1/presets'
const TO_WAV = {
  name: 'To WAV',
  description: 'As it says',
  ffmpeg_command: 'ffmpeg -i {{in_sound}} {{out_sound}}',
  input_file_keys: ['in_sound'],
  output_file_definitions: { out_sound: 'sound.wav' },
  metadata: { team: 'audio', keep: 1 },
}
const CHAIN = {
  name: 'Twice',
  ffmpeg_commands: ['-i {{in_sound}} middle.wav', '-i middle.wav {{out_sound}}'],
  input_file_keys: ['in_sound'],
  output_file_definitions: { out_sound: 'sound.flac' },
}

async function read(response: Response, status = 200) {
  const text = await response.text()
  expect(response.status, text).toBe(status)
  return presetSchema.strict().parse(JSON.parse(text))
}

const make = async (account: TestAccount, body: unknown = TO_WAV) => read(await account.send(PRESETS, body), 201)
const put = (account: TestAccount, id: string, body: unknown) =>
  account.request(`${PRESETS}/${id}`, { method: 'PUT', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) })

async function list(account: TestAccount, query = '') {
  const response = await account.request(PRESETS + query)
  expect(response.status).toBe(200)
  return presetListSchema.strict().parse(await response.json())
}

async function faultsOfNew(body: unknown): Promise<Fault[]> {
  const account = await TestAccount.create()
  const faults = await faultsOf(await account.send(PRESETS, body))
  expect((await list(account)).total, 'nothing is stored').toBe(SYSTEM_PRESETS.length)
  return faults
}

const fault = (loc: Fault['loc'], msg: RegExp = /./) => expect.objectContaining({ loc, msg: expect.stringMatching(msg) })

describe('a preset', () => {
  test('is answered as it was made, and read again so', async () => {
    const account = await TestAccount.create()
    const preset = await make(account)
    expect(preset).toMatchObject({ ...TO_WAV, is_system: false, command_type: 'FFMPEG_COMMAND', ffmpeg_commands: null })
    expect(preset.preset_id).toMatch(/^prs_/)
    expect(await read(await account.request(`${PRESETS}/${preset.preset_id}`))).toEqual(preset)
  })

  test('may be a chain, whose type need not be told', async () => {
    const account = await TestAccount.create()
    expect(await make(account, CHAIN)).toMatchObject({
      command_type: 'CHAINED_COMMAND',
      ffmpeg_command: null,
      description: null,
      metadata: {},
    })
    expect(await make(account, { ...CHAIN, command_type: 'CHAINED_COMMAND' })).toMatchObject({ ffmpeg_commands: CHAIN.ffmpeg_commands })
  })

  test('is changed field by field; metadata as a whole', async () => {
    const account = await TestAccount.create()
    const { preset_id, created_at } = await make(account)
    const renamed = await read(await put(account, preset_id, { name: 'WAV', description: null }))
    expect(renamed).toMatchObject({ ...TO_WAV, name: 'WAV', description: null, created_at })
    expect((await read(await put(account, preset_id, { metadata: { keep: 2 } }))).metadata).toEqual({ keep: 2 })
    const chained = await read(await put(account, preset_id, { ffmpeg_commands: CHAIN.ffmpeg_commands }))
    expect(chained).toMatchObject({ command_type: 'CHAINED_COMMAND', ffmpeg_command: null, name: 'WAV' })
    expect(await faultsOf(await put(account, preset_id, { input_file_keys: ['in_other'] }))).toContainEqual(
      fault(['ffmpeg_commands', 0], /in_sound/),
    )
    expect((await read(await account.request(`${PRESETS}/${preset_id}`))).input_file_keys, 'a refused change changes nothing').toEqual([
      'in_sound',
    ])
  })

  test('keeps every change of those that are made at the same time', async () => {
    const account = await TestAccount.create()
    const { preset_id } = await make(account)
    const changes = [{ name: 'Other' }, { description: 'Else' }, { metadata: { n: 1 } }]
    await Promise.all(changes.map(async (fields) => expect((await put(account, preset_id, fields)).status).toBe(200)))
    expect(await read(await account.request(`${PRESETS}/${preset_id}`))).toMatchObject(Object.assign({}, ...changes))
  })

  test('is gone once it is deleted', async () => {
    const account = await TestAccount.create()
    const { preset_id } = await make(account)
    const remove = () => account.request(`${PRESETS}/${preset_id}`, { method: 'DELETE' })
    expect(presetDeletedSchema.strict().parse(await (await remove()).json())).toEqual({ deleted: true, preset_id })
    for (const response of [
      await remove(),
      await account.request(`${PRESETS}/${preset_id}`),
      await put(account, preset_id, { name: 'x' }),
    ]) {
      expect(response.status).toBe(404)
    }
    expect((await list(account)).total).toBe(SYSTEM_PRESETS.length)
  })

  test('of another account is a 404 whatever is asked of it', async () => {
    const [owner, other] = [await TestAccount.create(), await TestAccount.create()]
    const { preset_id } = await make(owner)
    const responses = [
      await other.request(`${PRESETS}/${preset_id}`),
      await put(other, preset_id, { name: 'mine' }),
      await other.request(`${PRESETS}/${preset_id}`, { method: 'DELETE' }),
      await other.send(`${PRESETS}/${preset_id}/execute`, { input_files: { in_sound: mediaUrl('/tone.wav') } }),
    ]
    for (const response of responses) {
      expect(response.status).toBe(404)
      expect((await errorOf(response)).error).toBe('NOT_FOUND')
    }
    expect((await read(await owner.request(`${PRESETS}/${preset_id}`))).name).toBe(TO_WAV.name)
  })

  test('of the system can be read by everyone and changed by nobody', async () => {
    const account = await TestAccount.create()
    const [system] = SYSTEM_PRESETS
    const path = `${PRESETS}/${system?.id}`
    expect(await read(await account.request(path))).toMatchObject({ is_system: true, name: system?.name })
    for (const response of [await put(account, system?.id ?? '', { name: 'x' }), await account.request(path, { method: 'DELETE' })]) {
      expect(response.status).toBe(403)
      expect((await errorOf(response)).error).toBe('FORBIDDEN')
    }
  })

  test('has no room beside as many as an account may have', async () => {
    const account = await TestAccount.create()
    const { preset_id } = await make(account)
    await runInDurableObject(env.ACCOUNT.get(env.ACCOUNT.idFromName(account.name)), (_, state) => {
      const numbers = 'WITH RECURSIVE n(i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n WHERE i < ?)'
      state.storage.sql.exec(
        `${numbers} INSERT INTO presets (id, preset) SELECT 'prs_' || i, preset FROM n, presets WHERE id = ?`,
        MAX_PRESETS,
        preset_id,
      )
    })
    const response = await account.send(PRESETS, TO_WAV)
    expect(response.status).toBe(409)
    expect((await list(account)).total).toBe(MAX_PRESETS + SYSTEM_PRESETS.length)
  })
})

test('lists have the account’s own first, newest first, then the system’s; pages fit together', async () => {
  const account = await TestAccount.create()
  const own = [await make(account, { ...TO_WAV, name: 'first' }), await make(account, { ...TO_WAV, name: 'second' })]
  const whole = await list(account, '?limit=100')
  expect(whole.presets.map(({ preset_id }) => preset_id)).toEqual([
    ...own.map(({ preset_id }) => preset_id).toReversed(),
    ...SYSTEM_PRESETS.map(({ id }) => id),
  ])
  const pages = await Promise.all([0, 3, 6, 9, 12, 15, 18].map((offset) => list(account, `?limit=3&offset=${offset}`)))
  expect(pages.flatMap(({ presets }) => presets)).toEqual(whole.presets)
  for (const query of ['?limit=0', '?limit=101', '?offset=-1', '?limit=x'])
    expect((await account.request(PRESETS + query)).status).toBe(400)
})

describe('a preset that could never be executed is refused where it is wrong', () => {
  test.each<[string, object, Fault['loc'], RegExp?]>([
    ['no name', { name: ' ' }, ['name']],
    ['no command', { ffmpeg_command: undefined }, ['ffmpeg_command'], /required/],
    ['two commands', { ffmpeg_commands: ['-i {{in_sound}} {{out_sound}}'] }, ['ffmpeg_commands'], /either/],
    ['a type that its command is not', { command_type: 'CHAINED_COMMAND' }, ['command_type']],
    ['an unknown type', { command_type: 'MULTIPLE_COMMAND' }, ['command_type']],
    ['a key that is no alias', { input_file_keys: ['sound'] }, ['input_file_keys', 0]],
    ['a key twice', { input_file_keys: ['in_sound', 'in_sound'] }, ['input_file_keys'], /twice/],
    ['a key that no command uses', { input_file_keys: ['in_sound', 'in_b'] }, ['input_file_keys'], /in_b/],
    [
      'an output that no command uses',
      { output_file_definitions: { out_sound: 'a.wav', out_b: 'b.wav' } },
      ['output_file_definitions', 'out_b'],
    ],
    ['an output with a path', { output_file_definitions: { out_sound: '../a.wav' } }, ['output_file_definitions', 'out_sound']],
    ['no output', { ffmpeg_command: '-i {{in_sound}}', output_file_definitions: {} }, ['output_file_definitions']],
    ['an undeclared placeholder', { ffmpeg_command: '-i {{in_x}} {{out_sound}}' }, ['ffmpeg_command'], /in_x.*input_file_keys/],
    ['what the policy refuses', { ffmpeg_command: '-i {{in_sound}} -i /etc/passwd {{out_sound}}' }, ['ffmpeg_command'], /passwd/],
    ['metadata of too many properties', { metadata: Object.fromEntries(Array.from({ length: 11 }, (_, i) => [i, i])) }, ['metadata']],
    [
      'a chain with a fault in its second command',
      { ffmpeg_command: undefined, ffmpeg_commands: ['-i {{in_sound}} a.wav', '-i "a.wav {{out_sound}}'] },
      ['ffmpeg_commands', 1],
    ],
  ])('%s', async (_, changes, loc, msg) => {
    expect(await faultsOfNew({ ...TO_WAV, ...changes })).toContainEqual(fault(loc, msg))
  })
})

test('presets so large that a page of them could not be answered are refused', async () => {
  expect(await faultsOfNew({ ...TO_WAV, metadata: { text: 'x'.repeat(150_000) } })).toContainEqual(fault(['body'], /150000 at most/))
})

test('a preset with several faults is told all of them at once', async () => {
  const faults = await faultsOfNew({ ...TO_WAV, command_type: 'CHAINED_COMMAND', input_file_keys: ['in_sound', 'in_b'] })
  expect(faults.map(({ loc }) => loc[0]).toSorted()).toEqual(['command_type', 'input_file_keys'])
})

describe('executing', () => {
  const inputs = () => ({ in_sound: mediaUrl('/tone.wav') })

  test('submits the command with the inputs, and metadata laid over the preset’s', async () => {
    const account = await TestAccount.create()
    const { preset_id } = await make(account)
    const input_files = inputs()
    const command = await account.succeed({ input_files, metadata: { keep: 2, run: 'x' } }, `${PRESETS}/${preset_id}/execute`)
    expect(command).toMatchObject({
      command_type: 'FFMPEG_COMMAND',
      metadata: { team: 'audio', keep: 2, run: 'x' },
      original_request: { input_files, output_files: TO_WAV.output_file_definitions, ffmpeg_command: TO_WAV.ffmpeg_command },
    })
  })

  test('runs a chain as one', async () => {
    const account = await TestAccount.create()
    const { preset_id } = await make(account, CHAIN)
    expect((await account.succeed({ input_files: inputs() }, `${PRESETS}/${preset_id}/execute`)).command_type).toBe('CHAINED_COMMAND')
  })

  test('waits where that is asked, and answers a repetition as the first time', async () => {
    const account = await TestAccount.create()
    const { preset_id } = await make(account)
    const body = { input_files: inputs() }
    const headers = { 'idempotency-key': 'k1' }
    const send = (sent: object) => account.send(`${PRESETS}/${preset_id}/execute?wait=50`, sent, headers)
    const first = await (await send(body)).json<{ command_id: string; status: string }>()
    expect(first.status).toBe('SUCCESS')
    expect(await (await send(body)).json()).toMatchObject({ command_id: first.command_id })
    expect((await send({ ...body, metadata: { other: 1 } })).status).toBe(409)
    expect((await account.list()).total).toBe(1)
  })

  test.each<[string, object, Fault['loc']]>([
    ['an input is missing', { input_files: {} }, ['input_files', 'in_sound']],
    ['an input is none of the preset’s', { input_files: { ...inputs(), in_b: mediaUrl('/tone.wav') } }, ['input_files', 'in_b']],
    ['an input’s URL is no URL', { input_files: { in_sound: 'x' } }, ['input_files', 'in_sound']],
    [
      'metadata has too many properties with the preset’s own',
      { input_files: inputs(), metadata: Object.fromEntries(Array.from({ length: 9 }, (_, i) => [i, i])) },
      ['metadata'],
    ],
    ['the time limit is no number', { input_files: inputs(), max_command_run_seconds: 'x' }, ['max_command_run_seconds']],
  ])('is refused when %s, and nothing is stored', async (_, body, loc) => {
    const account = await TestAccount.create()
    const { preset_id } = await make(account)
    expect(await faultsOf(await account.send(`${PRESETS}/${preset_id}/execute`, body))).toContainEqual(fault(loc))
    expect((await account.list()).total).toBe(0)
  })
})
