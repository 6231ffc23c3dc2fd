import { describe, expect, it, test } from 'vitest'
import { type CommandSource, compileCommands } from '../../../src/ffmpeg/command.ts'
import { concatParts } from '../../../src/ffmpeg/concat-list.ts'
import { hlsParts } from '../../../src/ffmpeg/hls-playlist.ts'
import { DeclaredNames, meaningOf } from '../../../src/ffmpeg/script-names.ts'
import { graphFileSyntax, withoutTargets, withScripts } from '../../../src/ffmpeg/scripts.ts'
import { parseTee } from '../../../src/ffmpeg/tee.ts'

describe('withScripts', () => {
  test.each([
    ['-f concat -i l.txt o', 'concat', 'l.txt'],
    ['-f CONCAT -i file:a/l.txt o', 'concat', 'a/l.txt'],
    ['-i l.ffconcat o', 'concat', 'l.ffconcat'],
    ['-i l.m3u8 o', 'hls', 'l.m3u8'],
    ['-f hls -i l.txt o', 'hls', 'l.txt'],
    ['-i a -filter_complex_script g.txt o', 'graph', 'g.txt'],
    ['-i a -/vf g.txt o', 'graph', 'g.txt'],
    ['-i a o -filter_script:v:0 g.txt', 'graph', 'g.txt'],
    ['-i a -vf sendcmd=f=c.txt,hue o', 'commands', 'c.txt'],
    ['-f lavfi -i color,sendcmd@1=filename=c.txt o', 'commands', 'c.txt'],
    ['-i a -hls_key_info_file k.txt o', 'key-info', 'k.txt'],
  ])('finds the script of %s', (command, kind, source) => {
    const { argv, scripts } = withScripts(command.split(' '), 3, 'script')
    expect(scripts).toEqual([{ kind, source, target: expect.stringMatching(/^\.script-3-0-[\w.]+$/) }])
    expect(argv.join(' ')).toContain(scripts[0]?.target)
    expect(argv).not.toContain(source)
  })

  it('lets FFmpeg open what a list of its own names, whatever stood there before', () => {
    const { argv } = withScripts(['-safe', '1', '-protocol_whitelist', 'http', '-f', 'concat', '-i', 'l.txt', 'o'], 0, 'script')
    expect(argv.slice(-5)).toEqual(['-format_whitelist', expect.stringMatching(/^concat,/), '-i', '.script-0-0-l.txt.ffconcat', 'o'])
    expect(argv.lastIndexOf('0')).toBeGreaterThan(argv.lastIndexOf('1'))
    expect(argv[argv.lastIndexOf('-protocol_whitelist') + 1]).toBe('file')
  })

  test.each([
    ['5.1.9-0+deb12u1', '8. 44.100', '-filter_complex_script'],
    ['n6.1', '9. 12.100', '-filter_complex_script'],
    ['N-47683-g0e8eb07980-static', '7. 46.101', '-filter_complex_script'],
    ['7.1.1', '10.  4.100', '-/filter_complex'],
    ['8.0', '11.  4.100', '-/filter_complex'],
    ['N-120000-g0123456789', '11.  9.100', '-/filter_complex'],
  ])('FFmpeg %s, with libavfilter %s, reads a graph by %s', (release, library, option) => {
    const version = `ffmpeg version ${release} Copyright
libavformat    60.  3.100
libavfilter    ${library} / ${library}
`
    expect(withScripts(['-lavfi', 'null', '-/lavfi', 'g.txt', 'o'], 0, graphFileSyntax(version)).argv).toContain(option)
  })

  it('gives the texts names that are known again in what FFmpeg says', () => {
    const { scripts } = withScripts(['-f', 'concat', '-i', 'a/my list.txt', 'o'], 0, 'script')
    expect(withoutTargets(`${scripts[0]?.target}: Invalid data`)).toBe('my_list.txt: Invalid data')
  })

  it('leaves a command without scripts as it is', () => {
    const argv = ['-f', 'lavfi', '-i', 'color', '-vf', "sendcmd=c='0 hue s 0',drawtext=text='a,b'", '-f', 'concat', 'o']
    expect(withScripts(argv, 0, 'script')).toEqual({ argv, scripts: [] })
  })
})

test('a concat list is read as FFmpeg reads it, and every directive is kept', () => {
  const text =
    "ffconcat version 1.0\n\n # a\n file  a\\ b'c d'  # e\ninpoint 1.5\noutpoint 00:00:02\nfile_packet_meta k 'v w'\nstream\nexact_stream_id 0x1\nchapter 1 0 2.5"
  const lines = [...concatParts(text)].flatMap((part) => {
    if (part?.kind === 'file') return [part.write(part.reference.spellings[0] ?? '')]
    return part?.kind === 'text' ? [part.text] : []
  })
  expect(lines).toEqual([
    ...['ffconcat version 1.0', "file 'a bc d'", 'inpoint 1.5', 'outpoint 00:00:02', "file_packet_meta k 'v w'", 'stream'],
    ...['exact_stream_id 0x1', 'chapter 1 0 2.5'],
  ])
})

test('of an HLS playlist nothing is kept that is not known, and it ends', () => {
  const text =
    '#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXT-X-FUTURE:URI="/etc/passwd"\n#EXT-X-BYTERANGE:5@0\n#EXTINF:1.5,title\na.ts?x=1\nno-segment.ts\n'
  const lines = [...hlsParts(text)].flatMap((part) => {
    if (part?.kind === 'file') return [part.write(part.reference.spellings[1] ?? '')]
    return part?.kind === 'text' ? [part.text] : []
  })
  expect(lines).toEqual(['#EXTM3U', '#EXT-X-TARGETDURATION:2', '#EXT-X-BYTERANGE:5@0', '#EXTINF:1.5,', 'a.ts', '#EXT-X-ENDLIST'])
})

describe('what a script names', () => {
  const declared = new DeclaredNames({
    inputs: { in_a: 'in_a.mp4', in_b: 'in_b.mp4', in_c: 'in_c.mp4' },
    outputs: { out_1: 'o.mp4' },
    sources: { in_a: 'https://a.example/x/my%20clip.mp4', in_b: 'https://a.example/b.mp4', in_c: 'https://c.example/b.mp4' },
  })

  test.each([
    ['./c.mp4', ['dir/c.mp4', 'c.mp4']],
    ['sub\\c.mp4', ['dir/sub/c.mp4', 'sub/c.mp4']],
    // As macOS writes it.
    ['cafe\u0301.mp4', ['dir/cafe\u0301.mp4', 'cafe\u0301.mp4', 'dir/caf\u00e9.mp4', 'caf\u00e9.mp4']],
    ['in_a', ['dir/in_a', 'in_a', 'in_a.mp4']],
    ['{{ in_b }}', ['dir/in_b.mp4', 'in_b.mp4']],
    ['out_1', ['dir/out_1', 'out_1', 'o.mp4']],
    ['my clip.mp4', ['dir/my clip.mp4', 'my clip.mp4', 'in_a.mp4']],
    // Two inputs are called so.
    ['b.mp4', ['dir/b.mp4', 'b.mp4']],
    ['https://c.example/b.mp4?sig=1', ['in_c.mp4']],
  ])('%s may be any of %j', (spelling, names) => {
    expect(meaningOf(spelling, 'dir', declared)).toEqual({ ok: true, names })
  })

  test.each([
    [
      '/a',
      '//a',
      'C:\\a',
      'C:a',
      '\\\\host\\a',
      '../a',
      'a/../b',
      'http://a.example/z',
      'file:a',
      'pipe:0',
      '',
      '.',
      '.hidden',
      '-i',
      '{{in_x}}',
      'x{..}/%d',
    ],
  ])('none of %j', (...spellings) => {
    for (const spelling of spellings) expect(meaningOf(spelling, '', declared), spelling).toMatchObject({ ok: false })
  })
})

describe('tee', () => {
  test.each([
    ['a.mp4|b.mkv', [['a.mp4'], ['b.mkv']]],
    [
      "[f=mp4:movflags=+faststart]a.mp4|[select=\\'v:0,a\\':f=hls]b",
      [
        ['a.mp4', 'f=mp4', 'movflags=+faststart'],
        ['b', 'select=v:0,a', 'f=hls'],
      ],
    ],
    ['[]a', [['a']]],
    ['[f=mp4', null],
    ['[f]a', null],
    ['', null],
  ])('%s', (url, outputs) => {
    const parsed = parseTee(url)?.map(({ name, options }) => [name, ...options.map(({ key, value }) => `${key}=${value}`)])
    expect(parsed ?? null).toEqual(outputs)
  })

  const compile = (command: string, outputs: Record<string, string>, more: Partial<CommandSource> = {}) =>
    compileCommands({ field: 'ffmpeg_command', commands: [command], inputs: { in_1: 'https://a.example/a.mp4' }, outputs, ...more })
  const faults = (...given: Parameters<typeof compile>) => {
    const compilation = compile(...given)
    return compilation.ok ? [] : compilation.faults.map(({ msg }) => msg)
  }

  it('may write declared outputs, and bare names where those may be written', () => {
    const both = '-i {{in_1}} -map 0 -c copy -f tee "[f=mp4]{{out_a}}|[f=hls:hls_time=2:onfail=ignore]{{out_playlist_b}}"'
    expect(faults(both, { out_a: 'a.mp4', out_playlist_b: 'b.m3u8' })).toEqual([])
    const bare = '-i {{in_1}} -map 0:v -map 0:a -c copy -f tee "copy1.mp4|copy2.mkv"'
    expect(faults(bare, {}, { folder: 'all.zip' })).toEqual([])
    expect(faults(bare, { out_1: 'x.mp4' })).toEqual(
      expect.arrayContaining([expect.stringContaining('an output of `tee` may not open `copy1.mp4`')]),
    )
  })

  it('writes nothing else', () => {
    for (const url of [
      '/tmp/a.mp4',
      '../a.mp4',
      'http://x/a',
      '[f=rtp]a.mp4',
      '[f=mp4:onfail=x]a.mp4',
      '[f=hls:hls_segment_filename=../%d]a.m3u8',
    ])
      expect(faults(`-i {{in_1}} -f tee "${url}"`, {}, { folder: 'all.zip' }), url).toHaveLength(1)
  })
})

describe('an input that no command names', () => {
  const compile = (command: string) =>
    compileCommands({
      field: 'ffmpeg_command',
      commands: [command],
      inputs: { in_l: 'https://a.example/l.txt', in_a: 'https://a.example/a.mp4' },
      outputs: { out_1: 'o.mp4' },
    })

  it('is none that was forgotten where a list is read', () => {
    expect(compile('-f concat -safe 0 -i {{in_l}} -c copy {{out_1}}').ok).toBe(true)
    expect(compile('-i {{in_l}} -c copy {{out_1}}').ok).toBe(false)
  })
})

test('a playlist by its URL is refused in one sentence that says what to send instead', () => {
  const inputs = { in_v: 'https://a.example/h.m3u8' }
  const msgs = (command: string) => {
    const compilation = compileCommands({ field: 'ffmpeg_command', commands: [command], inputs, outputs: { out_1: 'o.mp4' } })
    return compilation.ok ? [] : compilation.faults.map(({ msg }) => msg)
  }
  expect(msgs('-i {{in_v}} -c copy {{out_1}}')).toEqual([expect.stringContaining('as input_compressed_folder')])
  expect(msgs('-protocol_whitelist file,http,https,tcp,tls,crypto -i {{in_v}} -c copy {{out_1}}')).toEqual([
    expect.stringMatching(/as input_compressed_folder.*-protocol_whitelist|-protocol_whitelist.*as input_compressed_folder/),
  ])
})
