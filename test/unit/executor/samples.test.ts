import { describe, expect, test } from 'vitest'
import { Samples } from '../../../container/samples.ts'

const numbered = (count: number, name: (n: number) => string) => Array.from({ length: count }, (_, n) => name(n + 1))

describe('the files to look into are those of each stream', () => {
  test('of HLS, a media playlist each', () => {
    const samples = new Samples()
    samples.add('v.m3u8', 'init', ['v.mp4'])
    samples.add('v.m3u8', 'media', ['v1.m4s'])
    samples.add('v.m3u8', 'media', ['v2.m4s'])
    samples.add('a.m3u8', 'media', ['a1.ts'])
    samples.add('v.m3u8', 'init', ['after-a-break.mp4'])
    expect(samples.names()).toEqual([['v.mp4', 'v1.m4s', 'v2.m4s'], ['a1.ts']])
  })

  test('of DASH with templates, told apart by their init segments', () => {
    const samples = new Samples()
    samples.addFamily(['init-', '.m4s'], 'init', ['init-1.m4s', 'init-0.m4s'])
    samples.addFamily(['chunk-', '-', '.m4s'], 'media', [
      'chunk-1-00001.m4s',
      'chunk-0-00002.m4s',
      'chunk-0-00001.m4s',
      'chunk-9-00001.m4s',
    ])
    expect(samples.names()).toEqual([
      ['init-0.m4s', 'chunk-0-00001.m4s', 'chunk-0-00002.m4s'],
      ['init-1.m4s', 'chunk-1-00001.m4s'],
    ])
  })

  test('of DASH with lists, from one init segment to the next; a file without one is a stream', () => {
    const samples = new Samples()
    for (const name of ['all-video.mp4', 'all-sound.mp4']) samples.addListed('media', [name])
    samples.addListed('init', ['i.mp4'])
    for (const name of ['1.m4s', '2.m4s']) samples.addListed('media', [name])
    expect(samples.names()).toEqual([['all-video.mp4'], ['all-sound.mp4'], ['i.mp4', '1.m4s', '2.m4s']])
  })
})

test('they are few, however many there are', () => {
  const samples = new Samples()
  for (const stream of numbered(50, (n) => `${n}.m3u8`))
    samples.add(
      stream,
      'media',
      numbered(5000, (n) => `${n}.ts`),
    )
  samples.addFamily(
    ['x', '.m4s'],
    'init',
    numbered(500, (n) => `x${n}.m4s`),
  )
  samples.addFamily(
    ['y', '.m4s'],
    'media',
    numbered(50_000, (n) => `y${n}.m4s`),
  )
  expect(samples.names().map((names) => names.length)).toEqual([100, 100, 100, 100])
})
