import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { writeReadablePlaylist } from '../../../container/scripts.ts'
import { Workspace } from '../../../container/workspace.ts'

let life: string
let workspace: Workspace

beforeEach(async () => {
  life = await mkdtemp(join(tmpdir(), 'readable-playlist-'))
  workspace = await Workspace.create(life, 'job', false)
})

afterEach(() => rm(life, { recursive: true, force: true }))

async function put(files: Record<string, string>): Promise<void> {
  await Promise.all(Object.entries(files).map(([name, text]) => writeFile(workspace.path(name), text)))
}

test('playlists that are looked into at the same time are read each by a text of its own, and so are those that they name', async () => {
  const streams = Array.from({ length: 10 }, (_, index) => `stream-${index}`)
  for (const stream of streams) {
    await put({
      [`${stream}.m3u8`]: `#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\n${stream}-variant.m3u8\n`,
      [`${stream}-variant.m3u8`]: `#EXTM3U\n#EXTINF:1,\n${stream}.ts\n`,
      [`${stream}.ts`]: 'media',
    })
  }
  const names = await Promise.all(streams.map((stream) => writeReadablePlaylist(workspace, `${stream}.m3u8`)))
  for (const [index, name] of names.entries()) {
    const variant = (await readFile(workspace.path(name), 'utf8')).split('\n').find((line) => line.startsWith('.'))
    expect(await readFile(workspace.path(variant ?? ''), 'utf8')).toContain(`${streams[index]}.ts\n`)
  }
})

test('one that names what it may not has none', async () => {
  await put({ 'out.m3u8': '#EXTM3U\n#EXTINF:1,\n/etc/passwd\n' })
  await expect(writeReadablePlaylist(workspace, 'out.m3u8')).rejects.toThrow('/etc/passwd')
})
