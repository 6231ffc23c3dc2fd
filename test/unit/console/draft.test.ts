/** The command that is being written in the console: what is sent follows from the placeholders in it. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { remainingSeconds } from '../../../src/console/command/remaining.ts'
import { aliasesOf, EMPTY_DRAFT, metadataText, metadataValue, missingInputs, submitBody } from '../../../src/console/run/draft.ts'
import { highlight } from '../../../src/console/run/highlight.ts'

describe('a draft', () => {
  const draft = {
    ...EMPTY_DRAFT,
    commands: ['-i {{in_a}} -i <<in_b>> {{ out_x }}', '-i {{out_x}} {{out_audio}} {{in_a}}'],
    inputs: { in_a: { url: ' https://example.com/a ', filename: null }, in_gone: { url: 'https://example.com/gone', filename: null } },
  }

  test('has each alias of its commands once, in their order', () => {
    expect(aliasesOf(draft, 'in_')).toEqual(['in_a', 'in_b'])
    expect(aliasesOf(draft, 'out_')).toEqual(['out_x', 'out_audio'])
    expect(missingInputs(draft)).toEqual(['in_b'])
  })

  test('sends what its commands name, and nothing that they do not name any more', () => {
    expect(submitBody(draft)).toEqual({
      input_files: { in_a: 'https://example.com/a', in_b: '' },
      output_files: { out_x: 'video.mp4', out_audio: 'audio.mp3' },
      ffmpeg_commands: draft.commands,
    })
  })

  test('is checked with something in place of inputs that are missing', () => {
    expect(submitBody(draft, true).input_files).toEqual({ in_a: 'https://example.com/a', in_b: 'https://example.com/input' })
  })

  test('sends options only where they say something', () => {
    const options = {
      metadata: [
        { name: ' order ', value: '7' },
        { name: '', value: 'lost' },
      ],
      webhookUrl: ' ',
      maxSeconds: ' 20',
      archive: '',
    }
    expect(submitBody({ ...EMPTY_DRAFT, commands: ['a'], folder: true, ...options })).toEqual({
      output_files: 'OUTPUT_FOLDER',
      ffmpeg_command: 'a',
      metadata: { order: 7 },
      max_command_run_seconds: '20',
    })
  })
})

test('metadata comes back from its text as it was, whatever it is', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.jsonValue(), fc.constantFrom('7', 'true', '"x"', 'null')), (value) => {
      expect(metadataValue(metadataText(value))).toEqual(JSON.parse(JSON.stringify(value)))
    }),
  )
})

describe('the colours of a command', () => {
  test('lose and add no character, whatever is written', () => {
    const part = fc.oneof(fc.string(), fc.constantFrom('{{in_a}}', '<<out_b>>', '\\{\\{in_c\\}\\}', ' -vf ', 'ffmpeg ', '{{', ' -', '\n'))
    fc.assert(
      fc.property(fc.array(part), (parts) => {
        const text = parts.join('')
        expect(
          highlight(text)
            .map((piece) => piece.text)
            .join(''),
        ).toBe(text)
      }),
    )
  })

  test('tell program, options, inputs and outputs apart', () => {
    const pieces = highlight('ffmpeg -ss 5 -i {{in_a}} -af a=-1 {{out_b}}').filter(({ kind }) => kind !== 'text')
    expect(pieces).toEqual([
      { kind: 'program', text: 'ffmpeg' },
      { kind: 'option', text: '-ss' },
      { kind: 'option', text: '-i' },
      { kind: 'input', text: '{{in_a}}' },
      { kind: 'option', text: '-af' },
      { kind: 'output', text: '{{out_b}}' },
    ])
  })
})

test('the remaining time follows from how much is there and how fast it comes', () => {
  const ffmpeg = { command: 1, frame: null, fps: null, out_time_seconds: 30, speed: 2 }
  expect(remainingSeconds({ progress: 25, ffmpeg })).toBe(45)
  expect(remainingSeconds({ progress: null, ffmpeg })).toBeNull()
  expect(remainingSeconds({ progress: 25, ffmpeg: { ...ffmpeg, speed: null } })).toBeNull()
})
