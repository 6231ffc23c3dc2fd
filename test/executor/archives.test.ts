/** What is unpacked from a caller's archive, and what is refused. */
import { existsSync } from 'node:fs'
import { lstat, readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { deflateRawSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { JobState, RunRequest } from '../../src/executor/protocol.ts'
import { FONTS } from '../machine/fonts.ts'
import { needs } from '../machine/needs.ts'
import { type ExecutorProcess, startExecutor } from '../support/executor-process.ts'
import { type ZipEntry, zipArchive } from '../support/zip-archive.ts'
import { endless, JobClient, LIMITS, refusal, testSource } from './job-client.ts'

let executor: ExecutorProcess

beforeAll(async () => {
  executor = await startExecutor()
})
afterAll(() => executor.stop())

const font = FONTS.find(existsSync)

const ARCHIVE = 'input_compressed_folder.zip'
const COPY = ['-f', 'data', '-i', 'a.txt', '-map', '0', '-c', 'copy', '-f', 'data', 'out.bin']
const OK_ENTRY: ZipEntry = { name: 'a.txt', content: 'hello' }

/** Runs a job with the archive, whose command copies `a.txt`. */
async function run(archive: Uint8Array<ArrayBuffer>, request: Partial<RunRequest> = {}): Promise<{ job: JobClient; state: JobState }> {
  const job = new JobClient(executor)
  await job.put(ARCHIVE, archive)
  return { job, state: await job.ended({ archive: ARCHIVE, commands: [COPY], outputs: { out: 'out.bin' }, ...request }) }
}

async function succeed(entries: readonly ZipEntry[], request: Partial<RunRequest> = {}): Promise<JobClient> {
  const { job, state } = await run(zipArchive(entries), request)
  expect(state, JSON.stringify(state)).toMatchObject({ state: 'SUCCEEDED' })
  return job
}

describe('an archive', () => {
  test('is there for the command, its folders too, and is gone itself', async () => {
    const job = await succeed([
      { name: 'fonts/', mode: 0o040755 },
      { name: 'fonts/b/c.txt', content: 'deep' },
      { ...OK_ENTRY, method: 0 },
    ])
    expect(await (await job.output('out')).text()).toBe('hello')
    const folder = (await job.folder()) ?? ''
    expect((await readdir(folder)).sort()).toEqual(['a.txt', 'fonts', 'out.bin'])
    expect(await readFile(join(folder, 'fonts/b/c.txt'), 'utf8')).toBe('deep')
    expect(await readdir(join(folder, '..'))).not.toContain('archive.zip')
  })

  test('may hold hidden files and those of macOS, which are passed over', async () => {
    const job = await succeed([
      OK_ENTRY,
      { name: './' },
      { name: './.DS_Store', content: 'x' },
      { name: '__MACOSX/._a.txt', content: 'x' },
      { name: 'a/.git/config' },
    ])
    expect((await readdir((await job.folder()) ?? '')).sort()).toEqual(['a.txt', 'out.bin'])
  })

  test('may have a folder around everything, and names that are not marked as UTF-8', async () => {
    const entries = [
      { name: 'kit/', mode: 0o040755 },
      { name: 'kit/.DS_Store', content: 'x' },
      { name: '__MACOSX/kit/._a.txt', content: 'x' },
      { name: 'kit/sub/b.txt', content: 'b' },
      { name: '', nameBytes: Buffer.from('kit\\my cafe\u0301 [1].txt'), content: 'hello' },
    ]
    const copy = (name: string) => ['-f', 'data', '-i', name, '-map', '0', '-c', 'copy', '-f', 'data', 'out.bin']
    const bare = await succeed(entries, { commands: [copy('my caf\u00e9 [1].txt')] })
    expect(await (await bare.output('out')).text()).toBe('hello')
    expect((await readdir((await bare.folder()) ?? '')).sort()).toEqual(['my caf\u00e9 [1].txt', 'out.bin', 'sub'])
    const full = await succeed(entries, { commands: [copy('kit/my caf\u00e9 [1].txt')] })
    expect(await (await full.output('out')).text()).toBe('hello')
    expect((await readdir((await full.folder()) ?? '')).sort()).toEqual(['kit', 'out.bin'])
  })

  test('that lacks what the command reads says what it holds, and where the file is', async () => {
    const { state } = await run(zipArchive([{ name: 'parts/A.txt' }, { name: 'b.txt' }]))
    expect(state).toMatchObject({
      error: {
        code: 'FFMPEG_ERROR',
        message: expect.stringMatching(/\nThe archive holds b\.txt, parts\/A\.txt; "a\.txt" is in it as "parts\/A\.txt"$/),
      },
    })
  })

  test('with a pattern of a shell says how FFmpeg is told of one', async () => {
    const { state } = await run(zipArchive([{ name: 'a.png' }]), { commands: [['-i', '*.png', 'out.bin.mp4']] })
    expect(state).toMatchObject({ error: { message: expect.stringContaining("write -pattern_type glob before -i '*.png'") } })
  })

  test('from another system, without a mode, is one too', async () => {
    await succeed([{ ...OK_ENTRY, mode: 0 }])
  })

  test('serves a concat list that names its files', async () => {
    const source = new JobClient(executor)
    await source.ended({ commands: [['-f', 'lavfi', '-i', 'sine=d=0.2', 'tone.wav']], outputs: { out: 'tone.wav' } })
    const tone = new Uint8Array(await (await source.output('out')).arrayBuffer())
    const job = await succeed(
      [
        { name: 'list.txt', content: "file 'parts/1.wav'\nfile '2.wav'\n" },
        { name: 'parts/1.wav', content: tone },
        { name: '2.wav', content: tone },
      ],
      {
        commands: [['-safe', '1', '-f', 'concat', '-i', 'list.txt', '-c', 'copy', 'out.wav']],
        outputs: { out: 'out.wav' },
      },
    )
    const state = await job.state()
    expect(state).toMatchObject({ outputs: { out: { media: { duration: 0.4 } } } })
  })

  test('brings fonts of its own, for drawtext and for subtitles', needs('font'), async () => {
    const archive = [
      { name: 'fonts/own.ttf', content: await readFile(font ?? '') },
      { name: 'subs/a.srt', content: '1\n00:00:00,000 --> 00:00:01,000\nHello\n' },
    ]
    const filters = 'drawtext=fontfile=fonts/own.ttf:text=x,subtitles=subs/a.srt:fontsdir=fonts'
    const job = await succeed(archive, { commands: [[...testSource(0.2), '-vf', filters, 'out.mp4']], outputs: { out: 'out.mp4' } })
    expect(await job.log()).toContain('fonts/own.ttf')
  })

  test('counts as the job’s time while it is unpacked', async () => {
    const job = new JobClient(executor)
    await job.put(ARCHIVE, zipArchive(Array.from({ length: 4000 }, (_, n) => ({ name: `${n}/a.txt`, content: 'x' }))))
    const limits = { ...LIMITS, run_seconds: 6 }
    await job.run({ archive: ARCHIVE, commands: [endless()], limits })
    const begun = await job.until((state) => (state.state === 'RUNNING' && state.progress !== null) || state.state === 'FAILED')
    const state = await job.until(({ state }) => state === 'FAILED')
    expect(state).toMatchObject({ error: { code: 'TIMEOUT' } })
    // Were the command's time counted from its own beginning, all of what unpacking has taken would come on top.
    expect(state.ffmpeg_seconds - limits.run_seconds).toBeLessThan(begun.ffmpeg_seconds / 2)
  })

  test('of many small files in deep folders is as large as it is on disk', async () => {
    const entries = Array.from({ length: 3000 }, (_, n) => ({ name: `a/b/c/d/e/f/${n}.txt`, content: 'x' }))
    await succeed([OK_ENTRY, ...entries], { limits: { ...LIMITS, disk_bytes: 20e6 } })
  })

  test('that has not arrived is FILE_NOT_FOUND', async () => {
    const job = new JobClient(executor)
    expect(await refusal(job.run({ archive: ARCHIVE, commands: [COPY] }))).toEqual([404, 'FILE_NOT_FOUND'])
  })

  test('its files are no more writable than inputs are', async () => {
    const job = await succeed([OK_ENTRY])
    const folder = (await job.folder()) ?? ''
    expect((await stat(join(folder, 'a.txt'))).mode & 0o133).toBe(0)
  })
})

const LINK = 0o120777
const PIPE = 0o010644
const DEVICE = 0o020644
const many = (name: string, count: number): ZipEntry[] => Array.from({ length: count }, (_, n) => ({ name: `${name}${n}`, method: 0 }))

describe('refused', () => {
  test.each<[string, ZipEntry[]]>([
    ['a name that climbs out', [OK_ENTRY, { name: '../evil.txt' }]],
    ['a name that climbs out further in', [{ name: 'a/../../evil.txt' }]],
    ['an absolute name', [{ name: '/tmp/evil.txt' }]],
    ['a backslash', [{ name: '..\\evil.txt' }]],
    ['backslashes that climb out further in', [{ name: 'a\\..\\..\\evil.txt' }]],
    ['an absolute name with backslashes', [{ name: '\\tmp\\evil.txt' }]],
    ['a drive letter with backslashes', [{ name: 'C:\\evil.txt' }]],
    ['a folder around everything that climbs out', [{ name: '../a.txt' }, { name: '../b.txt' }]],
    ['a drive letter', [{ name: 'C:/evil.txt' }]],
    ['a protocol', [{ name: 'http:evil.txt' }]],
    ['a leading dash', [{ name: '-i' }]],
    ['a leading dash in a folder', [{ name: 'a/-i' }]],
    ['a control character', [{ name: 'a\nb' }]],
    ['a NUL', [{ name: 'a\0b' }]],
    ['an empty name', [{ name: '' }]],
    ['an empty folder name', [{ name: 'a//b' }]],
    ['a dot folder', [{ name: 'a/./b' }]],
    ['too many folders', [{ name: 'a/b/c/d/e/f/g/h/i' }]],
    ['too long a name', [{ name: 'a'.repeat(256) }]],
    ['a folder that climbs out', [{ name: '../evil/', mode: 0o040755 }]],
    ['a symbolic link', [{ name: 'link', content: '/etc/passwd', mode: LINK }]],
    ['a link to a folder and a file through it', [{ name: 'out', content: '/tmp', mode: LINK }, { name: 'out/evil.txt' }]],
    ['a named pipe', [{ name: 'pipe', mode: PIPE }]],
    ['a device', [{ name: 'null', mode: DEVICE }]],
    ['the same name twice', [OK_ENTRY, OK_ENTRY]],
    ['names that differ in case alone', [OK_ENTRY, { name: 'A.TXT' }]],
    ['names that differ in composition alone', [{ name: 'caf\u00e9' }, { name: 'cafe\u0301' }]],
    ['a file with the name of a folder', [{ name: 'x/y' }, { name: 'x' }]],
    ['a folder with the name of a file', [{ name: 'x' }, { name: 'x/y' }]],
    ['the name of an output', [{ name: 'OUT.bin' }]],
    ['an encrypted file', [{ ...OK_ENTRY, flags: 1, method: 8 }]],
    ['an unknown method', [{ ...OK_ENTRY, method: 12 }]],
    ['a wrong checksum', [{ ...OK_ENTRY, claims: { crc: 1 } }]],
    ['a size that is too small', [{ ...OK_ENTRY, claims: { size: 1 } }]],
    ['a size that is too large', [{ ...OK_ENTRY, claims: { size: 100 } }]],
    ['more entries than there may be', many('f', 50_001)],
  ])('%s', async (_, entries) => {
    const { job, state } = await run(zipArchive(entries))
    expect(state).toMatchObject({
      state: 'FAILED',
      error: { code: 'INPUT_UNUSABLE', message: expect.stringContaining('input_compressed_folder') },
    })
    expect(JSON.stringify(state)).not.toContain(executor.jobsDir)
    expect(await readdir((await job.folder()) ?? ''), 'nothing is left').toEqual([])
    for (const path of ['/tmp/evil.txt', join((await job.folder()) ?? '', '../evil.txt')]) await expect(lstat(path)).rejects.toThrow()
  })

  test('the name of an input', async () => {
    const job = new JobClient(executor)
    await job.put('in_1.wav', 'x')
    await job.put(ARCHIVE, zipArchive([OK_ENTRY, { name: 'IN_1.wav' }]))
    const state = await job.ended({ archive: ARCHIVE, commands: [COPY], inputs: { in_1: 'in_1.wav' }, outputs: { out: 'out.bin' } })
    expect(state).toMatchObject({ error: { code: 'INPUT_UNUSABLE', message: expect.stringContaining('IN_1.wav') } })
  })

  test.each([
    ['text', Buffer.from('this is no zip file')],
    ['nothing', Buffer.alloc(0)],
    ['a zip that is cut off', zipArchive([OK_ENTRY]).subarray(0, -30)],
    ['a gzip', Buffer.from('1f8b0800', 'hex')],
  ])('%s', async (_, bytes) => {
    expect((await run(new Uint8Array(bytes))).state).toMatchObject({ error: { code: 'INPUT_UNUSABLE' } })
  })

  test('a bomb, as soon as it is over the disk limit', async () => {
    const bomb = zipArchive([OK_ENTRY, { name: 'zeros', content: new Uint8Array(40e6) }])
    expect(bomb.length).toBeLessThan(100_000)
    const { state } = await run(bomb, { limits: { ...LIMITS, disk_bytes: 10e6 } })
    expect(state).toMatchObject({ error: { code: 'INPUT_TOO_LARGE' } })
  })

  test('a bomb that says it is small', async () => {
    const { state } = await run(zipArchive([{ name: 'zeros', content: new Uint8Array(40e6), claims: { size: 10 } }]), {
      limits: { ...LIMITS, disk_bytes: 10e6 },
    })
    expect(state).toMatchObject({ state: 'FAILED' })
  })

  test('a bomb of many files', async () => {
    const entries = many('f', 20).map((entry) => ({ ...entry, content: new Uint8Array(1e6) }))
    expect((await run(zipArchive(entries), { limits: { ...LIMITS, disk_bytes: 10e6 } })).state).toMatchObject({
      error: { code: 'INPUT_TOO_LARGE' },
    })
  })

  test('a bomb, long before it is over the disk limit', async () => {
    const content = new Uint8Array(10e6)
    const deflated = deflateRawSync(content)
    const entries = Array.from({ length: 30 }, (_, n) => ({ name: `${n}.bin`, content, deflated }))
    const { state } = await run(zipArchive(entries), { limits: { ...LIMITS, disk_bytes: 10e9 } })
    expect(state).toMatchObject({ error: { code: 'INPUT_TOO_LARGE', message: expect.stringContaining('100 times as large') } })
  })

  test('a job that is removed while it unpacks ends', async () => {
    const job = new JobClient(executor)
    await job.put(ARCHIVE, zipArchive([{ name: 'zeros', content: new Uint8Array(150e6) }]))
    expect((await job.run({ archive: ARCHIVE, commands: [COPY], outputs: { out: 'out.bin' } })).status).toBe(202)
    expect((await job.remove()).status).toBe(204)
    expect(await job.folder()).toBeNull()
  })
})
