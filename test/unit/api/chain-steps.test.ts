/** A chain whose commands have files of their own, as published skills of agents send it, becomes the chain that the API runs. */
import { describe, expect, test } from 'vitest'
import { ValidationError } from '../../../src/api/errors.ts'
import { parseAnySubmit, parseChain } from '../../../src/api/parse-submit.ts'

const step = (inputs: Record<string, string>, outputs: Record<string, string>, command: string, more = {}) => ({
  input_files: inputs,
  output_files: outputs,
  ffmpeg_command: command,
  ...more,
})
const A = 'https://example.com/a.mp4'
const B = 'https://example.com/b.mp4'

function faultsOf(sent: unknown): { loc: (string | number)[]; msg: string }[] {
  try {
    parseChain(sent)
  } catch (error) {
    if (error instanceof ValidationError) return error.detail
    throw error
  }
  throw new Error('there are no faults')
}

describe('a list of commands', () => {
  test('of which a later one reads what an earlier one makes', () => {
    const { body, sentAt } = parseChain({
      commands: [
        step({ in_video: A }, { out_clip: 'clip.mp4' }, '-i {{in_video}} -t 5 {{out_clip}}'),
        step({ in_clip: ' {{ out_clip }} ', in_music: B }, { out_film: 'film.mp4' }, '-i {{in_clip}} -i "{{in_music}}" {{out_film}}'),
      ],
      metadata: { order: 17 },
      webhook_url: B,
    })
    expect(body).toEqual({
      input_files: { in_video: A, in_music: B },
      output_files: { out_clip: 'clip.mp4', out_film: 'film.mp4' },
      ffmpeg_commands: ['-i {{in_video}} -t 5 {{out_clip}}', '-i {{out_clip}} -i "{{in_music}}" {{out_film}}'],
      metadata: { order: 17 },
      webhook_url: B,
    })
    expect(sentAt(['ffmpeg_commands', 1])).toEqual(['commands', 1, 'ffmpeg_command'])
    expect(sentAt(['input_files', 'in_music'])).toEqual(['commands', 1, 'input_files', 'in_music'])
    expect(sentAt(['webhook_url'])).toEqual(['webhook_url'])
  })

  test('that call different files alike, each of which means its own, and the latest of those before it', () => {
    const { body, sentAt } = parseChain({
      commands: [
        step({ in_1: A }, { out_1: '1.mp4' }, '-i {{in_1}} {{out_1}}'),
        step({ in_1: '{{out_1}}' }, { out_1: '2.mp4' }, '-i <<in_1>> \\{\\{out_1\\}\\}'),
        step({ in_1: B, in_2: '{{out_1}}' }, { out_1: '3.mp4' }, '-i {{in_1}} -i {{in_2}} {{out_1}}'),
        step({ in_1: A }, { out_4: '4.mp4' }, '-i {{in_1}} {{out_4}}'),
      ],
    })
    expect(body).toMatchObject({
      input_files: { in_1: A, in_1_2: B, in_1_3: A },
      output_files: { out_1: '1.mp4', out_1_2: '2.mp4', out_1_3: '3.mp4', out_4: '4.mp4' },
      ffmpeg_commands: [
        '-i {{in_1}} {{out_1}}',
        '-i {{out_1}} {{out_1_2}}',
        '-i {{in_1_2}} -i {{out_1_2}} {{out_1_3}}',
        '-i {{in_1_3}} {{out_4}}',
      ],
    })
    expect(sentAt(['output_files', 'out_1_3'])).toEqual(['commands', 2, 'output_files', 'out_1'])
  })

  test('that read the same URL under the same alias share it', () => {
    const commands = [
      step({ in_1: A }, { out_a: 'a.mp4' }, '-i {{in_1}} {{out_a}}'),
      step({ in_1: A }, { out_b: 'b.mp4' }, '-i {{in_1}} {{out_b}}'),
    ]
    expect(parseChain({ commands }).body).toMatchObject({
      input_files: { in_1: A },
      ffmpeg_commands: ['-i {{in_1}} {{out_a}}', '-i {{in_1}} {{out_b}}'],
    })
  })

  test('takes no alias with a number that a command has itself', () => {
    const commands = [
      step({ in_1: A }, { out_a: 'a.mp4' }, '-i {{in_1}} {{out_a}}'),
      step({ in_1: B, in_1_2: A }, { out_b: 'b.mp4' }, '-i {{in_1}} -i {{in_1_2}} {{out_b}}'),
    ]
    expect(parseChain({ commands }).body).toMatchObject({
      input_files: { in_1: A, in_1_3: B, in_1_2: A },
      ffmpeg_commands: ['-i {{in_1}} {{out_a}}', '-i {{in_1_3}} -i {{in_1_2}} {{out_b}}'],
    })
  })

  test('whose commands have the other fields: the last one counts, and their seconds are added up', () => {
    const commands = [
      step({}, { out_a: 'a.mp4' }, '-f lavfi -i sine {{out_a}}', { metadata: { n: 1 }, max_command_run_seconds: 20, webhook_url: A }),
      step({}, { out_b: 'b.mp4' }, '-f lavfi -i sine {{out_b}}', { metadata: { n: 2 }, max_command_run_seconds: '30' }),
    ]
    const { body, sentAt } = parseChain({ commands })
    expect(body).toMatchObject({ metadata: { n: 2 }, max_command_run_seconds: 50, webhook_url: A })
    expect(sentAt(['metadata'])).toEqual(['commands', 1, 'metadata'])
    expect(sentAt(['webhook_url'])).toEqual(['commands', 0, 'webhook_url'])
    const someSay = [...commands, step({}, { out_c: 'c.mp4' }, '-f lavfi -i sine {{out_c}}', {})]
    expect(parseChain({ commands: someSay }).body.max_command_run_seconds, 'one of them may take as long as any').toBeUndefined()
    expect(parseChain({ commands, max_command_run_seconds: 40, metadata: { n: 3 } }).body).toMatchObject({
      max_command_run_seconds: 40,
      metadata: { n: 3 },
    })
  })

  test('is a chain for a trial as well', () => {
    const commands = [step({}, { out_a: 'a.mp4' }, '-f lavfi -i sine {{out_a}}')]
    expect(parseAnySubmit({ commands }).body).toMatchObject({ ffmpeg_commands: ['-f lavfi -i sine {{out_a}}'] })
  })
})

test.each<[string, unknown, (string | number)[], RegExp]>([
  ['no commands', [], ['commands'], /at least one/],
  ['a text', '-i x', ['commands'], /a list of commands/],
  ['a command that is a text', ['-i x'], ['commands', 0], /an object such as/],
  ['no text', [{ ...step({}, { out_a: 'a.mp4' }, 'x'), ffmpeg_command: 7 }], ['commands', 0, 'ffmpeg_command'], /a text/],
  ['a bad alias', [step({ video: A }, { out_a: 'a.mp4' }, 'x')], ['commands', 0, 'input_files', 'video'], /write "in_video"/],
  [
    'an output of nobody',
    [step({ in_1: '{{out_x}}' }, { out_a: 'a.mp4' }, '-i {{in_1}} {{out_a}}')],
    ['commands', 0, 'input_files', 'in_1'],
    /no command before this one has an output out_x/,
  ],
  [
    'its own output',
    [step({ in_1: '{{out_a}}' }, { out_a: 'a.mp4' }, '-i {{in_1}} {{out_a}}')],
    ['commands', 0, 'input_files', 'in_1'],
    /no command before/,
  ],
  [
    'a placeholder of an input',
    [
      step({ in_1: A }, { out_a: 'a.mp4' }, '-i {{in_1}} {{out_a}}'),
      step({ in_2: '{{in_1}}' }, { out_b: 'b.mp4' }, '-i {{in_2}} {{out_b}}'),
    ],
    ['commands', 1, 'input_files', 'in_2'],
    /no command before/,
  ],
  [
    'an input that is not used',
    [step({}, { out_a: 'a.mp4' }, '{{out_a}}'), step({ in_2: '{{out_a}}' }, { out_b: 'b.mp4' }, '-i {{out_a}} {{out_b}}')],
    ['commands', 1, 'input_files', 'in_2'],
    /does not use \{\{in_2\}\}/,
  ],
  [
    'two files of one name',
    [step({}, { out_a: 'x.mp4' }, '{{out_a}}'), step({}, { out_b: 'X.mp4' }, '{{out_b}}')],
    ['commands', 1, 'output_files', 'out_b'],
    /another name/,
  ],
  [
    'OUTPUT_FOLDER',
    [{ ...step({}, {}, 'x'), output_files: 'OUTPUT_FOLDER' }],
    ['commands', 0, 'output_files'],
    /beside a list ffmpeg_commands/,
  ],
])('%s is one fault, in the body as it was sent', (_, commands, loc, msg) => {
  const faults = faultsOf({ commands })
  expect(faults.map((fault) => fault.loc)).toEqual([loc])
  expect(faults[0]?.msg).toMatch(msg)
})
