import { readFile } from 'node:fs/promises'
import { describe, expect, test } from 'vitest'
import { submitSchema } from '../../../src/api/schemas.ts'
import { OUTPUT_FOLDER, sequenceNumbers, sortOutputs } from '../../../src/ffmpeg/bundle.ts'
import { type CommandSource, compileCommands } from '../../../src/ffmpeg/command.ts'
import { isNestedName } from '../../../src/ffmpeg/filenames.ts'

test.each([
  ['frame_%03d.png', ['frame_010.png', 'frame_001.png', 'frame_1000.png'], [10, 1, 1000]],
  [
    'frame_%03d.png',
    ['frame_1.png', 'frame_0001.png', 'frame_.png', 'frame_abc.png', 'frame_001.png.bak', 'x_frame_001.png'],
    [null, null, null, null, null, null],
  ],
  ['%d.jpg', ['10.jpg', '9.jpg', '09.jpg', '.jpg'], [10, 9, null, null]],
  ['1%d1', ['11', '121'], [null, 2]],
  ['plain.png', ['plain.png'], [null]],
])('the numbers that %s gives to %j', (pattern, names, numbers) => {
  expect(names.map(sequenceNumbers(pattern))).toEqual(numbers)
})

test('outputs are sorted by what they are', () => {
  expect(sortOutputs({ out_a: 'a.mp4', out_frames: 'f_%03d.png', out_playlist_1: 'x.m3u8', out_2: 'y.m3u8' })).toEqual({
    files: { out_a: 'a.mp4', out_2: 'y.m3u8' },
    bundles: {
      out_frames: { kind: 'sequence', filename: 'out_frames.zip', pattern: 'f_%03d.png' },
      out_playlist_1: { kind: 'playlist', filename: 'x.m3u8' },
    },
  })
})

test.each([
  ['fonts/a.ttf', true],
  ['a.ttf', true],
  ['frames/%03d.png', true],
  ['a/b/c/d/e/f/g/h', true],
  ['a/b/c/d/e/f/g/h/i', false],
  ['../a', false],
  ['a/../b', false],
  ['/a', false],
  ['a//b', false],
  ['a/', false],
  ['a/.b', false],
  ['a/-b', false],
  ['a/b:c', false],
  ['a\\b', false],
  ['', false],
])('isNestedName(%j) is %s', (name, expected) => {
  expect(isNestedName(name)).toBe(expected)
})

describe('what a command may name', () => {
  const compile = (command: string, source: Partial<CommandSource> = {}) =>
    compileCommands({ field: 'ffmpeg_command', commands: [command], inputs: {}, outputs: { out_1: 'o.mp4' }, ...source })

  test.each([
    '-framerate 5 -i frames/%03d.png {{out_1}}',
    '-f concat -i list.txt -c copy {{out_1}}',
    "-pattern_type glob -i 'frames/*.png' {{out_1}}",
    '-i a.mp4 -vf subtitles=subs/a.srt:fontsdir=fonts {{out_1}}',
    '-i a.mp4 -vf "drawtext=fontfile=fonts/a.ttf:text=x" {{out_1}}',
  ])('of an unpacked archive: %s', (command) => {
    expect(compile(command, { archive: true })).toMatchObject({ ok: true, command: { archive: 'input_compressed_folder.zip' } })
    expect(compile(command).ok, 'not without an archive').toBe(false)
  })

  test.each([
    '-i ../a.mp4 {{out_1}}',
    '-i a/../../b.mp4 {{out_1}}',
    '-i /etc/passwd {{out_1}}',
    '-i -f {{out_1}}',
    '-i a.mp4 -vf subtitles=subs/../../a.srt {{out_1}}',
    '-i a.mp4 -vf subtitles=a.srt:fontsdir=/usr {{out_1}}',
    '-i concat:/etc/passwd {{out_1}}',
    '-pattern_type glob -i {..,x}/a.png {{out_1}}',
    '-pattern_type glob -i {.,x}{.,y}/a.png {{out_1}}',
    '-i a/%{..,x}/a.png {{out_1}}',
    '-i */../a.png {{out_1}}',
    '-i http:a.mp4 {{out_1}}',
    '-i playlist.mpd {{out_1}}',
    '-f lavfi -i testsrc sub/o.mp4 -i a.mp4 {{out_1}}',
  ])('an archive opens no way out: %s', (command) => {
    expect(compile(command, { archive: true }).ok).toBe(false)
  })

  test('an output in a folder is refused with the name that it may have', () => {
    const compiled = compile('-f lavfi -i testsrc -hls_segment_filename v%v/%d.ts -f hls v%v/index.m3u8', { outputs: {}, folder: 'id.zip' })
    expect(compiled.ok ? [] : compiled.faults.map(({ msg }) => msg)).toEqual([
      expect.stringContaining('as in `v%v_%d.ts`'),
      expect.stringContaining('as in `v%v_index.m3u8`'),
    ])
  })

  test('with a folder as output, bare names are written; nothing else is', () => {
    const folder = { outputs: {}, folder: 'id.zip' }
    expect(compile('-f lavfi -i testsrc=d=1 f_%03d.png', folder)).toMatchObject({
      ok: true,
      command: { outputs: {}, bundles: { output_folder: { kind: 'folder', filename: 'id.zip' } } },
    })
    for (const output of ['../f.png', '/tmp/f.png', 'sub/f.png', 'http://x/f.png', '-'])
      expect(compile(`-f lavfi -i testsrc=d=1 ${output}`, folder).ok, output).toBe(false)
  })

  test('variants of a playlist are written by bare names', () => {
    const outputs = { out_playlist_1: 'master.m3u8' }
    expect(compile('-f lavfi -i testsrc -f hls -master_pl_name {{out_playlist_1}} s_%v.m3u8', { outputs }).ok).toBe(true)
  })
})

describe('a manifest is stored with its files under any alias', () => {
  const bundled = (command: string, name: string, more: Record<string, string> = {}) => {
    const outputs = { out_1: name, ...more }
    const result = compileCommands({ field: 'ffmpeg_command', commands: [command], inputs: {}, outputs })
    if (!result.ok) throw new Error(JSON.stringify(result.faults))
    return result.command.bundles?.out_1?.kind
  }

  test.each([
    ['-f lavfi -i testsrc -hls_time 1 {{out_1}}', 'index.m3u8'],
    ['-f lavfi -i testsrc -f HLS -hls_flags single_file ./{{out_1}}', 'INDEX.M3U8'],
    ['-f lavfi -i testsrc {{out_1}}', 'a.mpd'],
    ['-f lavfi -i testsrc -f dash {{out_1}}', 'a.mpd'],
    ['-f lavfi -i testsrc -f segment -segment_list {{out_1}} seg_%03d.ts', 'list.m3u8'],
    ['-f lavfi -i testsrc -f hls -master_pl_name {{out_1}} s_%v.m3u8', 'master.m3u8'],
    ['-f lavfi -i testsrc -map 0 -f tee "b.mp4|[f=HLS:hls_time=1]{{out_1}}"', 'index.m3u8'],
    ['-f lavfi -i testsrc -map 0 -f tee "b.mp4|{{out_1}}"', 'a.mpd'],
  ])('%s to %s', (command, name) => {
    expect(bundled(command, name)).toBe('playlist')
  })

  test.each([
    ['-f lavfi -i testsrc -f mpegts {{out_1}}', 'a.m3u8'],
    ['-f lavfi -i testsrc -vf metadata=print:file={{out_1}} -f null -', 'a.m3u8'],
  ])('but not what only has its name: %s to %s', (command, name) => {
    expect(bundled(command, name)).toBeUndefined()
  })

  test.each([
    ['-f lavfi -i testsrc -f hls {{out_1}}', 'a.txt', '.m3u8'],
    ['-f lavfi -i testsrc -f HLS {{out_1}}', 'a.m3u', '.m3u8'],
    ['-f lavfi -i testsrc -f dash {{out_1}}', 'a.xml', '.mpd'],
    ['-f lavfi -i testsrc -map 0 -f tee "[f=hls]{{out_1}}"', 'a.mp4', '.m3u8'],
  ])('a name that would lose its segments is refused: %s to %s', (command, name, extension) => {
    const result = compileCommands({ field: 'ffmpeg_command', commands: [command], inputs: {}, outputs: { out_1: name } })
    expect(result).toMatchObject({ ok: false, faults: [{ msg: expect.stringContaining(`end its name in \`${extension}\``) }] })
  })
})

test.each([
  ['streams', 6],
  ['commands', 4],
])('every submit that the guide to %s shows in a list is one', async (name, count) => {
  const guide = await readFile(new URL(`../../../src/docs/guides/${name}.md`, import.meta.url), 'utf8')
  const [, block = ''] = /^```jsonc\n(.*?)^```$/ms.exec(guide) ?? []
  const submits = block.split('\n\n').map((text) => submitSchema.parse(JSON.parse(text.replace(/^\/\/.*$/gm, ''))))
  expect(submits).toHaveLength(count)
  for (const { ffmpeg_command, input_files, output_files, input_compressed_folder } of submits) {
    const isFolder = output_files === OUTPUT_FOLDER
    const compilation = compileCommands({
      field: 'ffmpeg_command',
      commands: [ffmpeg_command],
      inputs: input_files,
      outputs: isFolder ? {} : output_files,
      ...(isFolder && { folder: 'id.zip' }),
      archive: input_compressed_folder !== undefined,
    })
    expect(compilation, ffmpeg_command).toMatchObject({ ok: true })
  }
})
