import { describe, expect, test } from 'vitest'
import { isOfFamily, type ManifestFormat, manifestParts, type Reference } from '../../../src/ffmpeg/manifest.ts'

function references(format: ManifestFormat, text: string): Reference[] {
  return [...manifestParts(format, text)].filter((part) => part !== null && part.kind !== 'duration')
}

function duration(format: ManifestFormat, text: string): number {
  return [...manifestParts(format, text)].reduce((sum, part) => sum + (part?.kind === 'duration' ? part.seconds : 0), 0)
}

const names = (format: ManifestFormat, text: string) =>
  references(format, text).map((reference) => (reference.kind === 'file' ? reference.name : reference.literals.join('*')))

describe('HLS', () => {
  test('segments, children, init segments, renditions and keys are found, each with its role', () => {
    const text = [
      '#EXTM3U',
      '#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",URI="audio.m3u8"',
      '#EXT-X-STREAM-INF:BANDWIDTH=1',
      'low.m3u8',
      '#EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=1,URI="i.m3u8"',
      '#EXT-X-KEY:METHOD=AES-128,URI="out.key",IV=0x0',
      '#EXT-X-MAP:URI="init.mp4"',
      '#EXTINF:2.0,',
      'seg 0.ts\r',
      '# a comment with URI="comment.ts"',
      'seg%201.ts?query#fragment',
      './seg2.ts',
    ].join('\n')
    expect(references('hls', text).map((reference) => (reference.kind === 'file' ? [reference.name, reference.role] : []))).toEqual([
      ['audio.m3u8', 'child'],
      ['low.m3u8', 'child'],
      ['i.m3u8', 'child'],
      ['out.key', 'key'],
      ['init.mp4', 'init'],
      ['seg 0.ts', 'media'],
      ['seg 1.ts', 'media'],
      ['seg2.ts', 'media'],
    ])
  })

  test.each([
    'https://cdn.example.com/a.ts',
    '//cdn.example.com/a.ts',
    '/etc/passwd',
    '../other/a.ts',
    '%2e%2e/a.ts',
    '..%2fa.ts',
    '..',
    'sub/a.ts',
    'sub%2Fa.ts',
    'file:a.ts',
    'a\\b.ts',
    '.hidden',
    '-dash.ts',
    '%00.ts',
    '',
  ])('%j is no file beside the playlist', (uri) => {
    expect(names('hls', `#EXTM3U\n${uri}\n#EXT-X-MAP:URI="${uri}"`)).toEqual([])
  })

  test('the duration is that of all segments', () => {
    expect(duration('hls', '#EXTINF:2.002,\na\n#EXTINF:1.5,title\nb\n#EXTINF:nonsense,\nc')).toBe(3.502)
    expect(duration('hls', '#EXTM3U\nlow.m3u8')).toBe(0)
  })
})

describe('DASH', () => {
  test('templates become families, names and base URLs files', () => {
    const text = `<MPD><SegmentTemplate timescale="1" initialization="init-$RepresentationID$.m4s" media="chunk-$RepresentationID$-$Number%05d$.m4s"/>
      <BaseURL>a&amp;b.mp4</BaseURL><BaseURL serviceLocation="x">https://cdn.example.com/</BaseURL>
      <SegmentURL media="seg$$1.m4s"/><Initialization sourceURL="i.mp4"/></MPD>`
    expect(names('dash', text)).toEqual(['init-*.m4s', 'chunk-*-*.m4s', 'seg$1.m4s', 'i.mp4', 'a&b.mp4'])
  })

  test('a template that leaves the folder is none', () => {
    for (const template of ['../$Number$.m4s', '/$Number$', 'https://x/$Number$', 'a/$Number$.m4s', '-$Number$'])
      expect(names('dash', `<SegmentTemplate media="${template}"/>`)).toEqual([])
  })

  test('the duration is the one that it states', () => {
    expect(duration('dash', '<MPD mediaPresentationDuration="PT1H2M3.5S">')).toBe(3723.5)
    expect(duration('dash', '<MPD mediaPresentationDuration="PT1.0S">')).toBe(1)
    expect(duration('dash', '<MPD>')).toBe(0)
  })
})

test.each([
  [['chunk-', '-', '.m4s'], 'chunk-0-00001.m4s', true],
  [['chunk-', '-', '.m4s'], 'chunk-0.m4s', false],
  [['a', 'a'], 'a', false],
  [['a', 'b', 'b'], 'ab', false],
  [['', ''], 'anything', true],
  [['init-', '.mp4'], 'init-0.mp4.bak', false],
])('isOfFamily(%j, %s) is %s', (literals, name, expected) => {
  expect(isOfFamily(literals, name)).toBe(expected)
})

test('what no file can be called is no reference', () => {
  const tooManyIdentifiers = '$Number$'.repeat(20)
  const tooLong = `${'a'.repeat(2000)}$Number$`
  for (const template of [tooManyIdentifiers, tooLong]) expect(names('dash', `<SegmentTemplate media="${template}"/>`)).toEqual([])
  expect(names('hls', 'a'.repeat(5000))).toEqual([])
})

test('a long manifest is read piece by piece', () => {
  const lines = Array.from({ length: 1000 }, () => '# a comment')
  expect([...manifestParts('hls', lines.join('\n'))]).toHaveLength(1000)
})
