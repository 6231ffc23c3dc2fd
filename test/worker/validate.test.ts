import { env } from 'cloudflare:workers'
import { expect, test } from 'vitest'
import { validatedSchema } from '../../src/api/submit-schemas.ts'
import { faultsOf, SUBMIT, SUBMIT_CHAIN, TestAccount, VALIDATE } from './client.ts'
import { copyOf, mediaUrl, requestsFor, SHORT_TONE } from './media.ts'

async function validate(account: TestAccount, body: unknown): Promise<string[][]> {
  const response = await account.send(VALIDATE, body)
  const text = await response.text()
  expect(response.status, text).toBe(200)
  return validatedSchema.strict().parse(JSON.parse(text)).commands
}

test('a command is answered with the arguments that FFmpeg would get, and leaves no trace', async () => {
  const account = await TestAccount.create()
  const url = mediaUrl('/tone.wav')
  const [argv = [], ...others] = await validate(account, {
    ...copyOf(url),
    ffmpeg_command: 'ffmpeg -i {{in_file}} -metadata title="a b" {{out_file}}',
  })
  expect(others).toEqual([])
  expect(argv.slice(-3)).toEqual(['-metadata', 'title=a b', 'copy.m4a'])
  expect(argv).toContain('in_file.wav')
  expect(argv.join(' ')).not.toContain('{{')
  expect((await account.list()).total).toBe(0)
  expect(await requestsFor(url), 'its input is not fetched').toEqual([])
  expect((await env.FILES.list({ prefix: `${account.name}/` })).objects).toEqual([])
})

test('a chain is answered with the arguments of each command', async () => {
  const account = await TestAccount.create()
  const chain = { output_files: { out_a: 'a.wav' }, ffmpeg_commands: ['-f lavfi -i sine=d=1 m.wav', '-i m.wav {{out_a}}'] }
  const argvs = await validate(account, chain)
  expect(argvs.map((argv) => argv.at(-1))).toEqual(['m.wav', 'a.wav'])
})

const CHAIN = { output_files: { out_a: 'a.wav' }, ffmpeg_commands: ['-f lavfi -i sine=d=1 {{out_a}}'] }

test.each([
  [SUBMIT, { ...SHORT_TONE, ffmpeg_command: '-i {{in_none}} "' }],
  [SUBMIT, { ...SHORT_TONE, ffmpeg_command: '-i /etc/passwd {{out_tone}}' }],
  [SUBMIT, { ...SHORT_TONE, output_files: { out_tone: '../a' }, webhook_url: 'http://10.0.0.1/' }],
  [SUBMIT, copyOf('http://10.0.0.1/a.wav')],
  [SUBMIT, { ...SHORT_TONE, max_command_run_seconds: 61, metadata: [] }],
  [SUBMIT, {}],
  [SUBMIT, []],
  [SUBMIT, { ...SHORT_TONE, ffmpeg_command: 7, ffmpeg_commands: CHAIN.ffmpeg_commands }],
  [SUBMIT_CHAIN, { ...CHAIN, ffmpeg_commands: [] }],
  [SUBMIT_CHAIN, { ...CHAIN, ffmpeg_commands: 'text' }],
  [SUBMIT_CHAIN, { ...CHAIN, ffmpeg_commands: ['-i {{in_none}} {{out_a}}', 7] }],
  [SUBMIT_CHAIN, { ...CHAIN, ffmpeg_commands: ['-i /etc/passwd {{out_a}}', '"'] }],
  [SUBMIT_CHAIN, { ...CHAIN, output_files: { __proto__: null, in_a: 'b' } }],
])('what %s refuses is refused in the same words: %j', async (path, body) => {
  const account = await TestAccount.create()
  const faults = await faultsOf(await account.send(VALIDATE, body))
  expect(faults).toEqual(await faultsOf(await account.send(path, body)))
})
