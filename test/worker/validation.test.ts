import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Fault } from '../../src/ffmpeg/command.ts'
import { faultsOf, TestAccount } from './client.ts'

const VALID = {
  input_files: { in_video: 'https://media.example.com/a.mp4' },
  output_files: { out_video: 'b.webm' },
  ffmpeg_command: '-i {{in_video}} {{out_video}}',
}

/** The faults of a body that must be refused and leave nothing behind. */
async function faultsOfSubmit(body: unknown): Promise<Fault[]> {
  const account = await TestAccount.create()
  const faults = await faultsOf(await account.post(body))
  expect((await account.list()).total, 'nothing is stored').toBe(0)
  return faults
}

/** A body, as JSON text, in which a key may be anything, `__proto__` included. */
function bodyWith(field: string, entries: [key: string, value: string][]): string {
  const object = `{${entries.map(([key, value]) => `${JSON.stringify(key)}:${JSON.stringify(value)}`).join()}}`
  return `{${Object.entries({ ...VALID, [field]: null })
    .map(([name, value]) => `${JSON.stringify(name)}:${name === field ? object : JSON.stringify(value)}`)
    .join()}}`
}

const value = (loc: Fault['loc'], msg: string | RegExp = /./) => ({ loc, msg: expect.stringMatching(msg), type: 'value_error' })
const type = (loc: Fault['loc']) => ({ loc, msg: expect.stringMatching(/./), type: 'type_error' })

describe('types and missing fields', () => {
  test('ffmpeg_command is required', async () => {
    expect(await faultsOfSubmit({ ...VALID, ffmpeg_command: undefined })).toContainEqual(type(['ffmpeg_command']))
  })

  test('output_files may be left out only where no output is named', async () => {
    const faults = await faultsOfSubmit({ ...VALID, output_files: undefined })
    expect(faults).toContainEqual(value(['ffmpeg_command'], /\{\{out_video\}\} is not declared in output_files/))
  })

  const WRONG: Record<string, unknown[]> = {
    input_files: [null, 'https://a.example.com/', 7, true, [], ['https://a.example.com/']],
    output_files: [null, 'b.webm', 7, true, [], ['b.webm']],
    ffmpeg_command: [null, 7, true, [], ['-i'], {}],
    metadata: ['text', 7, true, [], [1]],
    webhook_url: [7, true, [], {}],
    max_command_run_seconds: [true, [], {}, 'soon', '5s', '', ' ', '0x10', '1e2', 'Infinity'],
  }
  const cases = Object.entries(WRONG).flatMap(([field, values]) => values.map((wrong) => [field, wrong] as const))
  test.each(cases)('%s may not be %j', async (field, wrong) => {
    const faults = await faultsOfSubmit({ ...VALID, [field]: wrong })
    expect(faults.filter(({ loc }) => loc[0] === field)).toHaveLength(1)
  })

  test.each(['input_files', 'output_files'])('each value of %s is a string', async (field) => {
    const alias = field === 'input_files' ? 'in_video' : 'out_video'
    for (const wrong of [null, 7, true, [], {}]) {
      expect(await faultsOfSubmit({ ...VALID, [field]: { [alias]: wrong } })).toContainEqual(type([field, alias]))
    }
  })

  test.each([0, -1, '-5', 61, '61'])('max_command_run_seconds may not be %j where 60 is the most', async (seconds) => {
    expect(await faultsOfSubmit({ ...VALID, max_command_run_seconds: seconds })).toEqual([value(['max_command_run_seconds'])])
  })

  test.each([
    ['an array', []],
    ['an array of commands', [VALID]],
    ['a string', '"text"'],
    ['null', 'null'],
    ['a number', '7'],
    ['true', 'true'],
  ])('a body that is %s is refused as a whole', async (_, body) => {
    expect(await faultsOfSubmit(body)).toEqual([type(['body'])])
  })

  test('metadata has 10 properties at most', async () => {
    const metadata = Object.fromEntries(Array.from({ length: 11 }, (_, i) => [`p${i}`, i]))
    expect(await faultsOfSubmit({ ...VALID, metadata })).toEqual([value(['metadata'], /10/)])
  })

  test('metadata that is nested too deep to be written down again is refused', async () => {
    const deep = `{"a":${'['.repeat(200_000)}${']'.repeat(200_000)}}`
    expect(await faultsOfSubmit(JSON.stringify({ ...VALID, metadata: 7 }).replace(/7/, deep))).toEqual([value(['metadata'], /deep/)])
  })
})

describe('aliases', () => {
  const BAD = [
    'video',
    'IN_video',
    'OUT_video',
    'in_',
    'out_',
    'in-video',
    'in_vidéo',
    'in_a b',
    'out_a.b',
    'in_a\n',
    '',
    ' in_a',
    'x_in_a',
  ]
  const PROTOTYPE = ['__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty', 'valueOf']

  test.each([...BAD, ...PROTOTYPE, 'out_video'])('an input may not be called %j', async (alias) => {
    const faults = await faultsOfSubmit(bodyWith('input_files', [[alias, 'https://media.example.com/a.mp4']]))
    expect(faults).toContainEqual(value(['input_files', alias], /in_/))
  })

  test.each([...BAD, ...PROTOTYPE, 'in_video'])('an output may not be called %j', async (alias) => {
    const faults = await faultsOfSubmit(bodyWith('output_files', [[alias, 'b.webm']]))
    expect(faults).toContainEqual(value(['output_files', alias], /out_/))
  })

  test('a placeholder of the command must be declared', async () => {
    const faults = await faultsOfSubmit({ ...VALID, ffmpeg_command: '-i {{in_video}} -i {{in_other}} {{out_video}} {{out_more}}' })
    expect(faults).toEqual([value(['ffmpeg_command'], /in_other/), value(['ffmpeg_command'], /out_more/)])
  })

  test.each(PROTOTYPE)('a placeholder {{%s}} is undeclared', async (name) => {
    const faults = await faultsOfSubmit({ ...VALID, ffmpeg_command: `-i {{in_video}} {{out_video}} {{${name}}}` })
    expect(faults).toEqual([value(['ffmpeg_command'], new RegExp(name))])
  })

  test('every declared input and output must be used', async () => {
    const faults = await faultsOfSubmit({
      input_files: { ...VALID.input_files, in_spare: 'https://media.example.com/c.mp4' },
      output_files: { ...VALID.output_files, out_spare: 'd.webm' },
      ffmpeg_command: VALID.ffmpeg_command,
    })
    expect(faults).toEqual([value(['input_files', 'in_spare'], /in_spare/), value(['output_files', 'out_spare'], /out_spare/)])
  })

  test('there must be an output, a file or text', async () => {
    const faults = await faultsOfSubmit({ ...VALID, output_files: {}, ffmpeg_command: '-i {{in_video}}' })
    expect(faults).toContainEqual(value(['output_files'], /output/))
  })
})

describe('input URLs', () => {
  test.each([
    ['a local file', 'file:///etc/passwd'],
    ['FTP', 'ftp://media.example.com/a.mp4'],
    ['a data URL', 'data:video/mp4;base64,AAAA'],
    ['JavaScript', 'javascript:alert(1)'],
    ['an FFmpeg protocol', 'concat:a.mp4|b.mp4'],
    ['a bare path', '/etc/passwd'],
    ['a bare name', 'a.mp4'],
    ['nothing', ''],
    ['a name', 'http://user@media.example.com/a.mp4'],
    ['a name and password', 'https://user:secret@media.example.com/a.mp4'],
    ['localhost', 'http://localhost/a.mp4'],
    ['a private address', 'http://192.168.0.1/a.mp4'],
    ['the metadata service', 'http://169.254.169.254/latest/meta-data/'],
    ['a port of another service', 'http://media.example.com:22/a.mp4'],
  ])('a URL may not be %s', async (_, url) => {
    const faults = await faultsOfSubmit({ ...VALID, input_files: { in_video: url } })
    expect(faults).toEqual([value(['input_files', 'in_video'])])
    expect(JSON.stringify(faults)).not.toContain('secret')
  })

  test('a webhook’s URL obeys the same rules', async () => {
    for (const url of ['ftp://example.com/', 'http://localhost:8080/', 'https://a:b@example.com/', 'hook']) {
      expect(await faultsOfSubmit({ ...VALID, webhook_url: url })).toEqual([value(['webhook_url'])])
    }
  })
})

describe('output file names', () => {
  test.each([
    'a/b.mp4',
    '/b.mp4',
    '../b.mp4',
    '..',
    '.',
    '',
    '-b.mp4',
    '--',
    'a\\b.mp4',
    'a b.mp4',
    'ä.mp4',
    'b.mp4\n',
    'a\u0000.mp4',
    'http://x/b',
  ])('an output may not be written to %j', async (filename) => {
    const faults = await faultsOfSubmit({ ...VALID, output_files: { out_video: filename } })
    expect(faults.map(({ loc }) => loc)).toContainEqual(['output_files', 'out_video'])
  })

  test('a file name has 255 characters at most', async () => {
    const faults = await faultsOfSubmit({ ...VALID, output_files: { out_video: `${'a'.repeat(252)}.mp4` } })
    expect(faults).toEqual([value(['output_files', 'out_video'], /255/)])
  })

  test.each([
    ['the same', 'b.webm'],
    ['the same but for its case', 'B.WebM'],
  ])('no two outputs have %s name', async (_, other) => {
    const faults = await faultsOfSubmit({
      ...VALID,
      output_files: { out_video: 'b.webm', out_other: other },
      ffmpeg_command: '-i {{in_video}} {{out_video}} {{out_other}}',
    })
    expect(faults).toEqual([value(['output_files'], /same file name/)])
  })
})

describe('the command', () => {
  test.each(['', ' ', '\n', 'ffmpeg', '  ffmpeg  '])('a command may not be %j', async (command) => {
    const faults = await faultsOfSubmit({ ...VALID, ffmpeg_command: command })
    expect(faults.filter(({ loc }) => loc[0] === 'ffmpeg_command')).toHaveLength(1)
  })

  test.each([
    ['double', '-i {{in_video}} -vf "scale=80:-2 {{out_video}}', 21],
    ['single', "-i {{in_video}} -vf 'scale=80:-2 {{out_video}}", 21],
  ])('a %s quote that is never closed is refused, and said where', async (mark, command, position) => {
    const faults = await faultsOfSubmit({ ...VALID, ffmpeg_command: command })
    expect(faults).toEqual([value(['ffmpeg_command'], new RegExp(`${mark} quote.*character ${position}\\b`))])
  })

  test('a character that no program can be given is refused', async () => {
    const faults = await faultsOfSubmit({ ...VALID, ffmpeg_command: '-i {{in_video}} -metadata title=a\u0000b {{out_video}}' })
    expect(faults).toEqual([value(['ffmpeg_command'])])
  })

  test('an argument that no program can be given is refused', async () => {
    const faults = await faultsOfSubmit({
      ...VALID,
      ffmpeg_command: `-i {{in_video}} -metadata title=${'日'.repeat(50_000)} {{out_video}}`,
    })
    expect(faults).toEqual([value(['ffmpeg_command'], /argument is longer than 128 KiB/)])
  })

  test('a command that is too long is refused', async () => {
    const faults = await faultsOfSubmit({ ...VALID, ffmpeg_command: `${VALID.ffmpeg_command}${' -y'.repeat(50_000)}` })
    expect(faults).toEqual([value(['ffmpeg_command'], /characters at most/)])
  })
})

describe('all at once', () => {
  test('a body with faults in every field is told each of them', async () => {
    const faults = await faultsOfSubmit({
      input_files: { video: 'https://media.example.com/a.mp4', in_a: 7 },
      output_files: { out_a: '../a.mp4' },
      metadata: [],
      webhook_url: 7,
      max_command_run_seconds: 'soon',
    })
    const places = faults.map(({ loc }) => loc.join('.'))
    expect(places.toSorted()).toEqual(
      [
        'ffmpeg_command',
        'input_files.in_a',
        'input_files.video',
        'max_command_run_seconds',
        'metadata',
        'output_files.out_a',
        'webhook_url',
      ].toSorted(),
    )
  })

  test('every fault of the command and its URLs is told too', async () => {
    const faults = await faultsOfSubmit({
      input_files: { in_video: 'ftp://media.example.com/a.mp4', in_b: 'http://localhost/' },
      output_files: VALID.output_files,
      ffmpeg_command: '-i {{in_c}} "{{out_video}}',
      webhook_url: 'hook',
      max_command_run_seconds: 100,
    })
    const places = faults.map(({ loc }) => loc.join('.'))
    expect(new Set(places)).toEqual(
      new Set(['input_files.in_video', 'input_files.in_b', 'webhook_url', 'max_command_run_seconds', 'ffmpeg_command']),
    )
    expect(faults.filter(({ loc }) => loc[0] === 'ffmpeg_command')).toHaveLength(2)
  })

  test('the message names every fault with its place', async () => {
    const account = await TestAccount.create()
    const response = await account.post({ ...VALID, ffmpeg_command: 7, metadata: 7 })
    const { message } = await response.json<{ message: string }>()
    expect(message).toMatch(/ffmpeg_command.*metadata|metadata.*ffmpeg_command/)
  })

  test('no body, however strange, is answered with a 500 or stored', async () => {
    const account = await TestAccount.create()
    const anything = fc.oneof(fc.jsonValue(), fc.constantFrom<unknown>(null, [], {}, '', 0, -1, Number.MAX_VALUE, 'in_video'))
    const files = fc.oneof(anything, fc.dictionary(fc.oneof(fc.string(), fc.constantFrom('in_video', 'out_video', '__proto__')), anything))
    const body = fc.record(
      {
        input_files: files,
        output_files: files,
        ffmpeg_command: anything,
        metadata: anything,
        webhook_url: anything,
        max_command_run_seconds: anything,
      },
      { requiredKeys: [] },
    )
    await fc.assert(
      // No command is valid that reads an input which nobody has declared.
      fc.asyncProperty(
        fc.oneof(
          body,
          body.map((fields) => ({ ...VALID, ...fields, ffmpeg_command: '{{in_ghost}}' })),
          anything,
        ),
        async (strange) => {
          const response = await account.post(JSON.stringify(strange) ?? 'null')
          expect(response.status).toBe(422)
          await response.body?.cancel()
        },
      ),
      { numRuns: 300 },
    )
    expect((await account.list()).total).toBe(0)
  })
})
