/** Texts that a command reads and that name further files, or hold a graph: judged, and written anew, before FFmpeg reads them. */
import { execFile } from 'node:child_process'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { JobState } from '../../src/executor/protocol.ts'
import { type CommandSource, compileCommands } from '../../src/ffmpeg/command.ts'
import { guardInputs } from '../../src/ffmpeg/guards.ts'
import { FFMPEG } from '../machine/ffmpeg.ts'
import { needs } from '../machine/needs.ts'
import { type ExecutorProcess, startExecutor } from '../support/executor-process.ts'
import { storedFiles, type ZipEntry, zipArchive } from '../support/zip-archive.ts'
import { JobClient } from './job-client.ts'

let executor: ExecutorProcess
let folder: string
/** Two seconds of picture and sound. */
let clip: Buffer
/** What FFmpeg makes of the clip as HLS: an encrypted stream of two segments, and one of MP4 fragments. */
const streams: Record<'plain' | 'encrypted' | 'fragments' | 'variants', ZipEntry[]> = {
  plain: [],
  encrypted: [],
  fragments: [],
  variants: [],
}

beforeAll(async () => {
  executor = await startExecutor()
  folder = await mkdtemp(join(tmpdir(), 'renderio-test-'))
  const source = [
    '-f',
    'lavfi',
    '-i',
    'testsrc2=d=2:s=64x64:r=10',
    '-f',
    'lavfi',
    '-i',
    'sine=d=2',
    '-c:v',
    'libx264',
    '-g',
    '10',
    '-c:a',
    'aac',
  ]
  await ffmpeg([...source, 'clip.mp4'], folder)
  clip = await readFile(join(folder, 'clip.mp4'))
  const hls = ['-i', '../clip.mp4', '-c', 'copy', '-hls_time', '1', '-hls_list_size', '0']
  streams.plain = await filesOf('plain', [...hls, 'index.m3u8'])
  streams.encrypted = await filesOf('encrypted', [...hls, '-hls_enc', '1', '-hls_enc_key', '0123456789abcdef', 'index.m3u8'])
  streams.fragments = await filesOf('fragments', [...hls, '-hls_segment_type', 'fmp4', 'index.m3u8'])
  const variants = ['-map', '0', '-map', '0', '-var_stream_map', 'v:0,a:0 v:1,a:1', '-master_pl_name', 'index.m3u8', '-f', 'hls']
  streams.variants = await filesOf('variants', [...hls, ...variants, 'v%v.m3u8'])
})
afterAll(async () => {
  await executor.stop()
  await rm(folder, { recursive: true, force: true })
})

async function ffmpeg(argv: string[], cwd: string): Promise<void> {
  await promisify(execFile)(FFMPEG, ['-nostdin', '-v', 'error', '-y', ...argv], { cwd })
}

async function filesOf(name: string, argv: string[]): Promise<ZipEntry[]> {
  const path = await mkdtemp(join(folder, `${name}-`))
  await ffmpeg(argv, path)
  return Promise.all((await readdir(path)).map(async (file) => ({ name: file, content: await readFile(join(path, file)) })))
}

interface Submit {
  commands: string[]
  /** Alias → last part of its URL, and content. */
  inputs?: Record<string, readonly [filename: string, content: string | Buffer]>
  outputs?: Record<string, string>
  archive?: ZipEntry[]
  /** Name of the zip of all that the commands make. */
  zip?: string
}

/** As the service runs it. */
async function run({
  commands,
  inputs = {},
  zip,
  outputs = zip === undefined ? { out_1: 'out.mp4' } : {},
  archive,
}: Submit): Promise<{ job: JobClient; state: JobState }> {
  const urls = Object.fromEntries(Object.entries(inputs).map(([alias, [filename]]) => [alias, `https://a.example/media/${filename}`]))
  const source: CommandSource = {
    field: commands.length === 1 ? 'ffmpeg_command' : 'ffmpeg_commands',
    ...{ commands, inputs: urls, outputs, archive: archive !== undefined },
    ...(zip !== undefined && { folder: zip }),
  }
  const compiled = compileCommands(source)
  if (!compiled.ok) throw new Error(compiled.faults.map(({ msg }) => msg).join('\n'))
  const job = new JobClient(executor)
  for (const [alias, [, content]] of Object.entries(inputs))
    await job.put(compiled.command.inputs[alias] ?? alias, new Uint8Array(Buffer.from(content)))
  if (archive !== undefined) await job.put(compiled.command.archive ?? '', zipArchive(archive))
  const { argvs, ...request } = compiled.command
  return { job, state: await job.ended({ ...request, sources: urls, commands: argvs.map(guardInputs) }) }
}

const concat = (options: string, list: string) => `-f concat ${options} -i ${list} -c copy {{out_1}}`

describe('a concat list', () => {
  const names = ['c1.mp4', 'my clip.mp4', 'part(1).mp4', "it's.mp4", 'ünï[1].mp4', '100%.mp4', 'a#b.mp4', 'sub folder/[x]/c.mp4']
  const listed = names.map((name) => `file './${name.replaceAll("'", "'\\''")}'`).join('\n')

  test.each(['', '-safe 0', '-safe 1'])('runs harmless names of an archive with "%s"', async (options) => {
    const archive = [...names.map((name) => ({ name, content: clip })), { name: 'list.txt', content: listed }]
    const { state } = await run({ commands: [concat(options, 'list.txt')], archive })
    expect(state).toMatchObject({ state: 'SUCCEEDED', outputs: { out_1: { media: { duration: expect.closeTo(16, 0) } } } })
  })

  const inputs = { in_a: ['a%20clip.mp4', ''], in_b: ['b.mp4', ''] } as const
  test.each([
    ["file 'in_a.mp4'", "file 'in_b.mp4'"],
    ['file in_a', 'file in_b'],
    ["file '{{in_a}}'", "file '<<in_b>>'"],
    ["file 'a clip.mp4'", 'file b.mp4'],
    ["file 'https://a.example/media/a%20clip.mp4?x=1'", "file 'https://a.example/media/b.mp4'"],
  ])('names declared inputs as %s', async (first, second) => {
    const content = `\uFEFFffconcat version 1.0\r\n# both\r\n${first}\r\nduration 2\r\n${second}`
    const clips = { in_a: [inputs.in_a[0], clip], in_b: [inputs.in_b[0], clip] } as const
    const { state } = await run({ commands: [concat('-safe 0', '{{in_l}}')], inputs: { in_l: ['l.txt', content], ...clips } })
    expect(state).toMatchObject({ state: 'SUCCEEDED', outputs: { out_1: { media: { duration: expect.closeTo(4, 0) } } } })
  })

  test('that names one of two inputs by what both are called says so', async () => {
    const same = { in_a: ['b.mp4', clip], in_b: ['b.mp4', clip] } as const
    const { state } = await run({ commands: [concat('', '{{in_l}}')], inputs: { in_l: ['l.txt', 'file b.mp4'], ...same } })
    expect(state).toMatchObject({ error: { message: expect.stringContaining('line 1: the URLs of several inputs end in `b.mp4`') } })
  })

  test('may be written by an earlier command, and name what another one has written', needs('ffmpeg5'), async () => {
    const commands = [
      '-i {{in_v}} -c copy middle.mp4',
      '-f lavfi -i color=d=1 -vf "metadata=add:key=lavfi.x:value=1,metadata=print:file=list.txt" -f null -',
      concat('', 'list.txt'),
    ]
    const { state } = await run({ commands, inputs: { in_v: ['v.mp4', clip] } })
    expect(state).toMatchObject({
      error: { step: 2, message: expect.stringMatching(/command 3 of 3: list\.txt, line 1: `frame:0` is not a directive/) },
    })
  })

  test.each([
    ["file '/etc/passwd'", 'an absolute path'],
    ["file '../x.mp4'", '`..` leads out'],
    ["file 'https://b.example/a.mp4'", 'declare the file in input_files'],
    ["file 'file:///etc/passwd'", 'only a URL that input_files declares'],
    ["file 'concat:a.mp4|b.mp4'", 'a protocol may not be named'],
    ["file 'subfile,,start,0,end,0,,:/etc/passwd'", 'a protocol may not be named'],
    ["file 'C:\\clips\\a.mp4'", 'a Windows path'],
    ['file C:\\clips\\a.mp4', 'a Windows path'],
    ['file x.mp4', "which is not in the job's folder; the files there are: c1.mp4, list.txt"],
    ["file '{{in_x}}'", '{{in_x}} is not declared'],
    ["file 'c1.mp4'\noption protocol_whitelist file,http", '`option` may not be used'],
    ["file 'c1.mp4'\nc2.mp4", '`c2.mp4` is not a directive'],
    ["file 'c1.mp4'\nduration soon", '`duration` needs a time'],
  ])('that says %s is refused with its line', async (text, reason) => {
    const archive = [
      { name: 'c1.mp4', content: clip },
      { name: 'list.txt', content: `# my list\n${text}\n` },
    ]
    const { state } = await run({ commands: [concat('-safe 0', 'list.txt')], archive })
    const line = text.split('\n').length + 1
    expect(state).toMatchObject({ error: { code: 'FFMPEG_ERROR', message: expect.stringContaining(reason) } })
    expect(state).toMatchObject({ error: { message: expect.stringContaining(`list.txt, line ${line}`) } })
  })

  test.each([
    ['UTF-16', Buffer.from("\uFEFFfile 'c1.mp4'\n", 'utf16le')],
    ['text with a NUL', Buffer.from("file 'c1.mp4'\0\n")],
    ['Latin-1', Buffer.from("file 'ü.mp4'\n", 'latin1')],
    ['more than 1 MB', Buffer.alloc(1024 ** 2 + 1, '#')],
  ])('that is %s is refused', async (_what, content) => {
    const { state } = await run({ commands: [concat('', 'list.txt')], archive: [{ name: 'list.txt', content }] })
    expect(state).toMatchObject({
      error: { code: 'FFMPEG_ERROR', message: expect.stringMatching(/^list\.txt (is not text in UTF-8|has 1048577 bytes)/) },
    })
  })

  test('cannot be written over by the command that reads it', async () => {
    const archive = [
      { name: 'c1.mp4', content: clip },
      { name: 'list.ffconcat', content: 'file c1.mp4\n' },
    ]
    const { state } = await run({ commands: ['-i list.ffconcat -c copy {{out_1}} -f ffmetadata list.ffconcat'], archive })
    expect(state.state).toBe('SUCCEEDED')
  })
})

describe('an HLS playlist of an archive', needs('ffmpeg5'), () => {
  test.each(['plain', 'encrypted', 'fragments', 'variants'] as const)('plays: %s', async (kind) => {
    const archive = streams[kind]
    const { state } = await run({ commands: ['-i index.m3u8 -c copy -bsf:a aac_adtstoasc {{out_1}}'], archive })
    expect(state).toMatchObject({ state: 'SUCCEEDED', outputs: { out_1: { media: { duration: expect.closeTo(2, 0) } } } })
  })

  test('may be one that an earlier command has written', async () => {
    const commands = ['-i {{in_v}} -c copy -hls_time 1 -hls_list_size 0 middle.m3u8', '-i middle.m3u8 -c copy {{out_1}}']
    const { state } = await run({ commands, inputs: { in_v: ['v.mp4', clip] } })
    expect(state).toMatchObject({ state: 'SUCCEEDED', outputs: { out_1: { media: { duration: expect.closeTo(2, 0) } } } })
  })

  test('plays from a folder, without its end, and with names that are escaped', async () => {
    const archive = streams.plain.map(({ name, content = '' }) => {
      if (name !== 'index.m3u8') return { name: `my show/seg ments/${name}`, content }
      const text = Buffer.from(content).toString().replace('#EXT-X-ENDLIST', '')
      return { name: 'my show/index.m3u8', content: text.replace(/^index/gm, 'seg%20ments/index') }
    })
    const { state } = await run({ commands: ['-f hls -i "my show/index.m3u8" -c copy {{out_1}}'], archive })
    expect(state).toMatchObject({ state: 'SUCCEEDED', outputs: { out_1: { media: { duration: expect.closeTo(2, 0) } } } })
  })

  test.each([
    ['#EXTINF:1,\n/etc/passwd', 'line 2', 'an absolute path'],
    ['#EXTINF:1,\nhttps://b.example/a.ts', 'line 2', 'only a URL that input_files declares'],
    ['#EXT-X-MAP:URI="file:///etc/passwd"', 'line 1', 'only a URL that input_files declares'],
    ['#EXT-X-KEY:METHOD=AES-128,URI="http://b.example/k"', 'line 1', 'only a URL that input_files declares'],
    ['#EXT-X-KEY:METHOD=AES-128', 'line 1', 'which names its file'],
    ['#EXT-X-MEDIA:TYPE=AUDIO,URI="data:x"', 'line 1', 'a protocol'],
    ['#EXTINF:1,\nlost.ts', 'line 2', 'the files there are: index.m3u8, nested.ts'],
    ['#EXTINF:1,\nnested.ts', 'line 2', 'is a playlist in the place of a segment'],
    ['#EXTINF:soon,\nnested.ts', 'line 1', '`#EXTINF` has no valid value'],
  ])('that says %s is refused', async (text, line, reason) => {
    const nested = '#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n/etc/passwd\n'
    const archive = [
      { name: 'index.m3u8', content: `#EXTM3U\n${text}\n` },
      { name: 'nested.ts', content: nested },
    ]
    const { state } = await run({ commands: ['-i index.m3u8 -c copy {{out_1}}'], archive })
    const { message } = state.state === 'FAILED' ? state.error : { message: '' }
    expect(message).toContain(`index.m3u8, line ${Number(line.slice(5)) + 1}`)
    expect(message).toContain(reason)
  })

  test('that refers to itself in a circle is refused', async () => {
    const content = '#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\nindex.m3u8\n'
    const { state } = await run({ commands: ['-i index.m3u8 -c copy {{out_1}}'], archive: [{ name: 'index.m3u8', content }] })
    expect(state).toMatchObject({ error: { code: 'FFMPEG_ERROR', message: expect.stringContaining('names a playlist in turn') } })
  })
})

describe('a graph in a file', () => {
  const commands = ['-i {{in_v}} -filter_complex_script {{in_g}} -map [v] -an -t 1 {{out_1}}']

  test.each([
    '-i {{in_v}} -filter_complex_script {{in_g}} -map [v] -an -t 1 {{out_1}}',
    '-i {{in_v}} -/filter_complex {{in_g}} -map [v] -an -t 1 {{out_1}}',
  ])('runs in place of one in the command: %s', async (command) => {
    // Longer than an argument may be.
    const graph = `[0:v]scale=32:32,${' '.repeat(131_072)}hflip[v]\n`
    const { state } = await run({ commands: [command], inputs: { in_v: ['v.mp4', clip], in_g: ['g.txt', graph] } })
    expect(state).toMatchObject({ state: 'SUCCEEDED', outputs: { out_1: { media: { width: 32 } } } })
  })

  test.each(['-filter_script:v g/vf.txt', '-/vf g/vf.txt', '-/filter:v g/vf.txt'])('of one stream runs: %s', async (option) => {
    const archive = [{ name: 'g/vf.txt', content: 'scale=32:\n32' }]
    const { state } = await run({ commands: [`-i {{in_v}} ${option} {{out_1}}`], inputs: { in_v: ['v.mp4', clip] }, archive })
    expect(state).toMatchObject({ state: 'SUCCEEDED', outputs: { out_1: { media: { width: 32 } } } })
  })

  test('has its placeholders replaced, and inputs that only it names count as used', async () => {
    const graph = '[0:v]subtitles={{in_s}}[v]'
    const subtitles = '1\n00:00:00,000 --> 00:00:01,000\nHi\n'
    const inputs = { in_v: ['v.mp4', clip], in_g: ['g.txt', graph], in_s: ['s.srt', subtitles] } as const
    expect((await run({ commands, inputs })).state.state).toBe('SUCCEEDED')
  })

  test.each([
    ['[0:v]movie=/etc/passwd[v]', 'the filter `movie`'],
    ['[0:v]null,mo\\vie=x[v]', 'the filter `movie`'],
    ['[0:a]amovie=x[v]', 'the filter `amovie`'],
    ['[0:v]drawtext=textfile=/etc/passwd[v]', 'may not open `/etc/passwd`'],
    ['[0:v]sendcmd=f=/etc/passwd[v]', 'may not open `/etc/passwd`'],
    ['[0:v]drawtext=/text=x[v]', 'may not read `/text`'],
  ])('that says %s is refused like one in the command', async (graph, reason) => {
    const { state } = await run({ commands, inputs: { in_v: ['v.mp4', clip], in_g: ['g.txt', graph] } })
    expect(state).toMatchObject({ error: { code: 'FFMPEG_ERROR', message: expect.stringMatching(/^in_g\.txt: /) } })
    expect(state).toMatchObject({ error: { message: expect.stringContaining(reason) } })
  })

  test('may have its run-time commands in a file too, which are judged', async () => {
    const graph = '[0:v]sendcmd=f={{in_c}},hue[v]'
    const inputs = (text: string) => ({ in_v: ['v.mp4', clip], in_g: ['g.txt', graph], in_c: ['c.txt', text] }) as const
    expect((await run({ commands, inputs: inputs('0.5 hue s 0;\n') })).state.state).toBe('SUCCEEDED')
    const { state } = await run({ commands, inputs: inputs('0.5 drawtext reinit textfile=/etc/passwd;') })
    expect(state).toMatchObject({ error: { message: expect.stringContaining('in_c.txt: `drawtext reinit` may not open') } })
  })
})

test('run-time commands may stand in a file', async () => {
  const inputs = { in_v: ['v.mp4', clip], in_c: ['c.txt', '0.5 hue s 0;\n'] } as const
  for (const graph of ['sendcmd=f={{in_c}},hue', 'null,sendcmd@x=filename={{in_c}} , hue']) {
    const { state } = await run({ commands: [`-i {{in_v}} -vf "${graph}" -an -t 1 {{out_1}}`], inputs })
    expect(state, JSON.stringify(state)).toMatchObject({ state: 'SUCCEEDED' })
  }
})

test('a key info file encrypts a playlist', needs('ffmpeg5'), async () => {
  const archive = [
    { name: 'keys/keyinfo.txt', content: 'enc.key\r\nenc.key\r\n0123456789abcdef0123456789abcdef\r\n' },
    { name: 'keys/enc.key', content: '0123456789abcdef' },
  ]
  const command = '-i {{in_v}} -c copy -hls_key_info_file keys/keyinfo.txt -f hls {{out_playlist_1}}'
  const request = { commands: [command], inputs: { in_v: ['v.mp4', clip] }, outputs: { out_playlist_1: 'index.m3u8' } } as const
  const { job, state } = await run({ ...request, commands: [command], archive })
  expect(state, JSON.stringify(state)).toMatchObject({ state: 'SUCCEEDED' })
  expect(await (await job.output('out_playlist_1')).text()).toContain(
    '#EXT-X-KEY:METHOD=AES-128,URI="enc.key",IV=0x0123456789abcdef0123456789abcdef',
  )
  const hostile = [{ name: 'keys/keyinfo.txt', content: 'enc.key\n/etc/passwd\n' }]
  expect((await run({ ...request, commands: [command], archive: hostile })).state).toMatchObject({
    error: { message: expect.stringMatching(/keyinfo\.txt, line 2 names .*an absolute path/) },
  })
})

describe('tee', needs('ffmpeg5'), () => {
  const encode = '-i {{in_v}} -map 0 -c copy -f tee'
  const withClip = () => ({ in_v: ['v.mp4', clip] }) as const

  test('writes declared outputs, a playlist with all its files among them', async () => {
    const outputs = { out_a: 'a.mp4', out_playlist_b: 'b.m3u8' }
    const command = `${encode} "[f=mp4]{{out_a}}|[f=hls:hls_time=1:hls_list_size=0]{{out_playlist_b}}"`
    const { state } = await run({ commands: [command], inputs: withClip(), outputs })
    expect(state).toMatchObject({
      state: 'SUCCEEDED',
      outputs: { out_a: { media: { duration: 2 } }, out_playlist_b: { bundle: { file_count: 3 } } },
    })
  })

  test('writes bare names into a folder', async () => {
    const { job, state } = await run({ commands: [`${encode} "copy1.mp4|copy2.mkv"`], inputs: withClip(), zip: 'all.zip' })
    expect(state.state).toBe('SUCCEEDED')
    expect([...storedFiles(new Uint8Array(await (await job.output('output_folder')).arrayBuffer())).keys()]).toEqual([
      'copy1.mp4',
      'copy2.mkv',
    ])
  })
})

test('a folder of HLS plays when it is unpacked, and has no text of ours in it', needs('ffmpeg5'), async () => {
  const command = '-f concat -i {{in_l}} -c copy -hls_time 1 -hls_list_size 0 -hls_segment_filename "seg_%03d.ts" index.m3u8'
  const inputs = { in_l: ['l.txt', 'file in_v'], in_v: ['v.mp4', clip] } as const
  const { job, state } = await run({ commands: [command], inputs, zip: 'all.zip' })
  expect(state.state).toBe('SUCCEEDED')
  const files = storedFiles(new Uint8Array(await (await job.output('output_folder')).arrayBuffer()))
  expect([...files.keys()]).toEqual(['index.m3u8', 'seg_000.ts', 'seg_001.ts'])
  const unpacked = await mkdtemp(join(folder, 'unpacked-'))
  for (const [name, content] of files) await writeFile(join(unpacked, name), content)
  await ffmpeg(['-i', 'index.m3u8', '-c', 'copy', 'out.mp4'], unpacked)
})
