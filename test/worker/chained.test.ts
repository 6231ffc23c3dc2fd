import { env } from 'cloudflare:workers'
import { expect, test } from 'vitest'
import { download, faultsOf, onlyOutput, SUBMIT_CHAIN, SUBMIT_MULTIPLE, TestAccount, VALIDATE } from './client.ts'
import { mediaUrl } from './media.ts'

const TONE = '-f lavfi -i sine=d=0.1'

test('a later command reads what an earlier one has written, by alias and by a name that is only made on the way', async () => {
  const account = await TestAccount.create()
  const request = {
    input_files: { in_video: mediaUrl('/tiny.mp4') },
    output_files: { out_sound: 'sound.wav', out_code: 'sound.md5' },
    ffmpeg_commands: [
      '-i {{in_video}} -c copy middle.mkv',
      'ffmpeg -i middle.mkv -vn {{out_sound}}',
      '-i {{out_sound}} -f md5 {{out_code}}',
    ],
  }
  const command = await account.succeed(request, SUBMIT_CHAIN)
  expect(command).toMatchObject({
    command_type: 'CHAINED_COMMAND',
    original_request: request,
    output_files: { out_sound: { filename: 'sound.wav', codec: 'pcm_s16le' }, out_code: { filename: 'sound.md5' } },
  })
  expect(Object.keys(command.output_files), 'what is not an output is not stored').toEqual(['out_sound', 'out_code'])
  expect(command.original_request).toEqual(request)
  expect(await (await download(command.output_files.out_code?.storage_url ?? '')).text()).toMatch(/^MD5=[0-9a-f]{32}\n$/)
  expect((await account.list()).commands).toMatchObject([{ command_id: command.command_id, command_type: 'CHAINED_COMMAND' }])
})

test('a chain of one command is one too', async () => {
  const account = await TestAccount.create()
  const command = await account.succeed({ output_files: { out_a: 'a.wav' }, ffmpeg_commands: [`${TONE} {{out_a}}`] }, SUBMIT_CHAIN)
  expect(onlyOutput(command)).toMatchObject({ filename: 'a.wav' })
  expect(command.command_type).toBe('CHAINED_COMMAND')
})

test('the first failure ends the chain, and the error begins with which command it was', async () => {
  const account = await TestAccount.create()
  const command = await account.run(
    {
      output_files: { out_a: 'a.wav', out_b: 'b.wav' },
      ffmpeg_commands: [`${TONE} {{out_a}}`, '-i {{out_a}} -c:a no_such_encoder b.mka', `${TONE} -metadata comment=third {{out_b}}`],
    },
    SUBMIT_CHAIN,
  )
  expect(command).toMatchObject({ status: 'FAILED', error_status: 'FFMPEG_ERROR', output_files: {} })
  expect(command.error_message).toMatch(/^command 2 of 3: [\s\S]*no_such_encoder/)
  expect(await account.log(command.command_id), 'the third never began').not.toContain('third')
  expect((await env.FILES.list({ prefix: `${account.name}/` })).objects, 'nor is anything stored of the first').toEqual([])
})

test('the time limit is one for all commands together, and the error names the one that was stopped', async () => {
  const account = await TestAccount.create()
  const command = await account.run(
    {
      output_files: { out_a: 'a.wav', out_b: 'b.wav' },
      ffmpeg_commands: [`${TONE} {{out_a}}`, '-re -f lavfi -i sine=d=30 {{out_b}}'],
      max_command_run_seconds: 10,
    },
    SUBMIT_CHAIN,
  )
  expect(command).toMatchObject({ error_status: 'TIMEOUT', error_message: expect.stringMatching(/^command 2 of 2: /) })
})

const CHAIN = { output_files: { out_a: 'a.wav' }, ffmpeg_commands: [`${TONE} m.wav`, '-i m.wav {{out_a}}'] }

test.each([
  ['no command', { ...CHAIN, ffmpeg_commands: [] }, ['ffmpeg_commands'], 'value_error'],
  ['11 commands', { ...CHAIN, ffmpeg_commands: Array.from({ length: 11 }, () => `${TONE} {{out_a}}`) }, ['ffmpeg_commands'], 'value_error'],
  ['no list of commands', { ...CHAIN, ffmpeg_commands: TONE }, ['ffmpeg_commands'], 'type_error'],
  ['a single ffmpeg_command', { output_files: CHAIN.output_files, ffmpeg_command: `${TONE} {{out_a}}` }, ['ffmpeg_commands'], 'type_error'],
  ['a command that is no text', { ...CHAIN, ffmpeg_commands: [`${TONE} {{out_a}}`, 7] }, ['ffmpeg_commands', 1], 'type_error'],
  ['a command that is empty', { ...CHAIN, ffmpeg_commands: [`${TONE} {{out_a}}`, ' '] }, ['ffmpeg_commands', 1], 'value_error'],
  ['an open quote', { ...CHAIN, ffmpeg_commands: ['"', `${TONE} {{out_a}}`] }, ['ffmpeg_commands', 0], 'value_error'],
  [
    'an undeclared placeholder',
    { ...CHAIN, ffmpeg_commands: [`${TONE} {{out_a}}`, '-i {{in_b}} m.wav'] },
    ['ffmpeg_commands', 1],
    'value_error',
  ],
  ['a file outside', { ...CHAIN, ffmpeg_commands: [`${TONE} {{out_a}}`, '-i ../m.wav m.mka'] }, ['ffmpeg_commands', 1], 'value_error'],
  ['an output that no command uses', { ...CHAIN, ffmpeg_commands: [`${TONE} m.wav`] }, ['output_files', 'out_a'], 'value_error'],
])('a chain with %s is refused, with its place, and nothing is stored', async (_, body, loc, type) => {
  const account = await TestAccount.create()
  const faults = await faultsOf(await account.send(SUBMIT_CHAIN, body))
  expect(faults).toContainEqual({ loc, type, msg: expect.stringMatching(/./) })
  expect((await account.list()).total).toBe(0)
})

test('every command’s faults are told, not only the first’s', async () => {
  const account = await TestAccount.create()
  const faults = await faultsOf(
    await account.send(SUBMIT_CHAIN, { ...CHAIN, ffmpeg_commands: ['-i /etc/a m.wav', `${TONE} {{out_a}}`, '"'] }),
  )
  expect(faults.map(({ loc }) => loc)).toEqual([
    ['ffmpeg_commands', 0],
    ['ffmpeg_commands', 2],
  ])
})

test('commands with files of their own, of which a later one reads what an earlier one makes, are a chain', async () => {
  const account = await TestAccount.create()
  const commands = [
    { output_files: { out_1: 'one.wav' }, ffmpeg_command: '-f lavfi -i sine=d=0.1 {{out_1}}' },
    {
      input_files: { in_1: '{{out_1}}' },
      output_files: { out_1: 'two.flac' },
      ffmpeg_command: '-i {{in_1}} {{out_1}}',
      metadata: { n: 1 },
    },
  ]
  const response = await account.send(`${SUBMIT_CHAIN}?wait=50`, { commands, max_command_run_seconds: '30' })
  expect(await response.json()).toMatchObject({
    status: 'SUCCESS',
    command_type: 'CHAINED_COMMAND',
    metadata: { n: 1 },
    output_files: { out_1: { filename: 'one.wav' }, out_1_2: { filename: 'two.flac' } },
    original_request: { ffmpeg_commands: ['-f lavfi -i sine=d=0.1 {{out_1}}', '-i {{out_1}} {{out_1_2}}'], max_command_run_seconds: 30 },
  })
  const wrong = commands.map((command) => ({ ...command, ffmpeg_command: `${command.ffmpeg_command} -filter_complex movie=x` }))
  for (const path of [SUBMIT_CHAIN, VALIDATE]) {
    const faults = await faultsOf(await account.send(path, { commands: wrong, webhook_url: 'file:///x' }))
    expect(new Set(faults.map(({ loc }) => loc.join('.')))).toEqual(
      new Set(['commands.0.ffmpeg_command', 'commands.1.ffmpeg_command', 'webhook_url']),
    )
  }
})

test('an output of another command as an input of several that have nothing to do with each other is sent to the chains', async () => {
  const account = await TestAccount.create()
  const commands = [
    { output_files: { out_1: 'one.wav' }, ffmpeg_command: '-f lavfi -i sine=d=0.1 {{out_1}}' },
    { input_files: { in_1: '{{out_1}}' }, output_files: { out_2: 'two.flac' }, ffmpeg_command: '-i {{in_1}} {{out_2}}' },
  ]
  expect(await faultsOf(await account.send(SUBMIT_MULTIPLE, { commands }))).toEqual([
    { loc: ['commands', 1, 'input_files', 'in_1'], type: 'value_error', msg: expect.stringContaining('/run-chained-ffmpeg-commands') },
  ])
})
