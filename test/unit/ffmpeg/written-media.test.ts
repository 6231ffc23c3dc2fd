import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { mediaFacts } from '../../../src/ffmpeg/media.ts'
import type { Movie, Track } from '../../../src/ffmpeg/mp4.ts'
import type { ReportedAudio, ReportedStream, ReportedVideo } from '../../../src/ffmpeg/output-report.ts'
import { movieReport, rawSoundReport, soleStill, stillReport } from '../../../src/ffmpeg/written-media.ts'

const VIDEO: ReportedVideo = {
  type: 'video',
  codec: 'h264',
  pixelFormat: 'yuv420p',
  fullRange: false,
  width: 160,
  height: 90,
  attachedPicture: false,
}
const AUDIO: ReportedAudio = { type: 'audio', codec: 'aac', profile: 'LC', sampleRate: 48000, channels: 2 }

const PICTURE: Track = {
  rotation: 0,
  handler: 'vide',
  sampleEntry: 'avc1',
  media: { timescale: 30000, duration: 30030 },
  samples: 30,
  sampleBytes: 12_500,
  sampleDuration: 30030,
  sampleDelta: 1001,
}
const SOUND: Track = {
  ...PICTURE,
  handler: 'soun',
  sampleEntry: 'mp4a',
  media: { timescale: 48000, duration: 48048 },
  sampleDuration: 49152,
  sampleDelta: 1024,
}
const MOVIE: Movie = { timescale: 1000, duration: 1001, tracks: [PICTURE, SOUND] }

const report = (streams: ReportedStream[], movie: Partial<Movie> = {}, brand = 'isom') =>
  movieReport({ muxer: 'mp4', streams }, brand, { ...MOVIE, ...movie })

describe('movieReport', () => {
  it('says what ffprobe would', () => {
    expect(mediaFacts(report([VIDEO, AUDIO]), 'out.mp4')).toEqual({
      duration: 1.001,
      file_type: 'video',
      file_format: 'mp4',
      codec: 'h264',
      pixel_format: 'yuv420p',
      mime_type: 'video/mp4',
      width: 160,
      height: 90,
      rotation: 0,
      frame_rate: 29.97,
      bitrate_video_kb: 100,
      bitrate_audio_kb: 100,
      sample_rate: 48000,
      channels: 2,
    })
  })

  it('rounds the length to microseconds', () => {
    expect(report([VIDEO, AUDIO], { timescale: 3, duration: 2 })).toMatchObject({ format: { duration: 0.666667 } })
  })

  it.each<[string, ReportedStream[], Partial<Movie>, string?]>([
    ['fewer streams than tracks', [VIDEO], {}],
    ['more streams than tracks', [VIDEO, AUDIO, AUDIO], {}],
    ['streams in another order', [AUDIO, VIDEO], {}],
    ['another coding than reported', [VIDEO, AUDIO], { tracks: [{ ...PICTURE, sampleEntry: 'hvc1' }, SOUND] }],
    ['a codec of which nothing is known', [{ ...VIDEO, codec: 'constructor' }, AUDIO], {}],
    ['a pixel format that decoders name otherwise', [{ ...VIDEO, pixelFormat: 'nv12' }, AUDIO], {}],
    ['a full range', [{ ...VIDEO, fullRange: true }, AUDIO], {}],
    ['a profile that doubles the rate', [VIDEO, { ...AUDIO, profile: 'HE-AAC' }], {}],
    ['uncompressed sound', [VIDEO, AUDIO], { tracks: [PICTURE, { ...SOUND, sampleDelta: 1 }] }],
    ['a brand of pictures', [VIDEO, AUDIO], {}, 'avif'],
    ['no length to speak of', [VIDEO, AUDIO], { timescale: 2 ** 31 - 1, duration: 1 }],
    ['frame rates that FFmpeg rounds', [VIDEO, AUDIO], { tracks: [{ ...PICTURE, sampleDuration: 2 ** 32 - 5 }, SOUND] }],
    ['empty samples', [VIDEO, AUDIO], { tracks: [{ ...PICTURE, sampleBytes: 0 }, SOUND] }],
  ])('gives up on %s', (_, streams, movie, brand) => {
    expect(report(streams, movie, brand)).toBeNull()
  })
})

describe('a still', () => {
  const png = (width: number, colourType: number) =>
    Uint8Array.from([
      0x89,
      0x50,
      0x4e,
      0x47,
      13,
      10,
      26,
      10,
      0,
      0,
      0,
      13,
      0x49,
      0x48,
      0x44,
      0x52,
      0,
      0,
      0,
      width,
      0,
      0,
      0,
      90,
      8,
      colourType,
      0,
      0,
      0,
    ])
  const jpeg = (width: number) =>
    Uint8Array.from([0xff, 0xd8, 0xff, 0xe0, 0, 4, 1, 2, 0xff, 0xc0, 0, 17, 8, 0, 90, 0, width, 3, 1, 0x22, 0])
  const PNG = { ...VIDEO, codec: 'png', pixelFormat: 'rgb24' }
  const JPEG = { ...VIDEO, codec: 'mjpeg', pixelFormat: 'yuvj420p', fullRange: true }

  it('is the one picture of a file with its own extension', () => {
    expect(soleStill({ muxer: 'image2', streams: [PNG] }, 'a.PNG')).toBe(PNG)
    expect(soleStill({ muxer: 'image2', streams: [JPEG] }, 'a.jpeg')).toBe(JPEG)
    for (const name of ['a.jpg', 'a.webp', 'a']) expect(soleStill({ muxer: 'image2', streams: [PNG] }, name)).toBeNull()
    expect(soleStill({ muxer: 'image2', streams: [PNG, PNG] }, 'a.png')).toBeNull()
    expect(soleStill({ muxer: 'apng', streams: [PNG] }, 'a.png')).toBeNull()
  })

  it('has the pixel format that a decoder gives it', () => {
    expect(stillReport(PNG, png(160, 2))).toMatchObject({ streams: [{ pix_fmt: 'rgb24', width: 160, height: 90 }] })
    expect(stillReport(JPEG, jpeg(160))).toMatchObject({ streams: [{ pix_fmt: 'yuvj420p' }] })
    expect(stillReport({ ...JPEG, pixelFormat: 'yuv420p' }, jpeg(160))).toMatchObject({ streams: [{ pix_fmt: 'yuvj420p' }] })
  })

  it('is not described where its bytes say otherwise', () => {
    expect(stillReport(PNG, png(161, 2))).toBeNull()
    expect(stillReport(PNG, png(160, 6))).toBeNull()
    expect(stillReport(PNG, png(160, 5))).toBeNull()
    expect(stillReport(PNG, jpeg(160))).toBeNull()
    expect(stillReport(JPEG, png(160, 2))).toBeNull()
    expect(stillReport(JPEG, jpeg(161))).toBeNull()
    expect(stillReport({ ...JPEG, pixelFormat: 'yuv420p', fullRange: false }, jpeg(160))).toBeNull()
  })

  it('may begin with any bytes', () => {
    const start = fc.constantFrom([], [...png(160, 2)].slice(0, 16), [0xff, 0xd8, 0xff], [...jpeg(160)].slice(0, 12))
    fc.assert(
      fc.property(start, fc.uint8Array({ maxLength: 64 }), (bytes, rest) => {
        const head = Uint8Array.from([...bytes, ...rest])
        for (const still of [PNG, JPEG]) expect(() => stillReport(still, head)).not.toThrow()
      }),
    )
  })
})

describe('raw sound', () => {
  const sound = (codec: string): ReportedAudio => ({ type: 'audio', codec, profile: null, sampleRate: 8000, channels: 2 })

  it.each([
    ['s16le', 256_000, 256],
    ['s24be', 384_000, 384],
    ['u8', 128_000, 128],
    ['f32le', 512_000, 512],
    ['f64be', 1_024_000, 1024],
    ['mulaw', 128_000, 128],
  ])('%s lasts as long as its size tells', (muxer, bits, kilobits) => {
    const facts = mediaFacts(rawSoundReport({ muxer, streams: [sound(`pcm_${muxer}`)] }, bits / 4), 'a.pcm')
    const told = { file_type: 'audio', codec: `pcm_${muxer}`, duration: 2, bitrate_audio_kb: kilobits }
    expect(facts).toMatchObject({ ...told, sample_rate: 8000, channels: 2 })
  })

  it('is no other output', () => {
    for (const muxer of ['wav', 'srt', 'sbc', 'f16le', 'rawvideo'])
      expect(rawSoundReport({ muxer, streams: [sound('pcm_s16le')] }, 4), muxer).toBeNull()
    expect(rawSoundReport({ muxer: 's16le', streams: [sound('a'), sound('b')] }, 4)).toBeNull()
  })
})
