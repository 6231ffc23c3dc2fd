/** What a caller's archive brings along must not make FFmpeg open anything else: with the guards alone, and with the sandbox beside them. */
import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { compileCommands } from '../../src/ffmpeg/command.ts'
import { guardInputs } from '../../src/ffmpeg/guards.ts'
import { JobClient } from '../executor/job-client.ts'
import { type ExecutorProcess, startExecutor } from '../support/executor-process.ts'
import { type ZipEntry, zipArchive } from '../support/zip-archive.ts'
import { type Canary, makeCanary } from './canary.ts'
import { Trap } from './trap.ts'

interface Smuggling {
  title: string
  command: string
  /** @param prey what must not be reached: a file's absolute path, or a URL */
  entries: (prey: string) => ZipEntry[]
}

const hls = (url: string) =>
  `#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:10\n#EXT-X-MEDIA-SEQUENCE:0\n#EXTINF:10,\n${url}\n#EXT-X-ENDLIST\n`

const SMUGGLINGS: Smuggling[] = [
  {
    title: 'a concat list',
    command: '-f concat -i list.txt -c copy out.ts',
    entries: (prey) => [{ name: 'list.txt', content: `ffconcat version 1.0\nfile '${prey}'\n` }],
  },
  {
    title: 'a concat list in a folder that climbs out',
    command: '-f concat -i a/list.txt -c copy out.ts',
    entries: (prey) => [{ name: 'a/list.txt', content: `file '../../../../../../../../../..${prey}'\n` }],
  },
  {
    title: 'a concat list that asks for other options',
    command: '-f concat -i list.txt -c copy out.ts',
    entries: (prey) => [{ name: 'list.txt', content: `file 'a.ts'\noption protocol_whitelist file,http,tcp\nfile '${prey}'\n` }],
  },
  {
    title: 'a playlist',
    command: '-i index.m3u8 -c copy out.ts',
    entries: (prey) => [{ name: 'index.m3u8', content: hls(prey) }],
  },
  {
    title: 'a playlist with an init segment elsewhere',
    command: '-i index.m3u8 -c copy out.ts',
    entries: (prey) => [
      { name: 'index.m3u8', content: hls('a.ts').replace('#EXTINF', `#EXT-X-MAP:URI="${prey}"\n#EXTINF`) },
      { name: 'a.ts' },
    ],
  },
  {
    title: 'a playlist with a key elsewhere',
    command: '-i index.m3u8 -c copy out.ts',
    entries: (prey) => [
      { name: 'index.m3u8', content: hls('a.ts').replace('#EXTINF', `#EXT-X-KEY:METHOD=AES-128,URI="${prey}"\n#EXTINF`) },
      { name: 'a.ts' },
    ],
  },
  {
    title: 'a playlist that a playlist names',
    command: '-i index.m3u8 -c copy out.ts',
    entries: (prey) => [
      { name: 'index.m3u8', content: '#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\nsub/v.m3u8\n' },
      { name: 'sub/v.m3u8', content: hls(prey) },
    ],
  },
  {
    title: 'a playlist in the place of a segment',
    command: '-i index.m3u8 -c copy out.ts',
    entries: (prey) => [
      { name: 'index.m3u8', content: hls('a.ts') },
      { name: 'a.ts', content: hls(prey) },
    ],
  },
  {
    title: 'a playlist that is written where a segment was when it was looked at',
    command: '-f data -i p.bin -map 0 -c copy -f data a.ts -i index.m3u8 -map 1 -c copy out.ts',
    entries: (prey) => [
      { name: 'index.m3u8', content: hls('a.ts') },
      { name: 'a.ts', content: 'x' },
      { name: 'p.bin', content: hls(prey) },
    ],
  },
  {
    title: 'a graph',
    command: '-f lavfi -i color=s=16x16:d=0.2 -filter_script:v g/vf.txt out.ts',
    entries: (prey) => [{ name: 'g/vf.txt', content: `movie='${prey.replaceAll(':', '\\:')}'` }],
  },
  {
    title: 'a playlist called video',
    command: '-i media/video.mp4 -c copy out.ts',
    entries: (prey) => [{ name: 'media/video.mp4', content: hls(prey) }],
  },
  {
    title: 'a playlist called video in a concat list',
    command: '-f concat -i list.txt -c copy out.ts',
    entries: (prey) => [
      { name: 'list.txt', content: "file 'video.mp4'\n" },
      { name: 'video.mp4', content: hls(prey) },
    ],
  },
  {
    title: 'a frame that is a playlist',
    command: '-i frames/%03d.png out.mp4',
    entries: (prey) => [{ name: 'frames/001.png', content: hls(prey) }],
  },
]

let root: string
let canary: Canary

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'renderio-test-'))
  await chmod(root, 0o755)
  canary = await makeCanary()
})
afterAll(() => rm(root, { recursive: true, force: true }))

for (const sandbox of ['none', 'auto'] as const) {
  describe(`in the sandbox ${sandbox}`, () => {
    let executor: ExecutorProcess
    beforeAll(async () => {
      executor = await startExecutor({ env: { SANDBOX: sandbox } })
    })
    afterAll(() => executor.stop())

    test.concurrent.each(SMUGGLINGS)('$title opens nothing outside', async (smuggling) => {
      for (const prey of ['file', 'listener'] as const) expect(await lootOf(executor, smuggling, prey)).toEqual([])
    })

    if (sandbox === 'none') {
      test.concurrent.each(SMUGGLINGS.filter(({ title }) => title === 'a playlist called video'))(
        '$title gets what it is after without the guards',
        async (smuggling) => {
          expect(await lootOf(executor, smuggling, 'file', (argv) => argv)).not.toEqual([])
        },
      )
    }
  })
}

/** What the archive got to; empty if nothing. */
async function lootOf(
  executor: ExecutorProcess,
  { command, entries }: Smuggling,
  kind: 'file' | 'listener',
  change: (argv: string[]) => string[] = guardInputs,
): Promise<string[]> {
  const trap = await Trap.inNewFolder(join(root, crypto.randomUUID()), canary.bytes)
  const prey = kind === 'file' ? trap.prey.file : `http://${trap.prey.listener}/x.ts`
  const compiled = compileCommands({
    field: 'ffmpeg_command',
    commands: [command],
    inputs: {},
    outputs: {},
    folder: 'all.zip',
    archive: true,
  })
  if (!compiled.ok) throw new Error(JSON.stringify(compiled.faults))
  const { argvs, archive = '', bundles = {} } = compiled.command
  const job = new JobClient(executor)
  await job.put(archive, zipArchive(entries(prey)))
  const state = await job.ended({ commands: argvs.map(change), archive, bundles })
  const seen = [JSON.stringify(state), await job.log(), await (await job.output('output_folder')).text()].join('\n')
  trap.close()
  return [...(seen.includes(canary.secret) ? ['the secret came out'] : []), ...(await trap.disturbances())]
}
