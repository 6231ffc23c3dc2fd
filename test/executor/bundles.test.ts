/** Outputs of many files: folders and sequences as a zip, playlists with all that belongs to them. */
import { execFile } from 'node:child_process'
import { mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type JobState, outputListSchema, type RunRequest } from '../../src/executor/protocol.ts'
import type { Bundle } from '../../src/ffmpeg/bundle.ts'
import { needs } from '../machine/needs.ts'
import { type ExecutorProcess, startExecutor } from '../support/executor-process.ts'
import { storedFiles, zipArchive } from '../support/zip-archive.ts'
import { JobClient, LIMITS, refusal, testSource } from './job-client.ts'

let executor: ExecutorProcess

beforeAll(async () => {
  executor = await startExecutor()
})
afterAll(() => executor.stop())

const FOLDER: Bundle = { kind: 'folder', filename: 'all.zip' }
const FRAMES: Bundle = { kind: 'sequence', filename: 'out_frames.zip', pattern: 'frame_%03d.png' }
const playlist = (filename: string): Bundle => ({ kind: 'playlist', filename })

async function run(bundle: Bundle, commands: string[][], request: Partial<RunRequest> = {}): Promise<{ job: JobClient; state: JobState }> {
  const job = new JobClient(executor)
  return { job, state: await job.ended({ commands, bundles: { out: bundle }, ...request }) }
}

async function zipOf(job: JobClient): Promise<Map<string, Uint8Array>> {
  return storedFiles(new Uint8Array(await (await job.output('out')).arrayBuffer()))
}

async function listOf(job: JobClient, alias = 'out'): Promise<string[]> {
  const { files } = outputListSchema.parse(await (await job.output(`${alias}/files`)).json())
  return files.map(({ name }) => name).sort()
}

describe('a folder', () => {
  test('holds what the commands made, and neither inputs nor what was unpacked', async () => {
    const job = new JobClient(executor)
    await job.put('in_1.wav', 'x')
    await job.put('archive.zip', zipArchive([{ name: 'font.ttf', content: 'f' }, { name: 'sub/a.txt' }]))
    const commands = [
      [...testSource(0.2), 'first.mp4'],
      ['-i', 'first.mp4', '-frames:v', '1', '-update', '1', 'last.png'],
    ]
    const state = await job.ended({ commands, inputs: { in_1: 'in_1.wav' }, archive: 'archive.zip', bundles: { out: FOLDER } })
    const files = await zipOf(job)
    expect([...files.keys()]).toEqual(['first.mp4', 'last.png'])
    expect(
      Buffer.from(files.get('last.png') ?? [])
        .subarray(1, 4)
        .toString(),
    ).toBe('PNG')
    const content = [...files.values()].reduce((sum, { length }) => sum + length, 0)
    expect(state).toMatchObject({
      state: 'SUCCEEDED',
      outputs: {
        out: {
          filename: 'all.zip',
          bundle: { kind: 'zip', file_count: 2, content_bytes: content },
          media: { mime_type: 'application/zip', file_format: 'zip' },
        },
      },
    })
  })

  test('holds a file of the archive that a command has written anew', async () => {
    const job = new JobClient(executor)
    await job.put('archive.zip', zipArchive([{ name: 'old.wav', content: 'f' }, { name: 'kept.wav' }]))
    const { uid } = { uid: process.getuid?.() }
    const state = await job.ended({
      commands: [['-f', 'lavfi', '-i', 'sine=d=0.1', 'old.wav', 'new.wav']],
      archive: 'archive.zip',
      bundles: { out: FOLDER },
    })
    // Where FFmpeg is another user, what was unpacked is not its to write.
    if (state.state === 'FAILED' && uid === 0) return
    expect([...(await zipOf(job)).keys()]).toEqual(['new.wav', 'old.wav'])
  })

  test('is fetched in parts too, with its length', async () => {
    const { job } = await run(FOLDER, [[...testSource(0.2), 'a.mp4']])
    const whole = new Uint8Array(await (await job.output('out')).arrayBuffer())
    const part = await job.output('out', { headers: { range: 'bytes=2-5' } })
    expect([part.status, part.headers.get('content-range')]).toEqual([206, `bytes 2-5/${whole.length}`])
    expect(new Uint8Array(await part.arrayBuffer())).toEqual(whole.slice(2, 6))
  })

  test('is a zip that another program takes', needs('python'), async () => {
    const { job } = await run(FOLDER, [[...testSource(0.3), 'f_%d.png']])
    const folder = await mkdtemp(join(tmpdir(), 'renderio-zip-'))
    await writeFile(join(folder, 'a.zip'), new Uint8Array(await (await job.output('out')).arrayBuffer()))
    const { stdout } = await promisify(execFile)('python3', ['-m', 'zipfile', '-t', join(folder, 'a.zip')])
    await rm(folder, { recursive: true })
    expect(stdout).toContain('Done testing')
  })

  test('with nothing in it is OUTPUT_MISSING', async () => {
    const { state } = await run(FOLDER, [[...testSource(0.1), '-f', 'null', '-']])
    expect(state).toMatchObject({ error: { code: 'OUTPUT_MISSING', message: expect.stringContaining('no files') } })
  })

  test('that does not fit beside its zip is OUTPUT_TOO_LARGE', async () => {
    const raw = [...testSource(1), '-c:v', 'rawvideo', 'a.avi']
    const { state } = await run(FOLDER, [raw], { limits: { ...LIMITS, disk_bytes: 500_000 } })
    expect(state).toMatchObject({ error: { code: 'OUTPUT_TOO_LARGE' } })
  })
})

describe('a sequence', () => {
  test('is every numbered file, and no other', async () => {
    const { job, state } = await run(FRAMES, [
      [...testSource(0.5), 'frame_%03d.png'],
      ['-i', 'frame_001.png', 'frame_x.png'],
    ])
    expect(state).toMatchObject({ outputs: { out: { filename: 'out_frames.zip', bundle: { file_count: 5 } } } })
    expect([...(await zipOf(job)).keys()]).toEqual([1, 2, 3, 4, 5].map((n) => `frame_00${n}.png`))
  })

  test('of which there is no file is OUTPUT_MISSING, and says what there is', async () => {
    const { state } = await run(FRAMES, [[...testSource(0.1), 'other_%d.png']])
    expect(state).toMatchObject({ error: { code: 'OUTPUT_MISSING', message: expect.stringMatching(/frame_%03d\.png.*other_1\.png/) } })
  })
})

const HLS = [...testSource(3), '-c:v', 'libx264', '-preset', 'ultrafast', '-g', '10', '-f', 'hls', '-hls_time', '1', '-hls_list_size', '0']

describe('a playlist', () => {
  test('is its manifest and segments, each of which is fetched by its name', needs('ffmpeg5'), async () => {
    const { job, state } = await run(playlist('out.m3u8'), [
      [...HLS, '-hls_segment_filename', 'seg_%03d.ts', 'out.m3u8'],
      [...testSource(0.1), 'other.ts'],
    ])
    expect(await listOf(job)).toEqual(['out.m3u8', 'seg_000.ts', 'seg_001.ts', 'seg_002.ts'])
    expect(state).toMatchObject({
      outputs: {
        out: {
          filename: 'out.m3u8',
          bundle: { kind: 'playlist', file_count: 4 },
          media: {
            duration: 3,
            file_type: 'video',
            file_format: 'hls',
            codec: 'h264',
            width: 160,
            mime_type: 'application/vnd.apple.mpegurl',
          },
        },
      },
    })
    expect(await (await job.output('out/files/out.m3u8')).text()).toContain('#EXT-X-ENDLIST')
    const segment = await job.output('out/files/seg_001.ts', { headers: { range: 'bytes=0-0' } })
    expect([segment.status, new Uint8Array(await segment.arrayBuffer())]).toEqual([206, new Uint8Array([0x47])])
  })

  test('of fragmented MP4 has its init segment', async () => {
    const { job, state } = await run(playlist('out.m3u8'), [[...HLS, '-hls_segment_type', 'fmp4', 'out.m3u8']])
    expect(await listOf(job)).toEqual(['init.mp4', 'out.m3u8', 'out0.m4s', 'out1.m4s', 'out2.m4s'])
    expect(state).toMatchObject({ outputs: { out: { media: { duration: 3, codec: 'h264', width: 160 } } } })
  })

  test('that is encrypted has its key, and facts', needs('ffmpeg5'), async () => {
    const key = ['-hls_enc', '1', '-hls_enc_key', '0123456789abcdef0123456789abcdef']
    const { job, state } = await run(playlist('out.m3u8'), [[...HLS, ...key, 'out.m3u8']])
    expect(await listOf(job)).toContain('out.m3u8.key')
    expect(state).toMatchObject({
      outputs: { out: { media: { duration: 3, file_type: 'video', codec: 'h264', width: 160, file_format: 'hls' } } },
    })
    const elsewhere = await run(playlist('out.m3u8'), [[...HLS, ...key, '-hls_enc_key_url', 'elsewhere.bin', 'out.m3u8']])
    expect(elsewhere.state).toMatchObject({ state: 'SUCCEEDED' })
  })

  test('with variants has the playlist and segments of each', needs('ffmpeg5'), async () => {
    const variants = ['-map', '0:v', '-map', '0:v', '-b:v:0', '100k', '-b:v:1', '50k', '-var_stream_map', 'v:0,name:hi v:1,name:lo']
    const { job, state } = await run(playlist('master.m3u8'), [[...HLS, ...variants, '-master_pl_name', 'master.m3u8', 'v_%v.m3u8']])
    expect(await listOf(job)).toEqual(
      ['master.m3u8', ...['hi', 'lo'].flatMap((name) => [`v_${name}.m3u8`, ...[0, 1, 2].map((n) => `v_${name}${n}.ts`)])].sort(),
    )
    expect(state).toMatchObject({ outputs: { out: { media: { duration: 3 }, bundle: { file_count: 9 } } } })
  })

  test('of DASH has what its templates name', needs('ffmpeg5'), async () => {
    const dash = [
      ...testSource(3),
      '-f',
      'lavfi',
      '-i',
      'sine=d=3',
      '-c:v',
      'libx264',
      '-preset',
      'ultrafast',
      '-g',
      '10',
      '-c:a',
      'aac',
      '-f',
      'dash',
      '-seg_duration',
      '1',
    ]
    const { job, state } = await run(playlist('out.mpd'), [
      [...dash, 'out.mpd'],
      [...testSource(0.1), 'other.mp4'],
    ])
    const files = await listOf(job)
    expect(files).toEqual(
      expect.arrayContaining(['out.mpd', 'init-stream0.m4s', 'init-stream1.m4s', 'chunk-stream0-00001.m4s', 'chunk-stream1-00003.m4s']),
    )
    expect(files).not.toContain('other.mp4')
    expect(state).toMatchObject({
      outputs: { out: { media: { duration: 3, file_format: 'dash', codec: 'h264', mime_type: 'application/dash+xml' } } },
    })
  })

  test('of DASH as single files has those', async () => {
    const { job } = await run(playlist('out.mpd'), [[...testSource(2), '-c:v', 'libx264', '-f', 'dash', '-single_file', '1', 'out.mpd']])
    expect(await listOf(job)).toEqual(['out-stream0.mp4', 'out.mpd'])
  })

  test('that was not written, or lacks a segment, is OUTPUT_MISSING', async () => {
    expect((await run(playlist('out.m3u8'), [[...testSource(0.1), 'other.ts']])).state).toMatchObject({ error: { code: 'OUTPUT_MISSING' } })
    const base = ['-hls_base_url', 'lost_', '-hls_segment_filename', 'seg_%03d.ts']
    const { state } = await run(playlist('out.m3u8'), [[...HLS, ...base, 'out.m3u8']])
    expect(state).toMatchObject({ error: { code: 'OUTPUT_MISSING', message: expect.stringContaining('lost_seg_000.ts') } })
  })

  test.each([
    [['-hls_base_url', 'https://cdn.example.com/a/']],
    [['-hls_base_url', 'segments/']],
    [['-hls_base_url', 'https://cdn.example.com/?file=']],
  ])('that names its segments as those of another place has them all the same: %j', needs('ffmpeg5'), async (base) => {
    const { job, state } = await run(playlist('out.m3u8'), [[...HLS, ...base, 'out.m3u8']])
    expect(await listOf(job)).toEqual(['out.m3u8', 'out0.ts', 'out1.ts', 'out2.ts'])
    expect(state).toMatchObject({ outputs: { out: { media: { duration: 3, width: 160 } } } })
    // As FFmpeg wrote it, for whoever brings the segments there.
    expect(await (await job.output('out')).text()).toContain(`${base[1]}out0.ts`)
  })

  test('of the segment muxer has its files, under whatever prefix it names them', needs('ffmpeg5'), async () => {
    const segment = [...testSource(3), '-c:v', 'libx264', '-g', '10', '-f', 'segment', '-segment_time', '1', '-segment_list', 'out.m3u8']
    const { job } = await run(playlist('out.m3u8'), [[...segment, '-segment_list_entry_prefix', 'https://cdn.example.com/', 'part%d.ts']])
    expect(await listOf(job)).toEqual(['out.m3u8', 'part0.ts', 'part1.ts', 'part2.ts'])
  })

  test('that was written by tee has its files, under whatever prefix it names them', needs('ffmpeg5'), async () => {
    const encode = [...testSource(2), '-c:v', 'libx264', '-g', '10', '-flags', '+global_header', '-map', '0', '-f', 'tee']
    const { job } = await run(playlist('out.m3u8'), [
      [...encode, '[f=hls:hls_time=1:hls_base_url=https\\\\://cdn.example.com/]out.m3u8|a.mp4'],
    ])
    expect(await listOf(job)).toEqual(['out.m3u8', 'out0.ts', 'out1.ts'])
  })

  test('has the master playlist that is written beside it', needs('ffmpeg5'), async () => {
    const { job } = await run(playlist('out.m3u8'), [[...HLS, '-master_pl_name', 'master.m3u8', 'out.m3u8']])
    expect(await listOf(job)).toEqual(['master.m3u8', 'out.m3u8', 'out0.ts', 'out1.ts', 'out2.ts'])
  })

  test('of DASH has the HLS playlists that are written beside it', needs('ffmpeg5'), async () => {
    const dash = [...testSource(2), '-c:v', 'libx264', '-g', '10', '-f', 'dash', '-seg_duration', '1', '-hls_playlist', '1']
    const { job } = await run(playlist('out.mpd'), [[...dash, 'out.mpd']])
    expect(await listOf(job)).toEqual(expect.arrayContaining(['master.m3u8', 'media_0.m3u8', 'out.mpd', 'init-stream0.m4s']))
  })

  test('gives away no other file of the job', async () => {
    const { job } = await run(playlist('out.m3u8'), [
      [...HLS, 'out.m3u8'],
      [...testSource(0.1), 'secret.ts'],
    ])
    for (const name of ['secret.ts', '..%2fffmpeg.log', '%2fetc%2fpasswd', '.', 'constructor'])
      expect((await job.output(`out/files/${name}`)).status, name).toBe(404)
    expect(await refusal(job.output('none/files'))).toEqual([404, 'FILE_NOT_FOUND'])
  })

  test('has no links, even in the place of a segment', async () => {
    const { job } = await run(playlist('out.m3u8'), [[...HLS, 'out.m3u8']])
    const folder = (await job.folder()) ?? ''
    await rm(join(folder, 'out0.ts'))
    await symlink('/etc/passwd', join(folder, 'out0.ts'))
    expect(await refusal(job.output('out/files/out0.ts'))).toEqual([404, 'FILE_NOT_FOUND'])
  })
})

/** A manifest of the command's own making, by way of the archive. */
async function hostile(
  text: string,
  extra: { name: string; content?: string }[] = [],
  name = 'evil.m3u8',
): Promise<{ job: JobClient; state: JobState }> {
  const job = new JobClient(executor)
  await job.put('archive.zip', zipArchive([{ name: 'src.bin', content: text }, ...extra]))
  const copy = ['-f', 'data', '-i', 'src.bin', '-map', '0', '-c', 'copy', '-f', 'data', name]
  return { job, state: await job.ended({ commands: [copy], archive: 'archive.zip', bundles: { out: playlist(name) } }) }
}

describe('a hostile manifest', () => {
  const uris = ['../ffmpeg.log', '/etc/passwd', 'file:///etc/passwd', '%2e%2e/ffmpeg.log', 'sub/a.ts', 'http://127.0.0.1/x']
  const numbered = uris.map((uri, n) => ({ uri, n }))
  let job: JobClient

  beforeAll(async () => {
    job = new JobClient(executor)
    const manifests = numbered.map(({ uri, n }) => ({
      name: `${n}.bin`,
      content: `#EXTM3U\n#EXTINF:1,\n${uri}\n#EXT-X-MAP:URI="${uri}"\n`,
    }))
    await job.put('archive.zip', zipArchive([...manifests, { name: 'sub/a.ts', content: 'x' }]))
    const inputs = numbered.flatMap(({ n }) => ['-f', 'data', '-i', `${n}.bin`])
    const outputs = numbered.flatMap(({ n }) => ['-map', `${n}`, '-c', 'copy', '-f', 'data', `evil_${n}.m3u8`])
    const bundles = Object.fromEntries(numbered.map(({ n }) => [`out_${n}`, playlist(`evil_${n}.m3u8`)]))
    expect(await job.ended({ commands: [[...inputs, ...outputs]], archive: 'archive.zip', bundles })).toMatchObject({ state: 'SUCCEEDED' })
  })

  test.each(numbered)('gets nothing by $uri', async ({ n }) => {
    expect(await listOf(job, `out_${n}`)).toEqual([`evil_${n}.m3u8`])
  })

  test('that refers to itself in a circle is read once', async () => {
    const { job, state } = await hostile('#EXTM3U\nevil.m3u8\nb.m3u8\n', [{ name: 'b.m3u8', content: 'evil.m3u8\nb.m3u8\n' }])
    expect(state).toMatchObject({ state: 'SUCCEEDED' })
    expect(await listOf(job)).toEqual(['b.m3u8', 'evil.m3u8'])
  })

  test('that is too large is OUTPUT_TOO_LARGE', async () => {
    expect((await hostile(`#EXTM3U\n${'x'.repeat(9 * 1024 ** 2)}`)).state).toMatchObject({ error: { code: 'OUTPUT_TOO_LARGE' } })
  })

  test('in DASH takes no more than what lies beside it', async () => {
    const { job } = await hostile(
      '<MPD><SegmentTemplate media="$Number$"/><BaseURL>../ffmpeg.log</BaseURL></MPD>',
      [{ name: 'sub/a.ts' }],
      'evil.mpd',
    )
    expect((await listOf(job)).every((name) => !name.includes('/'))).toBe(true)
  })

  test('leaves nothing behind', async () => {
    const { job } = await hostile('#EXTM3U\n')
    await job.remove()
    expect((await readdir(join(executor.jobsDir, `${executor.pid}`))).filter((name) => name.startsWith(job.name))).toEqual([])
  })
})
