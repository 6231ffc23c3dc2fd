import { expect, test } from 'vitest'
import { manifestParts } from '../../../src/ffmpeg/manifest.ts'
import { manifestOutput } from '../../../src/ffmpeg/manifest-companions.ts'

test.each([
  ['-hls_base_url https://a/ o.m3u8', ['https://a/'], []],
  ['-f segment -segment_list o.m3u8 -segment_list_entry_prefix p/ %d.ts', ['p/'], []],
  ['-f tee [f=hls:hls_base_url=b/:master_pl_name=m.m3u8]o.m3u8|x.mp4', ['b/'], ['m.m3u8']],
  ['-master_pl_name m.m3u8 o.m3u8', [], ['m.m3u8']],
  ['-master_pl_name m.m3u8 other.m3u8', [], []],
  ['-master_pl_name o.m3u8 v_%v.m3u8', [], []],
  ['-master_pl_name ../m.m3u8 o.m3u8', [], []],
  ['-hls_playlist 1 o.m3u8', [], ['master.m3u8']],
  ['-hls_playlist true -hls_master_name all.m3u8 o.m3u8', [], ['all.m3u8']],
  ['-hls_playlist 0 o.m3u8', [], []],
])('%s says of its manifest: %j before names, and beside it %j', (command, prefixes, companions) => {
  expect(manifestOutput([command.split(' ')], 'o.m3u8')).toEqual({ prefixes, companions })
})

test('a prefix is taken off a name that lies elsewhere, and off no other', () => {
  const names = (line: string) =>
    [...manifestParts('hls', line, ['https://a/?x=', 'p_', 's/'])].map((part) => (part?.kind === 'file' ? part.name : null))
  expect(['https://a/?x=1.ts', 's/1.ts', 'p_1.ts', 'https://b/1.ts', 's/../1.ts', 's//1.ts'].flatMap(names)).toEqual([
    ...['1.ts', '1.ts', 'p_1.ts', null, null, null],
  ])
})
