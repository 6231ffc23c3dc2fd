import { expect, test } from 'vitest'
import { multipleSubmittedSchema } from '../../src/api/submit-schemas.ts'
import { faultsOf, SUBMIT_MULTIPLE, TestAccount } from './client.ts'
import { copyOf, Gate, mediaUrl, SHORT_TONE } from './media.ts'

const UNREACHABLE = copyOf(mediaUrl('/status/404'))

async function submitAll(account: TestAccount, commands: unknown[]): Promise<string[]> {
  const response = await account.send(SUBMIT_MULTIPLE, { commands })
  const text = await response.text()
  expect(response.status, text).toBe(200)
  return multipleSubmittedSchema.strict().parse(JSON.parse(text)).command_ids
}

test('each command gets an id, in order, and a life of its own', async () => {
  const account = await TestAccount.create()
  const commands = [
    { ...SHORT_TONE, metadata: { n: 0 } },
    { ...UNREACHABLE, metadata: { n: 1 } },
    { ...SHORT_TONE, metadata: { n: 2 } },
  ]
  const ids = await submitAll(account, commands)
  const ended = await Promise.all(ids.map((id) => account.ended(id)))
  expect(ended.map(({ command_type, metadata, status }) => [command_type, metadata.n, status])).toEqual([
    ['MULTIPLE_COMMAND', 0, 'SUCCESS'],
    ['MULTIPLE_COMMAND', 1, 'FAILED'],
    ['MULTIPLE_COMMAND', 2, 'SUCCESS'],
  ])
  expect(ended[1]?.original_request).toEqual(UNREACHABLE)
  expect((await account.list()).commands.map(({ command_id }) => command_id)).toEqual(ids.toReversed())
})

test.each([
  ['none', [], ['commands'], 'value_error'],
  ['11 of them', Array.from({ length: 11 }, () => SHORT_TONE), ['commands'], 'value_error'],
  [
    'one that lacks its command',
    [SHORT_TONE, { ...SHORT_TONE, ffmpeg_command: undefined }],
    ['commands', 1, 'ffmpeg_command'],
    'type_error',
  ],
  [
    'one that is a chain',
    [SHORT_TONE, { ...SHORT_TONE, ffmpeg_command: undefined, ffmpeg_commands: [''] }],
    ['commands', 1, 'ffmpeg_command'],
    'type_error',
  ],
  ['one that is no object', [SHORT_TONE, 7], ['commands', 1], 'type_error'],
  ['one with a private input', [SHORT_TONE, copyOf('http://10.0.0.1/a.wav')], ['commands', 1, 'input_files', 'in_file'], 'value_error'],
  [
    'one that FFmpeg may not do',
    [{ ...SHORT_TONE, ffmpeg_command: '-i /etc/passwd {{out_tone}}' }, SHORT_TONE],
    ['commands', 0, 'ffmpeg_command'],
    'value_error',
  ],
])('commands with %s are refused all together, with its place', async (_, commands, loc, type) => {
  const account = await TestAccount.create()
  const faults = await faultsOf(await account.send(SUBMIT_MULTIPLE, { commands }))
  expect(faults).toContainEqual({ loc, type, msg: expect.stringMatching(/./) })
  expect((await account.list()).total).toBe(0)
})

test('a body without commands is refused', async () => {
  const account = await TestAccount.create()
  expect(await faultsOf(await account.send(SUBMIT_MULTIPLE, SHORT_TONE))).toMatchObject([{ loc: ['commands'], type: 'type_error' }])
})

test('the faults of all commands are told at once', async () => {
  const account = await TestAccount.create()
  const bad = copyOf('ftp://a.example.com/a.wav')
  const faults = await faultsOf(await account.send(SUBMIT_MULTIPLE, { commands: [bad, SHORT_TONE, bad] }))
  expect(faults.map(({ loc }) => loc[1])).toEqual([0, 2])
})

test('where the queue has room for some of them only, none is accepted', async () => {
  const account = await TestAccount.create()
  const gates = [new Gate(), new Gate()]
  const running = await submitAll(
    account,
    gates.map((gate) => copyOf(gate.url)),
  )
  const five = Array.from({ length: 5 }, () => UNREACHABLE)
  const waiting: string[] = []
  while (waiting.length < 15) waiting.push(...(await submitAll(account, five)))
  const before = (await account.list()).total
  const response = await account.send(SUBMIT_MULTIPLE, { commands: Array.from({ length: 10 }, () => UNREACHABLE) })
  expect(response.status).toBe(429)
  expect((await account.list()).total).toBe(before)
  for (const id of [...waiting, ...running]) await account.cancel(id)
})
