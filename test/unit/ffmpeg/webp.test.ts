import { describe, expect, it } from 'vitest'
import { mediaFacts } from '../../../src/ffmpeg/media.ts'
import { animationReport, readCanvas, readChunk, WEBP_HEAD_BYTES } from '../../../src/ffmpeg/webp.ts'

const uint24 = (value: number) => [value & 0xff, (value >> 8) & 0xff, value >> 16]
const uint32 = (value: number) => [...uint24(value & 0xffffff), value >>> 24]
const text = (characters: string) => [...characters].map((character) => character.charCodeAt(0))

function head({ flags = 0x02, type = 'WEBP', chunk = 'VP8X', bytes = 10 } = {}): Uint8Array {
  const canvas = [flags, 0, 0, 0, ...uint24(159), ...uint24(16_383)]
  return Uint8Array.from([...text('RIFF'), ...uint32(1000), ...text(type), ...text(chunk), ...uint32(bytes), ...canvas])
}

describe('readCanvas', () => {
  it('tells the size of an animation', () => {
    expect(readCanvas(head())).toEqual({ width: 160, height: 16_384, next: 30 })
  })

  it.each([
    ['a still', head({ flags: 0x10 })],
    ['a simple file', head({ chunk: 'VP8 ' })],
    ['another format', head({ type: 'WAVE' })],
    ['a head that is cut', head().subarray(0, WEBP_HEAD_BYTES - 1)],
    ['a chunk that is too short', head({ bytes: 4 })],
    ['nothing', new Uint8Array()],
  ])('is null for %s', (_, bytes) => {
    expect(readCanvas(bytes)).toBeNull()
  })
})

describe('readChunk', () => {
  const frame = (inner: string) => [...text('ANMF'), ...uint32(31), ...Array(12).fill(0), ...uint24(70_000), 0, ...text(inner)]

  it.each([
    ['VP8 ', 'yuv420p'],
    ['VP8L', 'argb'],
    ['ALPH', 'yuva420p'],
    ['????', null],
  ])('tells how long a frame of %j is shown, and skips the byte that pads it', (inner, pixelFormat) => {
    expect(readChunk(Uint8Array.from(frame(inner)))).toEqual({ bytes: 40, frame: { milliseconds: 70_000, pixelFormat } })
  })

  it('skips what is no frame, and ends where the file does', () => {
    expect(readChunk(Uint8Array.from([...text('EXIF'), ...uint32(2 ** 32 - 1)]))).toEqual({ bytes: 2 ** 32 + 8, frame: null })
    expect(readChunk(Uint8Array.from(text('ANMF')))).toBeNull()
  })
})

describe('animationReport', () => {
  const animation = { width: 160, height: 120, next: 30, frames: 20, milliseconds: 2000, pixelFormat: 'yuv420p', fileBytes: 25_000 }
  const facts = (change: Partial<typeof animation>) => {
    const { report, packets } = animationReport({ ...animation, ...change })
    return mediaFacts(report, 'a.webp', packets)
  }

  it('is read as an image with a length', () => {
    expect(facts({})).toMatchObject({
      file_type: 'image',
      file_format: 'webp',
      codec: 'webp',
      width: 160,
      height: 120,
      duration: 2,
      frame_rate: 10,
      bitrate_video_kb: 100,
    })
  })

  it('leaves open what was not counted to the end', () => {
    expect(facts({ milliseconds: 0 })).toMatchObject({ width: 160, duration: null, frame_rate: null, bitrate_video_kb: null })
  })
})
