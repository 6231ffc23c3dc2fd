import { describe, expect, it } from 'vitest'
import { type CommandSource, compileCommands } from '../../../src/ffmpeg/command.ts'

const INPUTS = { in_v: 'https://example.com/a.mp4' }

function compile(command: string, source: Partial<CommandSource> = {}) {
  const field = 'ffmpeg_command'
  return compileCommands({ field, commands: [command], inputs: INPUTS, outputs: { out_v: 'o.mp4' }, ...source })
}

function argv(command: string, source: Partial<CommandSource> = {}): string[] | undefined {
  const result = compile(command, source)
  if (!result.ok) throw new Error(JSON.stringify(result.faults))
  return result.command.argvs[0]
}

const plain = ['-i', 'in_v.mp4', 'o.mp4']

describe('what the service answers for is dropped', () => {
  it.each([
    ['-n -i {{in_v}} {{out_v}}', plain],
    ['-i {{in_v}} -n {{out_v}}', plain],
    ['-i {{in_v}} {{out_v}} -n', plain],
    ['-progress - -i {{in_v}} {{out_v}}', plain],
    ['-progress pipe:1 -i {{in_v}} {{out_v}}', plain],
    ['-i {{in_v}} -progress pipe:2 {{out_v}}', plain],
    ['-y -nostdin -stats -hide_banner -i {{in_v}} {{out_v}}', ['-y', '-nostdin', '-stats', '-hide_banner', ...plain]],
    ['-i {{in_v}} -metadata -n {{out_v}}', ['-i', 'in_v.mp4', '-metadata', '-n', 'o.mp4']],
  ])('%s', (command, expected) => {
    expect(argv(command)).toEqual(expected)
  })

  it('progress to a file or a URL is not', () => {
    for (const target of ['progress.txt', 'https://example.com/p', 'pipe:3']) {
      expect(compile(`-progress ${target} -i {{in_v}} {{out_v}}`)).toMatchObject({ ok: false, faults: [{ msg: /status shows/ }] })
    }
  })
})

describe('a file has one name', () => {
  it.each([
    ['-i ./{{in_v}} ./{{out_v}}', plain],
    ['-i .\\{{in_v}} .\\{{out_v}}', plain],
    ['-i "concat:./{{in_v}}|.\\{{in_v}}" {{out_v}}', ['-i', 'concat:in_v.mp4|in_v.mp4', 'o.mp4']],
    ['-i {{in_v}} -attach ./{{in_v}} {{out_v}}', ['-i', 'in_v.mp4', '-attach', 'in_v.mp4', 'o.mp4']],
    ['-i {{in_v}} -f mp4 NUL -c copy {{out_v}}', ['-i', 'in_v.mp4', '-f', 'mp4', '/dev/null', '-c', 'copy', 'o.mp4']],
    ['-i {{in_v}} -f null nul: -c copy {{out_v}}', ['-i', 'in_v.mp4', '-f', 'null', '/dev/null', '-c', 'copy', 'o.mp4']],
  ])('%s', (command, expected) => {
    expect(argv(command)).toEqual(expected)
  })

  it('in a chain and in an archive, also inside filters', () => {
    const commands = [
      '-i {{in_v}} -vf vidstabdetect=result=./transforms.trf -f null -',
      '-i {{in_v}} -vf vidstabtransform=input=./transforms.trf:zoom=0 ./mid.mp4',
      '-i ./mid.mp4 {{out_v}}',
    ]
    expect(compileCommands({ field: 'ffmpeg_commands', commands, inputs: INPUTS, outputs: { out_v: 'o.mp4' } })).toMatchObject({ ok: true })
    expect(argv('-i ./clip.mp4 -i ./sub/b.mp4 {{out_v}}', { inputs: {}, archive: true })).toEqual([
      '-i',
      'clip.mp4',
      '-i',
      'sub/b.mp4',
      'o.mp4',
    ])
  })

  it('a dot opens no other folder', () => {
    for (const name of ['./../a.mp4', './/etc/passwd', './.env', '././-i', '.\\..\\a.mp4', './a/../../b']) {
      expect(compile(`-i ${name} {{out_v}}`, { inputs: {}, archive: true }).ok, name).toBe(false)
    }
  })
})

describe('fonts that are declared and named by no command', () => {
  const inputs = { ...INPUTS, in_s: 'https://example.com/s.srt', in_font: 'https://example.com/x.ttf' }
  const found = (filter: string) => argv(`-i {{in_v}} -vf "${filter}" {{out_v}}`, { inputs })?.[3]

  it.each([
    ['subtitles={{in_s}}:fontsdir=.', 'subtitles=in_s.srt:fontsdir=.'],
    ['subtitles={{in_s}}:fontsdir=./', 'subtitles=in_s.srt:fontsdir=.'],
    ['subtitles={{in_s}}:fontsdir={{in_font}}', 'subtitles=in_s.srt:fontsdir=.'],
    ["subtitles='{{in_s}}':fontsdir='/tmp/my fonts':force_style='FontName=A'", "subtitles='in_s.srt':fontsdir=.:force_style='FontName=A'"],
    ["scale=64:36,ass={{in_s}}:fontsdir='C\\:/Windows/Fonts'", 'scale=64:36,ass=in_s.srt:fontsdir=.'],
    ["drawtext=text='fontsdir=/a',subtitles={{in_s}}:fontsdir=/b,null", "drawtext=text='fontsdir=/a',subtitles=in_s.srt:fontsdir=.,null"],
  ])('%s', (filter, expected) => {
    expect(found(filter)).toBe(expected)
  })

  it('are missed by nobody else', () => {
    expect(compile('-i {{in_v}} -vf subtitles={{in_s}} {{out_v}}', { inputs })).toMatchObject({
      ok: false,
      faults: [{ loc: ['input_files', 'in_font'] }],
    })
  })

  it('make no other folder readable', () => {
    const { in_font: _, ...named } = inputs
    for (const folder of ['/tmp/fonts', '/usr/share/fonts', '../x']) {
      expect(compile(`-i {{in_v}} -vf subtitles={{in_s}}:fontsdir=${folder} {{out_v}}`, { inputs: named }).ok, folder).toBe(false)
    }
  })
})
