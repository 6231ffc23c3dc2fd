import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { describe, expect, test } from 'vitest'
import type { CommandView } from '../../src/api/schemas.ts'
import type { CommandRecord } from '../../src/command/record.ts'
import { storageUrl } from '../../src/files/storage-url.ts'
import { signFileToken } from '../../src/files/token.ts'
import { settingsOf } from '../../src/settings.ts'
import { needs } from '../machine/needs.ts'
import { commandStub, download, faultsOf, ORIGIN, onlyOutput, request, TestAccount, until } from './client.ts'
import { mediaUrl } from './media.ts'

const SOURCE = '-f lavfi -i testsrc=d=3:s=160x120:r=10 -f lavfi -i sine=d=3'
const CODECS = '-c:v libx264 -preset ultrafast -g 10 -c:a aac'
const HLS = {
  output_files: { out_playlist_1: 'index.m3u8' },
  ffmpeg_command: `${SOURCE} ${CODECS} -hls_time 1 -hls_list_size 0 -hls_segment_filename seg_%03d.ts {{out_playlist_1}}`,
}

async function textOf(url: string): Promise<string> {
  const response = await download(url)
  expect(response.status, url).toBe(200)
  return response.text()
}

/** What a player fetches of an HLS playlist: each name that is not a comment, against the playlist's own URL. */
async function hlsUrls(url: string): Promise<string[]> {
  const lines = (await textOf(url)).split('\n').filter((line) => line !== '' && !line.startsWith('#'))
  return lines.map((line) => new URL(line, url).href)
}

async function objectsOf(account: TestAccount): Promise<string[]> {
  const { objects } = await env.FILES.list({ prefix: `${account.name}/` })
  return objects.map(({ key }) => key)
}

/** Lets the retention of an ended command be over. */
async function expire(command: CommandView): Promise<void> {
  const stub = commandStub(command.command_id)
  await until('the command is settled', () => runInDurableObject(stub, async (_, state) => state.storage.kv.get('settled') === true))
  await runInDurableObject(stub, async (_, state) => {
    const record = state.storage.kv.get<CommandRecord>('record')
    if (record?.state.status !== 'SUCCESS') throw new Error('the command has not succeeded')
    state.storage.kv.put('record', { ...record, state: { ...record.state, endedAt: Date.now() - settingsOf(env).fileRetentionMs } })
  })
  await evictDurableObject(stub)
  expect(await runDurableObjectAlarm(stub)).toBe(true)
}

describe('an HLS playlist', () => {
  test('is one under any alias, with the same fields and files', needs('ffmpeg5'), async () => {
    const account = await TestAccount.create()
    const { ffmpeg_command } = HLS
    const [plain, named] = await Promise.all([
      account.succeed({ output_files: { out_1: 'index.m3u8' }, ffmpeg_command: ffmpeg_command.replace('out_playlist_1', 'out_1') }),
      account.succeed(HLS),
    ])
    const [output, expected] = [onlyOutput(plain), onlyOutput(named)]
    expect(Object.keys(output)).toEqual(Object.keys(expected))
    expect(output).toMatchObject({ filename: 'index.m3u8', file_count: 4, duration: 3, file_format: 'hls' })
    const urls = await hlsUrls(output.storage_url)
    expect(urls).toHaveLength(3)
    for (const url of urls) expect((await download(url)).status).toBe(200)
  })

  test('plays as it is: each segment is found beside it, and together they are the whole film', needs('ffmpeg5'), async () => {
    const account = await TestAccount.create()
    const output = onlyOutput(await account.succeed(HLS))
    expect(output).toMatchObject({ filename: 'index.m3u8', file_count: 4, duration: 3, file_type: 'video', width: 160 })
    expect(output).toMatchObject({ file_format: 'hls', codec: 'h264', mime_type: 'application/vnd.apple.mpegurl' })
    const urls = await hlsUrls(output.storage_url)
    expect(urls.map((url) => new URL(url).pathname.split('/').at(-1))).toEqual(['seg_000.ts', 'seg_001.ts', 'seg_002.ts'])
    const parts = await Promise.all(
      urls.map(async (url) => {
        const response = await download(url)
        expect(Object.fromEntries(response.headers)).toMatchObject({ 'content-type': 'video/mp2t', 'access-control-allow-origin': '*' })
        return new Uint8Array(await response.arrayBuffer())
      }),
    )
    const size = parts.reduce((sum, part) => sum + part.length, 0) + (await textOf(output.storage_url)).length
    expect(size / 1_000_000).toBeCloseTo(output.size_mbytes, 9)
    // Segments of a transport stream are one stream when they are put together.
    const joined = await account.succeed({
      input_files: Object.fromEntries(urls.map((url, n) => [`in_${n}`, url])),
      output_files: { out_film: 'film.mp4' },
      ffmpeg_command: `-i concat:${urls.map((_, n) => `{{in_${n}}}`).join('|')} -c copy {{out_film}}`,
    })
    expect(onlyOutput(joined)).toMatchObject({ codec: 'h264', width: 160, frame_rate: 10 })
    expect(onlyOutput(joined).duration).toBeCloseTo(3, 0)
  })

  test('has variants that are found through the master playlist', needs('ffmpeg5'), async () => {
    const account = await TestAccount.create()
    const command = await account.succeed({
      output_files: { out_playlist_master: 'master.m3u8' },
      ffmpeg_command: `${SOURCE} -map 0:v -map 1:a -map 0:v -map 1:a ${CODECS} -b:v:0 200k -b:v:1 50k -hls_time 1 -hls_list_size 0 -var_stream_map "v:0,a:0,name:hi v:1,a:1,name:lo" -master_pl_name {{out_playlist_master}} -f hls stream_%v.m3u8`,
    })
    const variants = await hlsUrls(onlyOutput(command).storage_url)
    expect(variants).toHaveLength(2)
    for (const variant of variants) {
      const segments = await hlsUrls(variant)
      expect(segments).toHaveLength(3)
      for (const segment of segments) expect((await request(segment, { method: 'HEAD' })).status).toBe(200)
    }
    expect(onlyOutput(command)).toMatchObject({ file_count: 9, duration: 3 })
  })

  test('is served to players in pages, in parts too', async () => {
    const output = onlyOutput(await (await TestAccount.create()).succeed(HLS))
    const manifest = await download(output.storage_url, { origin: 'https://player.example.com' })
    expect(Object.fromEntries(manifest.headers)).toMatchObject({
      'content-type': 'application/vnd.apple.mpegurl',
      'access-control-allow-origin': '*',
      'access-control-expose-headers': expect.stringContaining('Content-Range'),
    })
    await manifest.body?.cancel()
    const [segment = ''] = await hlsUrls(output.storage_url)
    const preflight = await request(segment, {
      method: 'OPTIONS',
      headers: { origin: 'https://player.example.com', 'access-control-request-method': 'GET', 'access-control-request-headers': 'range' },
    })
    expect([preflight.status, preflight.headers.get('access-control-allow-origin')]).toEqual([204, '*'])
    expect(preflight.headers.get('access-control-allow-headers')).toContain('Range')
    const part = await download(segment, { range: 'bytes=188-375' })
    expect([part.status, (await part.arrayBuffer()).byteLength]).toEqual([206, 188])
  })

  test('is read by nobody without its link, and its link reads nothing else', async () => {
    const account = await TestAccount.create()
    const [first, second] = await Promise.all([account.succeed(HLS), account.succeed(HLS)])
    const [one, two] = [onlyOutput(first), onlyOutput(second)]
    const token = new URL(one.storage_url).pathname.split('/')[2] ?? ''
    const foreign = await signFileToken({ account: 'another', fileId: one.file_id, expiresAt: 2e9 }, env.URL_SIGNING_SECRET)
    const expired = await signFileToken({ account: account.name, fileId: one.file_id, expiresAt: 1 }, env.URL_SIGNING_SECRET)
    for (const path of [
      `${foreign}/seg_000.ts`,
      `${expired}/seg_000.ts`,
      `${token}/seg_999.ts`,
      `${token}/..%2f${two.file_id}%2fseg_000.ts`,
      `${token}/..%2f..%2f${account.name}%2f${two.file_id}%2fseg_000.ts`,
    ])
      expect((await download(`${ORIGIN}/files/${path}`)).status, path).toBe(404)
    expect((await download(`${ORIGIN}/files/${token}/seg_000.ts`)).status).toBe(200)
  })

  test('is gone with all its files when the retention is over', async () => {
    const account = await TestAccount.create()
    const command = await account.succeed(HLS)
    const [segment = ''] = await hlsUrls(onlyOutput(command).storage_url)
    expect(await objectsOf(account)).toHaveLength(4)
    await expire(command)
    expect(await objectsOf(account)).toEqual([])
    expect((await download(segment)).status).toBe(404)
    expect((await account.poll(command.command_id)).output_files).toMatchObject({ out_playlist_1: { is_deleted: true, storage_url: null } })
  })

  test('of more files than one alarm stores is stored whole, even if its object is lost in the middle', async () => {
    const account = await TestAccount.create()
    const many = '-f lavfi -i testsrc=d=90:s=16x16:r=10 -c:v libx264 -preset ultrafast -g 1 -hls_time 0.2 -hls_list_size 0'
    const id = await account.submit({ output_files: HLS.output_files, ffmpeg_command: `${many} {{out_playlist_1}}` })
    await until('some files are stored', async () => (await objectsOf(account)).length > 20)
    const killed = runInDurableObject(commandStub(id), (_, state) => state.abort('killed by a test'))
    await expect(killed).rejects.toThrow('killed by a test')
    const command = await account.ended(id)
    expect(command.status, command.error_message ?? '').toBe('SUCCESS')
    const output = onlyOutput(command)
    expect(output.file_count).toBe(451)
    const keys = await objectsOf(account)
    expect(keys).toHaveLength(451)
    // The last segment is there, and is what the playlist says.
    const last = (await hlsUrls(output.storage_url)).at(-1) ?? ''
    expect((await download(last)).status).toBe(200)
    await expire(command)
    expect(await objectsOf(account)).toEqual([])
  })

  test('is always the Worker’s to serve, where other files are R2’s', async () => {
    const settings = settingsOf({
      ...{ R2_ACCOUNT_ID: 'acc', R2_ACCESS_KEY_ID: 'id', R2_SECRET_ACCESS_KEY: 'secret', R2_BUCKET: 'bucket' },
      URL_SIGNING_SECRET: 'secret',
    })
    const file = { account: 'a', fileId: 'f', filename: 'o.m3u8' }
    expect(await storageUrl({ ...file, bundle: { kind: 'playlist' } }, ORIGIN, settings)).toMatch(
      /^http:\/\/renderio\.test\/files\/.*\/o\.m3u8$/,
    )
    expect(await storageUrl({ ...file, bundle: { kind: 'zip' } }, ORIGIN, settings)).toMatch(/^https:\/\/acc\.r2\./)
  })
})

test('a DASH manifest is found with its init and media segments', needs('ffmpeg5'), async () => {
  const account = await TestAccount.create()
  const command = await account.succeed({
    output_files: { out_playlist_1: 'manifest.mpd' },
    ffmpeg_command: `${SOURCE} -map 0:v -map 1:a ${CODECS} -f dash -seg_duration 1 {{out_playlist_1}}`,
  })
  const { storage_url, ...output } = onlyOutput(command)
  expect(output).toMatchObject({ mime_type: 'application/dash+xml', file_format: 'dash', duration: 3, codec: 'h264' })
  const manifest = await download(storage_url)
  expect(manifest.headers.get('content-type')).toBe('application/dash+xml')
  expect(await manifest.text()).toContain('$RepresentationID$')
  for (const name of ['init-stream0.m4s', 'init-stream1.m4s', 'chunk-stream0-00001.m4s', 'chunk-stream1-00003.m4s']) {
    const segment = await download(new URL(name, storage_url).href)
    expect([segment.status, segment.headers.get('content-type')], name).toEqual([200, 'video/iso.segment'])
    await segment.body?.cancel()
  }
})

test('OUTPUT_FOLDER is everything the command made, as one zip', async () => {
  const account = await TestAccount.create()
  const command = await account.succeed({
    output_files: 'OUTPUT_FOLDER',
    ffmpeg_command: '-f lavfi -i testsrc=d=0.5:s=32x32:r=10 frame_%03d.png -f lavfi -i sine=d=0.1 tone.wav',
  })
  expect(command.original_request.output_files).toBe('OUTPUT_FOLDER')
  expect(Object.keys(command.output_files)).toEqual(['output_folder'])
  const output = onlyOutput(command)
  expect(output).toMatchObject({ filename: `${command.command_id}.zip`, mime_type: 'application/zip', file_format: 'zip' })
  const response = await download(output.storage_url)
  expect(response.headers.get('content-type')).toBe('application/zip')
  const bytes = await response.arrayBuffer()
  expect(bytes.byteLength / 1_000_000).toBe(output.size_compressed_mbytes)
  expect(output.size_mbytes).toBeLessThan(output.size_compressed_mbytes ?? 0)
  expect(new TextDecoder('latin1').decode(bytes)).toContain('frame_005.png')
})

test('a sequence is one zip, called after its alias', async () => {
  const account = await TestAccount.create()
  const command = await account.succeed({
    output_files: { out_frames: 'frame_%03d.png' },
    ffmpeg_command: '-f lavfi -i testsrc=d=0.5:s=32x32:r=10 {{out_frames}}',
  })
  expect(onlyOutput(command)).toMatchObject({ filename: 'out_frames.zip', file_count: 5, mime_type: 'application/zip' })
})

test('a command that makes nothing of a folder is OUTPUT_MISSING', async () => {
  const account = await TestAccount.create()
  const command = await account.run({ output_files: 'OUTPUT_FOLDER', ffmpeg_command: '-f lavfi -i sine=d=0.1 -f null -' })
  expect(command).toMatchObject({ status: 'FAILED', error_status: 'OUTPUT_MISSING', output_files: {} })
})

test('a concat list may name declared inputs by the end of their URL, and by their alias', async () => {
  const account = await TestAccount.create()
  const command = await account.succeed({
    input_files: {
      in_list: mediaUrl('/inputs.txt'),
      in_a: mediaUrl('/tone.wav'),
      in_b: `${env.MEDIA_URL}/location?${env.MEDIA_URL}/tone.wav`,
    },
    output_files: { out_1: 'all.wav' },
    ffmpeg_command: '-f concat -safe 0 -i {{in_list}} -c copy {{out_1}}',
  })
  expect(onlyOutput(command).duration).toBe(2)
})

describe('input_compressed_folder', () => {
  const album = (url: string) => ({
    input_compressed_folder: url,
    output_files: { out_1: 'all.wav' },
    ffmpeg_command: '-f concat -i list.txt -c copy {{out_1}}',
  })

  test('is unpacked, and its list of files is joined', async () => {
    const account = await TestAccount.create()
    const url = mediaUrl('/album.zip')
    const command = await account.succeed(album(url))
    expect(onlyOutput(command).duration).toBe(2)
    expect(command.original_request).toMatchObject({ input_files: {}, input_compressed_folder: url })
  })

  test('may be a file of ours, and lie beside inputs', async () => {
    const account = await TestAccount.create()
    const made = await account.succeed({ output_files: 'OUTPUT_FOLDER', ffmpeg_command: '-f lavfi -i sine=d=0.2 beep.wav' })
    const command = await account.succeed({
      input_files: { in_1: mediaUrl('/tone.wav') },
      input_compressed_folder: onlyOutput(made).storage_url,
      output_files: { out_1: 'mix.wav' },
      ffmpeg_command: '-i {{in_1}} -i beep.wav -filter_complex concat=n=2:v=0:a=1 {{out_1}}',
    })
    expect(onlyOutput(command).duration).toBeCloseTo(1.2, 3)
  })

  test.each([
    ['that is none', '/tone.wav', 'UNREACHABLE_INPUT_FILE', /not a zip file/],
    ['that climbs out', '/escape.zip', 'UNREACHABLE_INPUT_FILE', /\.\.\/2\.wav/],
    ['that is not there', '/status/404', 'UNREACHABLE_INPUT_FILE', /404/],
    ['that is too large', '/big/2000000', 'INPUT_TOO_LARGE', /larger than/],
  ])('an archive %s is blamed on its sender', async (_, path, status, message) => {
    const account = await TestAccount.create()
    const command = await account.run(album(mediaUrl(path)))
    expect(command).toMatchObject({ status: 'FAILED', error_status: status, error_message: expect.stringMatching(message) })
    expect(command.error_message).toContain('input_compressed_folder')
    expect(await objectsOf(account)).toEqual([])
  })

  test('an empty one is none', async () => {
    const account = await TestAccount.create()
    expect(await faultsOf(await account.post(album('')))).toMatchObject([
      { loc: ['ffmpeg_command'], msg: expect.stringContaining('list.txt') },
    ])
  })
})

test.each<[string, Record<string, unknown>, (string | number)[]]>([
  ['an archive at a private address', { input_compressed_folder: 'http://10.0.0.1/a.zip' }, ['input_compressed_folder']],
  ['an archive that is no text', { input_compressed_folder: 5 }, ['input_compressed_folder']],
  ['another text than OUTPUT_FOLDER', { output_files: 'FOLDER' }, ['output_files']],
  ['no outputs', { output_files: undefined }, ['ffmpeg_command']],
  ['a wrong alias', { output_files: { x: 'a.mp4' } }, ['output_files', 'x']],
  ['two counters', { output_files: { out_1: '%d_%d.png' } }, ['output_files', 'out_1']],
  ['another conversion', { output_files: { out_1: '%s.png' } }, ['output_files', 'out_1']],
  ['a width of two digits', { output_files: { out_1: '%010d.png' } }, ['output_files', 'out_1']],
  ['a percent sign', { output_files: { out_1: '50%.png' } }, ['output_files', 'out_1']],
  ['a playlist that is none', { output_files: { out_playlist_1: 'a.mp4' } }, ['output_files', 'out_playlist_1']],
  ['a playlist that is a sequence', { output_files: { out_playlist_1: 'a_%d.ts' } }, ['output_files', 'out_playlist_1']],
])('%s is a fault of the submit', async (_, change, loc) => {
  const account = await TestAccount.create()
  const body = { output_files: { out_1: 'a.wav' }, ffmpeg_command: '-f lavfi -i sine=d=0.1 {{out_1}}', ...change }
  const faults = await faultsOf(await account.post(body))
  expect(faults.map((fault) => fault.loc)).toContainEqual(loc)
  expect((await account.list()).total).toBe(0)
})
