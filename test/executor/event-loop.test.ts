/** Whatever a job brings, the executor sees to its neighbours in between: long work lets the event loop turn, and ends when the job is stopped. */
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { collectOutputs } from '../../container/collect.ts'
import { emptyFolder, folderUsage, removeFolder } from '../../container/folder.ts'
import { notesOn } from '../../container/notes.ts'
import { pack } from '../../container/pack.ts'
import { findPlaylist } from '../../container/playlist.ts'
import { ProbeOutput } from '../../container/probe-output.ts'
import { writeScripts } from '../../container/scripts.ts'
import { Stopper } from '../../container/stopper.ts'
import { unpack } from '../../container/unpack.ts'
import { Workspace } from '../../container/workspace.ts'
import type { RunRequest } from '../../src/executor/protocol.ts'
import { waitUntil } from '../support/wait-until.ts'
import { zipArchive } from '../support/zip-archive.ts'

/** Processor time of this thread between two turns, in milliseconds: what others do on this machine at the same time is no part of it. */
const MAX_TURN_MS = 200
const FILES = 20_000

let life: string
/** One for all tests that only look. */
let full: Workspace

beforeAll(async () => {
  life = await mkdtemp(join(tmpdir(), 'renderio-test-'))
  full = await withFiles(FILES)
})
afterAll(() => rm(life, { recursive: true, force: true }))

const workspace = () => Workspace.create(life, 'job', false)

async function withFiles(count: number): Promise<Workspace> {
  const made = await workspace()
  for (let start = 0; start < count; start += 500) {
    await Promise.all(Array.from({ length: 500 }, (_, n) => writeFile(made.path(`f${start + n}.pgm`), 'x')))
  }
  return made
}

const threadMs = () => {
  const { user, system } = process.threadCpuUsage()
  return (user + system) / 1000
}

/** The most processor time that passes between two turns of the event loop while `work` goes on. */
async function longestTurn(work: () => Promise<unknown>): Promise<number> {
  let longest = 0
  let before = threadMs()
  let over = false
  const turn = () => {
    const now = threadMs()
    longest = Math.max(longest, now - before)
    before = now
    if (!over) setImmediate(turn)
  }
  setImmediate(turn)
  await work().finally(() => {
    over = true
  })
  turn()
  return longest
}

const LIMITS: RunRequest['limits'] = { run_seconds: 60, disk_bytes: 10e9 }
const collecting = (bundles: RunRequest['bundles'], signal: AbortSignal) => ({
  workspace: full,
  request: { commands: [['']], inputs: {}, outputs: {}, bundles, limits: LIMITS },
  before: new Map(),
  place: { step: 0, steps: 1 },
  signal,
})
const going = () => new AbortController().signal

describe('the event loop turns', () => {
  test('while a folder of many files is counted', async () => {
    expect(await longestTurn(() => folderUsage(full.files))).toBeLessThan(MAX_TURN_MS)
  })

  test('while it is listed', async () => {
    expect(await longestTurn(() => full.regularFiles())).toBeLessThan(MAX_TURN_MS)
  })

  test('while it is packed', async () => {
    const bundles: RunRequest['bundles'] = { out: { kind: 'sequence', filename: 'out.zip', pattern: 'f%d.pgm' } }
    const longest = await longestTurn(async () => {
      expect(await collectOutputs(collecting(bundles, going()))).toMatchObject({ ok: true })
    })
    expect(longest).toBeLessThan(MAX_TURN_MS)
  })

  test('while it is wiped, folders in it too', async () => {
    const wiped = await withFiles(FILES / 2)
    await mkdir(join(wiped.files, 'a/b/c'), { recursive: true })
    await writeFile(join(wiped.files, 'a/b/c/d.txt'), 'x')
    expect(await longestTurn(() => emptyFolder(wiped.files))).toBeLessThan(MAX_TURN_MS)
    expect(await readdir(wiped.files)).toEqual([])
  })

  test('while an archive of many files is unpacked', async () => {
    const { files, archivePath } = await workspace()
    const archive = zipArchive(Array.from({ length: 5000 }, (_, n) => ({ name: `${n}.txt`, content: 'x', method: 0 })))
    await writeFile(archivePath, archive)
    const unpacking = {
      archive: archivePath,
      archiveBytes: archive.length,
      folder: files,
      taken: [],
      commands: [],
      maxBytes: 1e9,
      signal: going(),
    }
    expect(await longestTurn(() => unpack(unpacking))).toBeLessThan(MAX_TURN_MS)
  })

  test.each([
    ['one line that goes back from its end again and again', `#EXTM3U\n${'?'.repeat(1e6)}\rx`],
    ['lines that say nothing', '#\n'.repeat(2e6)],
    ['lines that name the same file', 'f1.pgm\n'.repeat(500_000)],
    ['lines that name files that are elsewhere', '/a\n'.repeat(1e6)],
    ['one line of URIs', `#EXT-X-MAP:${'URI="/"'.repeat(500_000)}`],
  ])('while a playlist is read: %s', async (_, text) => {
    await writeFile(full.path('a.m3u8'), text)
    expect(await longestTurn(() => findPlaylist(full, 'a.m3u8', going()))).toBeLessThan(MAX_TURN_MS)
  })

  test.each([
    ['the same template', ' media="f$N$"'.repeat(50_000), 'OUTPUT_TOO_LARGE'],
    ['many templates', Array.from({ length: 50_000 }, (_, n) => ` media="f$N$${n % 10}.pgm$M$${n}"`).join(''), 'OUTPUT_MISSING'],
    [
      'many templates that fit',
      Array.from({ length: 1000 }, (_, n) => ` media="f${'$N$'.repeat((n % 15) + 1)}"`).join(''),
      'OUTPUT_TOO_LARGE',
    ],
    ['no attribute at all', ' '.repeat(4e6), null],
  ])('while a manifest is read: %s', async (_, text, code) => {
    await writeFile(full.path('a.mpd'), text)
    const longest = await longestTurn(async () => {
      expect(await findPlaylist(full, 'a.mpd', going())).toMatchObject(code === null ? { ok: true } : { ok: false, code })
    })
    expect(longest).toBeLessThan(MAX_TURN_MS)
  })
})

test('the event loop turns while the names of an archive are compared with all that a command could not open', async () => {
  const lines = Array.from({ length: 2000 }, (_, n) => `[Parsed_metadata_0] x=Unable to open q${n}.png`)
  const names = Array.from({ length: 1000 }, (_, n) => `${'d'.repeat(100)}/f${n}.png`)
  const files = { workspace: full, inputs: {}, archive: { names, fileCount: names.length } }
  expect(await longestTurn(() => notesOn(files, [], lines.join('\n')))).toBeLessThan(MAX_TURN_MS)
})

describe('the event loop turns while what a command reads is judged', () => {
  const names = Array.from({ length: FILES }, (_, n) => `f${n}.pgm`)
  test.each([
    ['a list of many files', 'concat', names.map((name) => `file ${name}\n`).join('')],
    ['a list of one file many times', 'concat', 'file f1.pgm\n'.repeat(85_000)],
    ['a list of lines that say nothing', 'concat', '\n'.repeat(1e6)],
    ['a playlist of many segments', 'hls', `#EXTM3U\n${names.map((name) => `#EXTINF:1,\n${name}\n`).join('')}`],
    ['a graph of many filters', 'graph', 'null,'.repeat(200_000)],
    ['a graph of one long filter', 'graph', `drawtext=text=${'a'.repeat(1e6)}`],
    ['a graph of many options', 'graph', `drawtext=${'b=c:'.repeat(24_000)}`],
    ['a graph of placeholders that stand for long names', 'graph', '{{out_o}}'.repeat(115_000)],
    ['many run-time commands', 'commands', '0 a b c;\n'.repeat(100_000)],
    ['run-time commands that say nothing', 'commands', ','.repeat(1e6)],
    ['a list with one name of many placeholders', 'concat', `file ${'{{out_o}}'.repeat(115_000)}`],
    ['a list with one name of many folders', 'concat', `file ${'a/'.repeat(500_000)}`],
    ['a playlist of one segment many times', 'hls', `#EXTM3U\n${'#EXTINF:1,\nf1.pgm\n'.repeat(50_000)}`],
  ] as const)('%s', async (_, kind, text) => {
    await writeFile(full.path('script.txt'), text)
    const scripts = [{ kind, source: 'script.txt', target: '.script' }]
    const request: RunRequest = { commands: [[]], inputs: {}, outputs: { out_o: `${'x'.repeat(250)}.mp4` }, limits: LIMITS }
    const writing = () =>
      writeScripts({ workspace: full, request, scripts, innerPrefix: 'inner', signal: going() }).catch((error: unknown) => error)
    expect(await longestTurn(writing)).toBeLessThan(MAX_TURN_MS)
  })
})

test('what ffprobe prints takes time that grows no faster than its length, in little memory', () => {
  const packet = '        { "stream_index": 0, "pts_time": "1.000000", "duration_time": "0.040000", "size": "812", "pos": "99" },\n'
  const texts = {
    'many packets': (n: number) => `{\n    "packets": [\n${packet.repeat(n)}`,
    'one line': (n: number) => packet.trim().repeat(n),
    'many lines of something else': (n: number) => `{\n${'        "x": 1,\n'.repeat(8 * n)}`,
  }
  for (const text of Object.values(texts)) {
    const [short, long] = [text(10_000), text(40_000)]
    // The shorter is read four times in a row, so that both are as much.
    const fourTimes = quickest(() => {
      for (let time = 0; time < 4; time += 1) written(short)
    })
    expect(quickest(() => written(long)) / Math.max(4, fourTimes)).toBeLessThan(3)
  }
})

/** Processor time of the quickest of several runs, in milliseconds. */
function quickest(work: () => void): number {
  const runs = Array.from({ length: 4 }, () => {
    const before = threadMs()
    work()
    return threadMs() - before
  })
  return Math.min(...runs)
}

function written(text: string): void {
  const output = new ProbeOutput()
  const bytes = Buffer.from(text)
  for (let at = 0; at < bytes.length; at += 65_536) output.write(bytes.subarray(at, at + 65_536))
}

describe('a job that is stopped', () => {
  test('reads no further in its manifests', async () => {
    await writeFile(full.path('b.m3u8'), '#\n'.repeat(2e6))
    const stopped = new AbortController()
    const reading = findPlaylist(full, 'b.m3u8', stopped.signal)
    stopped.abort(new Error('stopped'))
    await expect(reading).rejects.toThrow('stopped')
  })

  test('packs no further, and leaves no zip', async () => {
    const path = join(life, 'stopped.zip')
    const stopped = new AbortController()
    const files = [...(await full.regularFiles()).values()].map((file) => ({ ...file, place: 0 }))
    const packing = pack(full.files, files, path, stopped.signal)
    await Promise.all([
      expect(packing).rejects.toThrow('stopped'),
      waitUntil('the zip has begun', () => existsSync(path)).then(() => stopped.abort(new Error('stopped'))),
    ])
    expect(existsSync(path)).toBe(false)
  })

  test('is told to be over some time later, whatever holds it up', async () => {
    const stopper = new Stopper()
    const overdue = stopper.overdue(1)
    stopper.stop('TIMEOUT')
    expect(await overdue).toBe('TIMEOUT')
  })
})

test('a folder is removed with all that is in it, and one that is gone is removed already', async () => {
  const folder = join(life, 'deep')
  await mkdir(join(folder, 'a/b'), { recursive: true })
  await writeFile(join(folder, 'a/b/c'), 'x')
  await removeFolder(folder)
  await removeFolder(folder)
  expect(await readdir(life)).not.toContain('deep')
})
