/** What a newcomer reads who has sent something else: what was wanted, with an example, where, and what was sent instead. */
import type { z } from '@hono/zod-openapi'
import { beforeAll, describe, expect, test } from 'vitest'
import { faultsOf, misnamedFields } from '../../../src/api/faults.ts'
import { completeUploadSchema, initUploadSchema, storeFileSchema } from '../../../src/api/file-schemas.ts'
import { presetBodySchema, presetChangesSchema } from '../../../src/api/preset-schemas.ts'
import { submitSchema } from '../../../src/api/schemas.ts'
import { chainedSubmitSchema, multipleSubmitSchema } from '../../../src/api/submit-schemas.ts'
import { useOwnMessages } from '../../../src/api/wanted.ts'
import { webhookConfigBodySchema } from '../../../src/api/webhook-schemas.ts'

beforeAll(useOwnMessages)

const { ffmpeg_command, ...FILES } = {
  input_files: { in_v: 'https://example.com/a.mp4' },
  output_files: { out_v: 'o.mp4' },
  ffmpeg_command: '-i {{in_v}} {{out_v}}',
}
const OK = { ...FILES, ffmpeg_command }

/** The messages of the faults at the place, of a body as it arrives. */
function messages(schema: z.ZodType, sent: unknown, ...loc: (string | number)[]): string[] {
  const body: unknown = JSON.parse(JSON.stringify(sent))
  const faults = faultsOf(schema.safeParse(body).error?.issues ?? [], body)
  return faults.filter((fault) => JSON.stringify(fault.loc) === JSON.stringify(loc)).map(({ msg }) => msg)
}

const told = (schema: z.ZodType, sent: unknown, ...loc: (string | number)[]) => {
  const all = messages(schema, sent, ...loc)
  expect(all, 'one fault is told once').toHaveLength(1)
  return all[0]
}

describe('a command', () => {
  test.each<[string, unknown, RegExp]>([
    ['a list of arguments', ['-i', '{{in_v}}'], /^must be a text, such as "ffmpeg -i .*", not a list; join its entries with spaces/],
    ['an object', { command: 'x' }, /not an object$/],
    ['null', null, /^is null, and must be a text, such as "ffmpeg/],
    ['a number', 7, /not the number 7$/],
  ])('that is %s', (_, wrong, msg) => {
    expect(told(submitSchema, { ...OK, ffmpeg_command: wrong }, 'ffmpeg_command')).toMatch(msg)
    expect(told(chainedSubmitSchema, { ...FILES, ffmpeg_commands: [ffmpeg_command, wrong] }, 'ffmpeg_commands', 1)).toMatch(msg)
  })

  test('that is a text where a list of several is wanted', () => {
    expect(told(chainedSubmitSchema, { ...FILES, ffmpeg_commands: ffmpeg_command }, 'ffmpeg_commands')).toMatch(
      /^must be a list of commands, such as \["-i /,
    )
    expect(told(multipleSubmitSchema, { commands: [ffmpeg_command] }, 'commands', 0)).toMatch(
      /^must be an object such as \{"input_files": /,
    )
  })

  test.each<[string, z.ZodType, unknown, string, RegExp]>([
    [
      'a single one for a chain',
      chainedSubmitSchema,
      OK,
      'ffmpeg_commands',
      /"ffmpeg_commands": \["…", "…"\]; send a single ffmpeg_command to \/run-ffmpeg-command$/,
    ],
    [
      'a chain for a single one',
      submitSchema,
      { ...FILES, ffmpeg_commands: [] },
      'ffmpeg_command',
      /send the list ffmpeg_commands to \/run-chained-ffmpeg-commands$/,
    ],
    [
      'several for a single one',
      submitSchema,
      { commands: [OK] },
      'ffmpeg_command',
      /send the list commands to \/run-multiple-ffmpeg-commands$/,
    ],
    [
      'a chain for several',
      multipleSubmitSchema,
      { ...FILES, ffmpeg_commands: [] },
      'commands',
      /\{"commands": \[\{.*\/run-chained-ffmpeg-commands$/,
    ],
    ['a single one for several', multipleSubmitSchema, OK, 'commands', /send a single ffmpeg_command to \/run-ffmpeg-command$/],
  ])('%s is told where it belongs', (_, schema, body, field, msg) => {
    expect(told(schema, body, field)).toMatch(msg)
  })
})

describe('a field under another name', () => {
  test.each(['ffmpeg_comand', 'ffmpegCommand', 'ffmpeg-command', 'command', 'cmd', 'FFMPEG_COMMAND', 'ffmpeg_cmmand'])('%s', (name) => {
    expect(told(submitSchema, { ...FILES, [name]: ffmpeg_command }, 'ffmpeg_command')).toBe(
      `is missing, and there is no field "${name}": write "ffmpeg_command" in its place`,
    )
  })

  test.each(['outputs', 'output_file', 'outputFiles', 'output', 'ouput_files'])('%s', (name) => {
    const { output_files, ...rest } = OK
    const body = { ...rest, [name]: output_files }
    const faults = misnamedFields(submitSchema.parse(body), body)
    expect(faults).toEqual([{ loc: [name], msg: 'there is no such field: write "output_files" in its place', type: 'value_error' }])
  })

  test.each(['inputs', 'input_file', 'inputFiles', 'input'])('%s, although a command may have no inputs', (name) => {
    const { input_files, ...rest } = OK
    const body = { ...rest, [name]: input_files }
    const faults = misnamedFields(submitSchema.parse(body), body)
    expect(faults).toEqual([{ loc: [name], msg: 'there is no such field: write "input_files" in its place', type: 'value_error' }])
  })

  test.each<[z.ZodType, unknown, string, string, ...(string | number)[]]>([
    [storeFileSchema, { url: 'https://x' }, 'url', 'file_url', 'file_url'],
    [webhookConfigBodySchema, { webhook_url: 'https://x' }, 'webhook_url', 'url', 'url'],
    [initUploadSchema, { filename: 'x', size: 7 }, 'size', 'size_bytes', 'size_bytes'],
    [completeUploadSchema, { parts: [{ PartNumber: 1, ETag: 'x' }] }, 'ETag', 'etag', 'parts', 0, 'etag'],
    [completeUploadSchema, { parts: [{ PartNumber: 1, ETag: 'x' }] }, 'PartNumber', 'part_number', 'parts', 0, 'part_number'],
    [presetBodySchema, { name: 'x', input_files: ['in_v'] }, 'input_files', 'input_file_keys', 'input_file_keys'],
    [presetBodySchema, { name: 'x', output_files: {} }, 'output_files', 'output_file_definitions', 'output_file_definitions'],
  ])('%#: that of another service or of another route', (schema, body, field, wanted, ...loc) => {
    expect(told(schema, body, ...loc)).toBe(`is missing, and there is no field "${field}": write "${wanted}" in its place`)
  })

  test.each(['webhook', 'webhookUrl', 'callback_url', 'webhook_ulr'])('%s, where the webhook would never come', (name) => {
    const body = { ...OK, [name]: 'https://example.com/hook' }
    expect(misnamedFields(submitSchema.parse(body), body)).toEqual([
      { loc: [name], msg: 'there is no such field: write "webhook_url" in its place', type: 'value_error' },
    ])
    expect(misnamedFields(submitSchema.parse(OK), { ...OK, [name]: true }), 'what is no URL is something else').toEqual([])
  })

  test('what has nothing to do with the one that is missing is left alone', () => {
    expect(told(submitSchema, { ...FILES, comment: 'x', vcpu_count: 8 }, 'ffmpeg_command')).toMatch(/^is missing: it must be a text/)
    const { input_files: _, ...none } = OK
    expect(misnamedFields(submitSchema.parse(none), { ...none, comment: 'x', project: 'y' })).toEqual([])
    expect(misnamedFields(submitSchema.parse(OK), { ...OK, inputs: 1 })).toEqual([])
  })

  test('looking for it costs no more than reading the body, however many fields there are', () => {
    const body = Object.fromEntries(Array.from({ length: 20_000 }, (_, n) => [`ffmpeg_${n}`, 1]))
    expect(messages(submitSchema, body, 'ffmpeg_command')[0]).toMatch(/^is missing/)
  })
})

describe('a map of files', () => {
  test.each<[string, unknown, RegExp]>([
    ['a list', ['https://x'], /not a list$/],
    ['a text', 'https://x', /not the text "https:\/\/x"$/],
    ['a number', 7, /not the number 7$/],
    ['null', null, /^is null, and must be/],
    ['JSON as a text', '{"in_v": "https://x"}', /^is a text that contains JSON: send the value itself, without quotes around it\./],
  ])('that is %s is told its form', (_, wrong, msg) => {
    const body = { ...OK, input_files: wrong, output_files: wrong }
    for (const [field, example] of [
      ['input_files', '{"in_video":"https://example.com/input.mp4"}'],
      ['output_files', '{"out_video":"converted.webm"}'],
    ] as const) {
      const told_ = told(submitSchema, body, field)
      expect(told_).toContain(example)
      if (field === 'input_files') expect(told_).toMatch(msg)
    }
  })

  test.each<[unknown, RegExp]>([
    [null, /^in_v has no URL \(null\): the step before it in your workflow sent none$/],
    [7, /^must be a URL in double quotes, such as "https:\/\/example.com\/input.mp4", not the number 7$/],
    [['https://x'], /not a list$/],
  ])('with the URL %j', (wrong, msg) => {
    expect(told(submitSchema, { ...OK, input_files: { in_v: wrong } }, 'input_files', 'in_v')).toMatch(msg)
  })

  test.each([
    ['video', 'in_video'],
    ['in-video', 'in_video'],
    ['in video', 'in_video'],
    ['{{in_video}}', 'in_video'],
    ['out_x', 'in_x'],
    ['in_vidéo', 'in_video'],
    ['input_1', 'in_1'],
    ['', 'in_video'],
    ['日本', 'in_video'],
  ])('with an input called %j suggests %s', (alias, suggestion) => {
    const msg = told(submitSchema, { ...OK, input_files: { [alias]: 'https://x' } }, 'input_files', alias)
    expect(msg).toContain(`write "${suggestion}" in place of "${alias}", and {{${suggestion}}} in the command`)
    expect(submitSchema.safeParse({ ...OK, input_files: { [suggestion]: 'https://x' } }).success).toBe(true)
  })

  test.each([
    ['mon été – final.mp4', 'mon-ete-final.mp4'],
    ['thumb-at-%s-seconds.png', 'thumb-at-s-seconds.png'],
    ['frame %03d.png', 'frame-%03d.png'],
    ['out/video.mp4', 'video.mp4'],
    ['C:\\clips\\x.mp4', 'x.mp4'],
    ['/tmp/out/', 'out'],
    ['https://bucket.example.com/x/y.mp4?sig=1', 'y.mp4'],
    ['-b.mp4', 'b.mp4'],
    ['..', 'output.mp4'],
    ['日本語.mp4', 'output.mp4'],
    ['video.mp4\n', 'video.mp4'],
    ['"o.mp4"', 'o.mp4'],
    ['x(1).mp4', 'x-1.mp4'],
    [' ', 'output.mp4'],
    ['', 'output.mp4'],
  ])('with an output called %j suggests %s', (name, suggestion) => {
    expect(told(submitSchema, { ...OK, output_files: { out_v: name } }, 'output_files', 'out_v')).toContain(`"${suggestion}"`)
    expect(submitSchema.safeParse({ ...OK, output_files: { out_v: suggestion } }).success).toBe(true)
  })

  test('says which characters a file name may have', () => {
    expect(told(submitSchema, { ...OK, output_files: { out_v: 'a b.mp4' } }, 'output_files', 'out_v')).toMatch(
      /letters from A to Z, digits, "\.", "_" and "-"/,
    )
    expect(told(submitSchema, { ...OK, output_files: { out_v: 'a/b.mp4' } }, 'output_files', 'out_v')).toMatch(/is a path/)
  })
})

test.each(['', ' ', 'abc', '300s', 0, -1, '0', true, [], {}])('max_command_run_seconds %j is told what it must be', (seconds) => {
  const msg = told(submitSchema, { ...OK, max_command_run_seconds: seconds }, 'max_command_run_seconds')
  expect(msg).toMatch(/^must be a number of seconds above 0, such as 300, not /)
})

describe('a body as a whole', () => {
  test.each<[string, unknown, RegExp]>([
    ['JSON that was made a text', JSON.stringify(OK), /^the body is a text that contains JSON, .* send the object itself/],
    ['a list', [OK], /^the body must be an object in braces, .*, not a list: send each of its entries/],
    ['null', null, /not null$/],
    ['a number', 7, /not the number 7$/],
    ['a text', 'hello', /not the text "hello"$/],
  ])('that is %s', (_, body, msg) => {
    for (const schema of [submitSchema, chainedSubmitSchema, multipleSubmitSchema, presetBodySchema, storeFileSchema]) {
      expect(told(schema, body)).toMatch(msg)
    }
  })

  test.each([{}, { nam: 'x' }])('%j changes nothing of a preset, and is told what can be changed', (body) => {
    expect(told(presetChangesSchema, body)).toMatch(/^there is nothing to change: send one or more of name, description, command_type, /)
  })
})

test('no message is one that the library makes for programmers', () => {
  const wrong = [null, true, 7, 1.5, -1, '', 'x', '{"a":1}', [], [7], {}, { a: 1 }, { in_v: 7, out_v: null }]
  const schemas = [submitSchema, chainedSubmitSchema, multipleSubmitSchema, presetBodySchema, presetChangesSchema, storeFileSchema]
  for (const schema of [...schemas, initUploadSchema, completeUploadSchema, webhookConfigBodySchema]) {
    for (const value of wrong) {
      for (const body of [value, ...Object.keys(schema.shape).map((field) => ({ [field]: value }))]) {
        const { error } = schema.safeParse(body)
        for (const { msg } of faultsOf(error?.issues ?? [], body))
          expect(msg).not.toMatch(/Invalid|expected|received|record|undefined|Too (big|small)/)
      }
    }
  }
})

test('a name for the playlists of several variants is told how those are declared', () => {
  const sent = { ...OK, output_files: { out_v: 'v%v.m3u8' } }
  expect(told(submitSchema, sent, 'output_files', 'out_v')).toMatch(
    /write it in the command as it is, .* -master_pl_name \{\{out_playlist_1\}\}$/,
  )
})
