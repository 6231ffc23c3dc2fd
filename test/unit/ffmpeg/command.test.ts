import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type CompiledCommand, compileCommands, type Fault } from '../../../src/ffmpeg/command.ts'
import { guardInputs } from '../../../src/ffmpeg/guards.ts'

const INPUTS = { in_a: 'https://example.com/a.mp4', in_b: 'https://example.com/b.srt?x=1.exe' }
const OUTPUTS = { out_1: 'final.webm' }

function compile(command: string, inputs: Record<string, string> = INPUTS, outputs: Record<string, string> = OUTPUTS) {
  return compileCommands({ field: 'ffmpeg_command', commands: [command], inputs, outputs })
}

function chain(...commands: string[]) {
  return compileCommands({ field: 'ffmpeg_commands', commands, inputs: INPUTS, outputs: OUTPUTS })
}

function compiled(result: ReturnType<typeof compile>): CompiledCommand {
  if (!result.ok) throw new Error(JSON.stringify(result.faults))
  return result.command
}

function faults(result: ReturnType<typeof compile>): Fault[] {
  return result.ok ? [] : result.faults
}

describe('compileCommands', () => {
  it('replaces placeholders of every spelling by plain file names', () => {
    for (const command of [
      'ffmpeg -i {{in_a}} -vf subtitles={{in_b}} {{out_1}}',
      'ffmpeg -i {{ in_a }} -vf "subtitles={{ in_b }}" {{  out_1}}',
      '-i <<in_a>> -vf subtitles=<<in_b>> << out_1 >>',
      String.raw`-i \{\{in_a\}\} -vf "subtitles=\{\{in_b\}\}" \{\{ out_1 \}\}`,
    ]) {
      const { argvs, inputs, outputs } = compiled(compile(command))
      expect(argvs).toEqual([['-i', 'in_a.mp4', '-vf', 'subtitles=in_b.srt', 'final.webm']])
      expect(inputs).toEqual({ in_a: 'in_a.mp4', in_b: 'in_b.srt' })
      expect(outputs).toEqual(OUTPUTS)
    }
  })

  it('leaves what only looks like a placeholder as it is', () => {
    const { argvs } = compiled(compile("-i {{in_a}} -i {{in_b}} -metadata 'title={{ two words }} <<LIVE>> {one}' {{out_1}}"))
    expect(argvs[0]).toContain('title={{ two words }} <<LIVE>> {one}')
  })

  it('gives inputs names that differ from each other and from the outputs, without regard to case', () => {
    const inputs = { in_a: 'https://x.example/1.MP4', in_A: 'https://x.example/2.mp4', in_c: 'https://x.example/c' }
    const command = compiled(compile('-i {{in_a}} -i {{in_A}} -i {{in_c}} -f mp4 {{out_1}}', inputs, { out_1: 'IN_C' }))
    expect(command.inputs).toEqual({ in_a: 'in_a.MP4', in_A: 'in_A-2.mp4', in_c: 'in_c-2' })
  })

  it('takes an extension only from the path, and only a plain one', () => {
    const inputs = {
      in_1: 'https://x.example/v.mp4?file=a.exe#b.png',
      in_2: 'https://x.example/archive.tar.gz',
      in_3: 'https://x.example/.hidden',
      in_4: 'https://x.example/v.toolongext',
      in_5: 'https://x.example/v.m%2Fp',
      in_6: 'no url.mp4',
      in_7: 'https://x.example/folder.mp4/',
    }
    const command = Object.keys(inputs)
      .map((alias) => `-i {{${alias}}}`)
      .join(' ')
    expect(Object.values(compiled(compile(`${command} {{out_1}}`, inputs)).inputs)).toEqual([
      'in_1.mp4',
      'in_2.gz',
      'in_3',
      'in_4',
      'in_5',
      'in_6',
      'in_7',
    ])
  })

  it('reports every fault of every command, each where it is', () => {
    const found = faults(chain('-i {{in_a}} {{in_z}} {{out_2}}', '-i "x', 'ffmpeg', '-progress x -i {{in_a}} a.mp4'))
    expect(found.map(({ loc }) => loc)).toEqual([
      ['ffmpeg_commands', 0],
      ['ffmpeg_commands', 0],
      ['ffmpeg_commands', 1],
      ['ffmpeg_commands', 2],
      ['ffmpeg_commands', 3],
      ['input_files', 'in_b'],
      ['output_files', 'out_1'],
    ])
    expect(found.map(({ msg }) => msg)).toEqual([
      '{{in_z}} is not declared in input_files; declared are {{in_a}}, {{in_b}}, {{out_1}}',
      '{{out_2}} is not declared in output_files; declared are {{in_a}}, {{in_b}}, {{out_1}}',
      'a double quote that is never closed, at character 4: -i "x',
      'the command is empty: write what follows `ffmpeg` on a command line',
      expect.stringContaining('`-progress`'),
      'no command uses {{in_b}}: use it, or remove it from input_files',
      'no command uses {{out_1}}: use it, or remove it from output_files',
    ])
  })

  it('says how a file is named that goes from one command of a chain to the next', () => {
    const [fault] = faults(chain('-i {{in_a}} -i {{in_b}} {{tmp}}', '-i in_a.mp4 {{out_1}}'))
    expect(fault?.msg).toContain('has a plain name without braces, such as `tmp.mp4`')
    expect(faults(compile('-i {{in_a}} -i {{in_b}} -t {{seconds}} {{out_1}}'))[0]?.msg).not.toContain('plain name')
  })

  it('counts a use in any command of a chain', () => {
    expect(faults(chain('-i {{in_a}} tmp.mp4', '-i tmp.mp4 -vf subtitles={{in_b}} {{out_1}}'))).toEqual([])
  })

  it('lets a chain use plain names of its working directory, and a single command not', () => {
    expect(faults(chain('-i {{in_a}} -i {{in_b}} tmp.mp4', '-i tmp.mp4 {{out_1}}'))).toEqual([])
    expect(faults(compile('-i {{in_a}} -i {{in_b}} -c copy tmp.mp4 {{out_1}}'))).toHaveLength(1)
  })

  it('takes formats without regard to case, as FFmpeg does', () => {
    const inputs = '-f MOV -i {{in_a}} -f Concat -i {{in_b}}'
    for (const command of [
      `${inputs} -f MP4 {{out_1}}`,
      `${inputs} -f Segment -segment_format MPEGTS {{out_1}}`,
      `${inputs} -f LAVFI -i color=red {{out_1}}`,
      `${inputs} {{out_1}} -f NULL -`,
    ]) {
      expect(faults(compile(command)), command).toEqual([])
    }
    expect(faults(compile(`${inputs} -f LavFi -i movie=x {{out_1}}`))).toHaveLength(1)
  })

  it('says which font to write instead of a path of the server', () => {
    const [fault] = faults(compile('-i {{in_a}} -i {{in_b}} -vf drawtext=text=x:fontfile=/usr/share/fonts/a.ttf {{out_1}}'))
    expect(fault?.msg).toMatch(/`\/usr\/share\/fonts\/a.ttf`.*`fontfile=\{\{in_font\}\}`, or name an installed font/)
  })

  it('refuses an argument that the system would not pass on', () => {
    const long = 'é'.repeat(66_000)
    expect(faults(compile(`-i {{in_a}} -i {{in_b}} -metadata title=${long} {{out_1}}`))).toMatchObject([
      { msg: expect.stringContaining('128 KiB') },
    ])
    expect(faults(compile(`-i {{in_a}} -i {{in_b}} -metadata title=${'e'.repeat(66_000)} {{out_1}}`))).toEqual([])
  })

  it('reports at most 50 faults of one command, and how many more there are', () => {
    const result = compile(`-i {{in_a}} -i {{in_b}} ${'x '.repeat(1000)} {{out_1}}`)
    expect(faults(result)).toHaveLength(50)
    expect(result).toMatchObject({ omitted: 950 })
  })

  it('names only a few of many declared aliases', () => {
    const inputs = Object.fromEntries(Array.from({ length: 99 }, (_, i) => [`in_${i}`, 'https://example.com/a.mp4']))
    const [fault] = faults(compile('-i {{in_z}} {{out_1}}', inputs))
    expect(fault?.msg).toBe('{{in_z}} is not declared in input_files; declared are {{in_0}}, {{in_1}}, {{in_2}} and 97 more')
  })

  it('says little of what is long', () => {
    const inputs = Object.fromEntries(Array.from({ length: 100 }, (_, i) => [`in_${i}_${'a'.repeat(7000)}`, 'https://example.com/a.mp4']))
    const placeholders = Array.from({ length: 9000 }, (_, i) => `{{x${i}}}`).join('')
    const long = 'a'.repeat(40_000)
    const results = [
      compile(placeholders, Object.fromEntries(Object.entries(inputs).map(([alias, url]) => [alias.slice(0, 64), url]))),
      compile(`-i {{in_a}} -i {{in_b}} {{${long}}} {{out_1}}`),
      // A filter, an option and a target of commands are each named by every fault of theirs.
      compile(`-i {{in_a}} -i {{in_b}} -vf ${long}=${'a=/:'.repeat(10_000)} {{out_1}}`),
      compile(`-i {{in_a}} -i {{in_b}} -vf "sendcmd=c='0 ${long} reinit ${'a=/\\:'.repeat(8_000)}'" {{out_1}}`),
      compile(`-i {{in_a}} -i {{in_b}} -vf ${long}=/${long} -${long} /${long} /${long}`),
    ]
    for (const result of results) {
      expect(faults(result).length).toBeGreaterThan(0)
      expect(Math.max(...faults(result).map(({ msg }) => msg.length))).toBeLessThan(1000)
    }
  })

  it('counts the characters before it replaces short placeholders by long names', () => {
    const outputs = { out_a: `${'a'.repeat(251)}.mp4` }
    expect(faults(compile('{{out_a}}'.repeat(10_000), INPUTS, outputs))).toEqual([
      { loc: [], msg: expect.stringMatching(/too large together: 2550000 characters/), type: 'value_error' },
    ])
  })

  it('lets a command read all inputs that it may declare, and not thousands', () => {
    const inputs = Object.fromEntries(Array.from({ length: 100 }, (_, i) => [`in_${i}`, 'https://example.com/a.mp4']))
    const each = Object.keys(inputs)
      .map((alias) => `-i {{${alias}}}`)
      .join(' ')
    expect(faults(compile(`${each} -f lavfi -i anullsrc {{out_1}}`, inputs))).toEqual([])
    expect(faults(compile(`${'-i {{in_a}} '.repeat(8000)} -i {{in_b}} {{out_1}}`))).toEqual([
      { loc: ['ffmpeg_command'], msg: expect.stringMatching(/8001 inputs, 150 at most/), type: 'value_error' },
    ])
  })

  it('is not fooled by names of object properties', () => {
    for (const alias of ['__proto__', 'constructor', 'toString']) {
      expect(faults(compile(`-i {{in_a}} -i {{in_b}} {{${alias}}} {{out_1}}`))).toEqual([
        { loc: ['ffmpeg_command'], msg: expect.stringContaining(`{{${alias}}} is not declared`), type: 'value_error' },
      ])
    }
    const inputs: Record<string, string> = JSON.parse('{"__proto__": "https://example.com/a.mp4"}')
    expect(Object.keys(compiled(compile('-i {{__proto__}} {{out_1}}', inputs)).inputs)).toEqual(['__proto__'])
  })

  it('finds a placeholder under any quoting', () => {
    const quoted = fc.constantFrom('{{in_a}}', "'{{in_a}}'", '"{{in_a}}"', '"{{ in_a }}"', "''{{in_a}}", '"\\{\\{in_a\\}\\}"', "'<<in_a>>'")
    const around = fc.constantFrom('', 'x=', "'a b'", '"c\\"d"', '\\ ')
    fc.assert(
      fc.property(quoted, around, around, (placeholder, before, after) => {
        const { argvs } = compiled(compile(`-i {{in_a}} -i {{in_b}} -metadata ${before}${placeholder}${after} {{out_1}}`))
        expect(argvs[0]?.at(-2)).toContain('in_a.mp4')
      }),
    )
  })

  it('never throws, and never lets a file be anything but a plain name', () => {
    const part = fc.oneof(
      fc.constantFrom('-i', '{{in_a}}', '{{out_1}}', '-vf', '"', "'", '\\', '[', ']', 'movie=', '=', ',', ' ', '\n'),
      fc.string(),
    )
    fc.assert(
      fc.property(
        fc.array(
          fc.array(part).map((parts) => parts.join('')),
          { maxLength: 3 },
        ),
        (commands) => {
          const result = chain(...commands)
          if (!result.ok) for (const fault of result.faults) expect(fault.msg).not.toBe('')
        },
      ),
      { numRuns: 500 },
    )
  })
})

describe('guardInputs', () => {
  it('puts the guards last before every -i, and nowhere else', () => {
    const guarded = guardInputs(['-y', '-ss', '1', '-i', 'a', '-f', 'lavfi', '-i', 'color', '-c', 'copy', 'o'])
    expect(guarded.map((token) => (token.includes('matroska') ? 'FORMATS' : token))).toEqual([
      ...['-y', '-ss', '1', '-protocol_whitelist', 'file', '-format_whitelist', 'FORMATS', '-i', 'a'],
      ...['-f', 'lavfi', '-protocol_whitelist', 'file', '-format_whitelist', 'lavfi', '-i', 'color', '-c', 'copy', 'o'],
    ])
  })

  it('names formats to FFmpeg in lower case, in which alone it finds them in the list', () => {
    const guarded = guardInputs(['-f', 'LAVFI', '-i', 'color', '-f', 'Concat', '-i', 'list.txt', 'o'])
    expect(guarded[guarded.indexOf('-format_whitelist') + 1]).toBe('lavfi')
    expect(guarded[guarded.lastIndexOf('-format_whitelist') + 1]).toMatch(/^concat,mov,/)
    expect(guarded).toContain('-safe')
  })

  it('holds a list for concat to safe names, whatever the command says', () => {
    const guarded = guardInputs(['-f', 'concat', '-safe', '0', '-i', 'list.txt', 'o'])
    expect(guarded.lastIndexOf('-safe')).toBeGreaterThan(guarded.indexOf('0'))
    expect(guarded[guarded.lastIndexOf('-safe') + 1]).toBe('1')
  })

  it('does not put guards where they stand already, as in commands that were stored with them', () => {
    for (const argv of [
      ['-i', 'a', '-i', 'b', 'o'],
      ['-f', 'concat', '-safe', '0', '-i', 'list.txt', 'o'],
      ['-f', 'lavfi', '-i', 'color', 'o'],
    ]) {
      const guarded = guardInputs(argv)
      expect(guardInputs(guarded)).toEqual(guarded)
    }
  })

  it('lets the largest chain be sent to an executor, which takes 4 MiB', () => {
    const argv = Array.from({ length: 150 }, () => ['-f', 'concat', '-i', 'a'.repeat(80)]).flat()
    expect(JSON.stringify(Array.from({ length: 10 }, () => guardInputs(argv))).length).toBeLessThan(4 * 1024 ** 2 - 300_000)
  })

  it('takes an -i that is an option’s value for what it is', () => {
    expect(guardInputs(['-metadata', '-i', 'o'])).toEqual(['-metadata', '-i', 'o'])
  })
})
