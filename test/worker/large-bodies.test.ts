import { describe, expect, test } from 'vitest'
import type { Fault } from '../../src/ffmpeg/command.ts'
import { faultsOf, SUBMIT, SUBMIT_CHAIN, SUBMIT_MULTIPLE, TestAccount, VALIDATE } from './client.ts'

const PRESETS = '/api/v1/presets'
const EXECUTE = '/api/v1/presets/prs_system_web_mp4/execute'
const COMPLETE = `/api/v1/files/${crypto.randomUUID()}/complete-upload`
const SHARED = '/v1/run-multiple-ffmpeg-commands'
const DELETE_MANY = '/v1/files/bulk-delete'

const URL_A = 'https://media.example.com/a.mp4'
const VALID = { input_files: { in_a: URL_A }, output_files: { out_a: 'b.webm' }, ffmpeg_command: '-i {{in_a}} {{out_a}}' }
const PRESET = { name: 'x', input_file_keys: ['in_a'], output_file_definitions: VALID.output_files, ffmpeg_command: VALID.ffmpeg_command }

const keys = <Value>(count: number, value: Value) => Object.fromEntries(Array.from({ length: count }, (_, i) => [`k${i}`, value]))
const items = <Item>(count: number, item: Item) => Array.from({ length: count }, () => item)

/** The answer of a body that must be refused, and its size in characters. */
async function refusal(path: string, body: unknown): Promise<{ faults: Fault[]; size: number }> {
  const account = await TestAccount.create()
  const response = await account.send(path, body)
  const size = (await response.clone().text()).length
  return { faults: await faultsOf(response), size }
}

describe('a list or map that is too long is one fault, and none of its entries is looked at', () => {
  test.each<[what: string, path: string, body: unknown, loc: Fault['loc'], msg: RegExp]>([
    ['inputs', SUBMIT, { ...VALID, input_files: keys(60_000, 7) }, ['input_files'], /100 files at most/],
    ['outputs', SUBMIT, { ...VALID, output_files: keys(60_000, 7) }, ['output_files'], /100 files at most/],
    ['inputs of an execution', EXECUTE, { input_files: keys(60_000, 7) }, ['input_files'], /100 files at most/],
    ['inputs of the older form', SHARED, { ...VALID, input_files: keys(60_000, 7), ffmpeg_commands: ['x'] }, ['input_files'], /100 files/],
    ['a chain', SUBMIT_CHAIN, { ...VALID, ffmpeg_commands: items(400_000, 7) }, ['ffmpeg_commands'], /10 commands at most/],
    ['a chain of commands with files', SUBMIT_CHAIN, { commands: items(400_000, 7) }, ['commands'], /10 commands at most/],
    ['a chain that is tried', VALIDATE, { output_files: {}, ffmpeg_commands: items(400_000, 7) }, ['ffmpeg_commands'], /10 commands/],
    ['commands', SUBMIT_MULTIPLE, { commands: items(400_000, 7) }, ['commands'], /10 commands at most/],
    ['commands of the older form', SHARED, { ...VALID, ffmpeg_commands: items(400_000, 7) }, ['ffmpeg_commands'], /1 to 10/],
    ['named commands of the older form', SHARED, { ...VALID, ffmpeg_commands: keys(60_000, 7) }, ['ffmpeg_commands'], /1 to 10/],
    ['files to delete', DELETE_MANY, { file_ids: items(400_000, 7) }, ['file_ids'], /1000 files at most/],
    ['keys of a preset', PRESETS, { ...PRESET, input_file_keys: items(400_000, 7) }, ['input_file_keys'], /100 inputs at most/],
    ['outputs of a preset', PRESETS, { ...PRESET, output_file_definitions: keys(60_000, 7) }, ['output_file_definitions'], /100 files/],
    ['a chain of a preset', PRESETS, { ...PRESET, ffmpeg_commands: items(400_000, 7) }, ['ffmpeg_commands'], /10 commands/],
    ['parts', COMPLETE, { parts: items(400_000, 7) }, ['parts'], /10,000 parts at most/],
    ['metadata', SUBMIT, { ...VALID, metadata: keys(60_000, 7) }, ['metadata'], /10 properties at most/],
  ])('%s', async (_, path, body, loc, msg) => {
    const { faults } = await refusal(path, body)
    expect(faults.filter((fault) => fault.loc[0] === loc[0])).toEqual([{ loc, msg: expect.stringMatching(msg), type: 'value_error' }])
  })
})

describe('an alias has 64 characters at most', () => {
  const longest = (prefix: string) => `${prefix}_${'a'.repeat(63 - prefix.length)}`

  test('and may have as many', async () => {
    const account = await TestAccount.create()
    const [input, output] = [longest('in'), longest('out')]
    const body = { input_files: { [input]: URL_A }, output_files: { [output]: 'b.webm' }, ffmpeg_command: `-i {{${input}}} {{${output}}}` }
    expect((await account.send(VALIDATE, body)).status).toBe(200)
  })

  test.each<[string, string, (alias: string) => unknown, Fault['loc']]>([
    ['an input', SUBMIT, (alias) => ({ ...VALID, input_files: { [`in${alias}`]: URL_A } }), ['input_files']],
    ['an output', SUBMIT, (alias) => ({ ...VALID, output_files: { [`out${alias}`]: 'b.webm' } }), ['output_files']],
    ['an input of an execution', EXECUTE, (alias) => ({ input_files: { [`in${alias}`]: URL_A } }), ['input_files']],
    ['a key of a preset', PRESETS, (alias) => ({ ...PRESET, input_file_keys: [`in${alias}`] }), ['input_file_keys', 0]],
    [
      'an output of a preset',
      PRESETS,
      (alias) => ({ ...PRESET, output_file_definitions: { [`out${alias}`]: 'b.webm' } }),
      ['output_file_definitions'],
    ],
    [
      'an input of the older form',
      SHARED,
      (alias) => ({ output_files: VALID.output_files, input_files: { [`in${alias}`]: URL_A }, ffmpeg_commands: ['x'] }),
      ['input_files'],
    ],
  ])('%s', async (_, path, body, loc) => {
    const { faults } = await refusal(path, body(`_${'a'.repeat(62)}`))
    expect(faults).toContainEqual({
      loc: expect.arrayContaining(loc),
      msg: expect.stringMatching(/64 characters at most/),
      type: 'value_error',
    })
  })
})

describe('however much is wrong, the answer has less than 64 KB', () => {
  const aliases = Array.from({ length: 100 }, (_, i) => `in_${i}_${'a'.repeat(50)}`)
  const placeholders = Array.from({ length: 9_000 }, (_, i) => `{{x${i}}}`).join('')
  const inputs = Object.fromEntries(aliases.map((alias) => [alias, URL_A]))

  test.each<[string, string, unknown]>([
    [
      'undeclared placeholders in every command of a chain',
      SUBMIT_CHAIN,
      { ...VALID, input_files: inputs, ffmpeg_commands: items(10, placeholders) },
    ],
    [
      'undeclared placeholders in every command',
      SUBMIT_MULTIPLE,
      { commands: items(10, { ...VALID, input_files: inputs, ffmpeg_command: placeholders }) },
    ],
    [
      'bad aliases of 10,000 characters',
      SUBMIT,
      { ...VALID, input_files: Object.fromEntries(aliases.map((alias) => [alias.padEnd(9_000, '-'), URL_A])) },
    ],
    ['bad URLs', SUBMIT, { ...VALID, input_files: Object.fromEntries(aliases.map((alias) => [alias, `http://${'a'.repeat(9_000)}/`])) }],
    ['inputs that a preset does not take', EXECUTE, { input_files: inputs }],
    [
      'short names of long files',
      SUBMIT_CHAIN,
      { ...VALID, output_files: { out_a: 'b'.repeat(255) }, ffmpeg_commands: items(10, '{{out_a}}'.repeat(10_000)) },
    ],
    ['the same input again and again', SUBMIT_CHAIN, { ...VALID, ffmpeg_commands: items(10, '-i {{in_a}} '.repeat(1_200)) }],
  ])('%s', async (_, path, body) => {
    const { size } = await refusal(path, body)
    expect(size).toBeLessThan(64_000)
  })

  test('files that are not there', async () => {
    const account = await TestAccount.create()
    const response = await account.send(DELETE_MANY, { file_ids: Array.from({ length: 200 }, (_, i) => `${i}`.padEnd(5_000, 'x')) })
    expect([response.status, await response.text()]).toEqual([200, '{"deleted_file_ids":[]}'])
  })
})

test('a command may read all inputs that it may declare', async () => {
  const account = await TestAccount.create()
  const aliases = Array.from({ length: 100 }, (_, i) => `in_${i}`)
  const command = aliases.map((alias) => `-i {{${alias}}}`).join(' ')
  const response = await account.send(VALIDATE, {
    input_files: Object.fromEntries(aliases.map((alias) => [alias, URL_A])),
    output_files: VALID.output_files,
    ffmpeg_command: `${command} {{out_a}}`,
  })
  expect(response.status).toBe(200)
  const { commands } = await response.json<{ commands: string[][] }>()
  expect(commands[0]?.filter((word) => word === '-protocol_whitelist')).toHaveLength(100)
})
