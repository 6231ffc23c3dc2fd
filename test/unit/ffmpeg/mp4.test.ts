import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { majorBrand, readBoxHead, readMovie } from '../../../src/ffmpeg/mp4.ts'

const MAX_UINT32 = 2 ** 32 - 1

function uint32(...values: number[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(values.length * 4)
  values.forEach((value, i) => {
    new DataView(bytes.buffer).setUint32(i * 4, value)
  })
  return bytes
}

/** With 16 bits behind the point. */
const fixed = (value: number) => value * 65536

const text = (characters: string) => new TextEncoder().encode(characters)

function join(...parts: Uint8Array[]): Uint8Array<ArrayBuffer> {
  return new Uint8Array(Buffer.concat(parts))
}

function box(type: string, ...body: Uint8Array[]): Uint8Array<ArrayBuffer> {
  const content = join(...body)
  return join(uint32(content.byteLength + 8), text(type), content)
}

const mvhd = (timescale: number, duration: number) => box('mvhd', uint32(0, 0, 0, timescale, duration), new Uint8Array(80))
const mdhd = (timescale: number, duration: number) => box('mdhd', uint32(0, 0, 0, timescale, duration, 0))
const mdhdLong = (timescale: number, high: number, low: number) => box('mdhd', uint32(0x01000000, 0, 0, 0, 0, timescale, high, low, 0))
const stsz = (...sizes: number[]) => box('stsz', uint32(0, 0, sizes.length, ...sizes))
const stts = (...entries: number[]) => box('stts', uint32(0, entries.length / 2, ...entries))
const stsd = (type = 'avc1') => box('stsd', uint32(0, 1), box(type, new Uint8Array(70)))
const hdlr = (type = 'vide') => box('hdlr', uint32(0, 0), text(type), new Uint8Array(13))

interface Parts {
  tkhd?: Uint8Array
  mdhd?: Uint8Array
  hdlr?: Uint8Array
  stsd?: Uint8Array
  stsz?: Uint8Array
  stts?: Uint8Array
  extra?: Uint8Array
}

/** Four samples of 10, 20, 30 and 40 bytes in a second. */
function trak(parts: Parts = {}): Uint8Array {
  const table = box('stbl', parts.stsd ?? stsd(), parts.stts ?? stts(4, 256), parts.stsz ?? stsz(10, 20, 30, 40))
  const media = box('mdia', parts.mdhd ?? mdhd(1024, 1024), parts.hdlr ?? hdlr(), box('minf', box('hdlr', uint32(0)), table))
  return box('trak', parts.tkhd ?? box('tkhd', new Uint8Array(84)), parts.extra ?? new Uint8Array(), media)
}

const TRACK = {
  rotation: 0,
  handler: 'vide',
  sampleEntry: 'avc1',
  media: { timescale: 1024, duration: 1024 },
  samples: 4,
  sampleBytes: 100,
  sampleDuration: 1024,
  sampleDelta: 256,
}

const movie = (...boxes: Uint8Array[]) => readMovie(join(mvhd(1000, 1000), ...boxes))
const track = (parts: Parts) => movie(trak(parts))?.tracks[0]

describe('readMovie', () => {
  it('reads the length of the movie and what its tracks hold, wherever its bytes lie', () => {
    const bytes = join(text('other'), mvhd(1000, 1500), trak(), box('udta', text('any')), trak({ hdlr: hdlr('soun'), stsd: stsd('mp4a') }))
    expect(readMovie(bytes.subarray(5))).toEqual({
      timescale: 1000,
      duration: 1500,
      tracks: [TRACK, { ...TRACK, handler: 'soun', sampleEntry: 'mp4a' }],
    })
  })

  it.each([
    [[1, 0, 0, 1], 0],
    [[0, 1, -1, 0], 90],
    [[-1, 0, 0, -1], 180],
    [[0, -1, 1, 0], 270],
    [[2, 0, 0, 0.5], 0],
    [[0, 0, 0, 0], 0],
  ])('reads how the matrix %j turns the picture, in headers of both versions', ([a = 0, b = 0, c = 0, d = 0], rotation) => {
    const matrix = uint32(...[a, b].map(fixed), 0, ...[c, d].map(fixed), 0, 0, 0, 2 ** 30)
    const short = box('tkhd', new Uint8Array(40), matrix, new Uint8Array(8))
    const long = box('tkhd', uint32(0x01000000), new Uint8Array(48), matrix, new Uint8Array(8))
    for (const tkhd of [short, long]) expect(track({ tkhd })?.rotation).toBe(rotation)
  })

  it('leaves a movie that is turned as a whole to others', () => {
    const turned = box('mvhd', uint32(0, 0, 0, 1000, 1000), new Uint8Array(16), uint32(0, 65536, 0, -65536, 0), new Uint8Array(40))
    expect(readMovie(join(turned, trak()))).toBeNull()
  })

  it('reads durations of 64 bits as far as they are exact', () => {
    expect(track({ mdhd: mdhdLong(1024, 2 ** 21 - 1, MAX_UINT32) })?.media).toEqual({ timescale: 1024, duration: 2 ** 53 - 1 })
    expect(track({ mdhd: mdhdLong(1024, 2 ** 21, 0) })).toBeUndefined()
    expect(track({ mdhd: mdhdLong(1024, MAX_UINT32, MAX_UINT32) })).toBeUndefined()
  })

  it('reads samples of one size, and of several durations', () => {
    expect(track({ stsz: box('stsz', uint32(0, 7, 4)) })).toMatchObject({ samples: 4, sampleBytes: 28 })
    expect(track({ stts: stts(3, 256, 1, 100) })).toMatchObject({ sampleDuration: 868, sampleDelta: null })
  })

  it.each([
    ['no boxes', new Uint8Array()],
    ['a head that is cut off', uint32(8)],
    ['fragments', join(mvhd(1000, 1000), trak(), box('mvex'))],
    ['no movie header', trak()],
    ['two movie headers', join(mvhd(1000, 1000), mvhd(1000, 1000), trak())],
    ['a movie header that is cut off', join(box('mvhd', uint32(0, 0, 0, 1000)), trak())],
    ['an empty movie header', join(box('mvhd'), trak())],
    ['a movie header of an unknown version', join(box('mvhd', uint32(0x02000000, 0, 0, 1000, 1000, 0, 0, 0)), trak())],
    ['no timescale', join(mvhd(0, 1000), trak())],
    ['no duration', join(mvhd(1000, 0), trak())],
    ['an unknown duration', join(mvhd(1000, MAX_UINT32), trak())],
    ['no tracks', mvhd(1000, 1000)],
    ['more bytes after the last box', join(mvhd(1000, 1000), trak(), new Uint8Array(4))],
    ['a box of no size', join(mvhd(1000, 1000), trak(), uint32(0, 0))],
    ['a box smaller than its head', join(mvhd(1000, 1000), trak(), uint32(7, 0))],
    ['a box larger than what is there', join(mvhd(1000, 1000), trak(), uint32(9, 0))],
    ['a box of 64-bit size larger than what is there', join(mvhd(1000, 1000), trak(), uint32(1, 0, MAX_UINT32, MAX_UINT32))],
    ['a box of 64-bit size without it', join(mvhd(1000, 1000), trak(), uint32(1, 0))],
    ['a box of 64-bit size smaller than its head', join(mvhd(1000, 1000), trak(), uint32(1, 0, 0, 15))],
    ['very many boxes', join(mvhd(1000, 1000), trak(), ...Array.from({ length: 2000 }, () => box('free')))],
  ])('gives up on %s', (_, moov) => {
    expect(readMovie(moov)).toBeNull()
  })

  it.each<[string, Parts]>([
    ['that refers to another', { extra: box('tref', box('chap', uint32(2))) }],
    ['with two media', { extra: box('mdia') }],
    ['without a handler', { hdlr: new Uint8Array() }],
    ['with a handler that is cut off', { hdlr: box('hdlr', uint32(0, 0)) }],
    ['of two codings', { stsd: box('stsd', uint32(0, 2), box('avc1'), box('avc1')) }],
    ['of no coding', { stsd: box('stsd', uint32(0, 1)) }],
    ['without sizes', { stsz: new Uint8Array() }],
    ['with compact sizes', { stsz: box('stz2', uint32(0, 8, 4, 0)) }],
    ['with sizes that are cut off', { stsz: box('stsz', uint32(0, 0)) }],
    ['of fewer sizes than it counts', { stsz: box('stsz', uint32(0, 0, MAX_UINT32, 1, 2, 3, 4)) }],
    ['of more sizes than it counts', { stsz: box('stsz', uint32(0, 0, 4, 1, 2, 3, 4, 5)) }],
    ['of more sizes than times', { stsz: stsz(1, 2, 3, 4, 5) }],
    ['of countless samples of one size', { stsz: box('stsz', uint32(0, MAX_UINT32, MAX_UINT32)), stts: stts(MAX_UINT32, 1) }],
    ['without times', { stts: new Uint8Array() }],
    ['of fewer times than it counts', { stts: box('stts', uint32(0, MAX_UINT32, 4, 256)) }],
    ['of no samples', { stts: stts(0, 256), stsz: stsz() }],
    ['whose samples take no time', { stts: stts(4, 0) }],
    ['whose samples take negative time', { stts: stts(3, 256, 1, MAX_UINT32) }],
  ])('gives up on a track %s', (_, parts) => {
    expect(movie(trak(), trak(parts))).toBeNull()
  })

  it('counts no time of large samples beyond what is exact', () => {
    const entries = Array.from({ length: 3 }, () => [2 ** 23, 2 ** 30]).flat()
    expect(track({ stts: stts(...entries), stsz: box('stsz', uint32(0, 1, 3 * 2 ** 23)) })).toBeUndefined()
  })

  it('takes any bytes, and any change to a movie, without throwing', () => {
    const whole = join(mvhd(1000, 1000), trak(), trak({ hdlr: hdlr('soun') }))
    const changed = fc.array(fc.tuple(fc.nat({ max: whole.byteLength - 1 }), fc.nat({ max: 255 })), { maxLength: 8 }).chain((changes) =>
      fc.nat({ max: whole.byteLength }).map((length) => {
        const bytes = whole.slice()
        for (const [at, value] of changes) bytes[at] = value
        return bytes.subarray(0, length)
      }),
    )
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 200 }), changed), (bytes) => {
        const read = readMovie(bytes)
        expect(read === null || Number.isSafeInteger(read.duration)).toBe(true)
      }),
      { numRuns: 2000 },
    )
  })

  it('descends no further than a movie goes', () => {
    let nested = trak()
    for (let depth = 0; depth < 1000; depth += 1) nested = join(uint32(nested.byteLength + 8), text('trak'), nested)
    expect(movie(nested)).toBeNull()
  })
})

describe('readBoxHead', () => {
  it('reads sizes of 32 and of 64 bits', () => {
    expect(readBoxHead(box('free', new Uint8Array(8)), 16)).toEqual({ type: 'free', headerBytes: 8, bytes: 16 })
    const long = join(uint32(1), text('mdat'), uint32(2, 0))
    expect(readBoxHead(long, 2 ** 34)).toEqual({ type: 'mdat', headerBytes: 16, bytes: 2 ** 33 })
    expect(readBoxHead(long, 2 ** 33 - 1)).toBeNull()
    expect(readBoxHead(join(uint32(1), text('mdat'), uint32(MAX_UINT32, MAX_UINT32)), Number.MAX_SAFE_INTEGER)).toBeNull()
  })

  it('knows no box without an end, or without a head', () => {
    for (const size of [0, 1, 7, 17]) expect(readBoxHead(join(uint32(size), text('mdat')), 16)).toBeNull()
    expect(readBoxHead(new Uint8Array(7), 7)).toBeNull()
  })
})

it('majorBrand is the first word of a file type box', () => {
  expect(majorBrand(box('ftyp', text('isom'), uint32(512)))).toBe('isom')
  expect(majorBrand(box('ftyp'))).toBeNull()
})
