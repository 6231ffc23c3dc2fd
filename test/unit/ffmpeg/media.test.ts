import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type MediaFacts, mediaFacts, mediaFactsSchema } from '../../../src/ffmpeg/media.ts'

const VIDEO = {
  codec_type: 'video',
  codec_name: 'h264',
  pix_fmt: 'yuv420p',
  width: 1280,
  height: 720,
  avg_frame_rate: '30000/1001',
  r_frame_rate: '30000/1001',
  bit_rate: '1500400',
  disposition: { attached_pic: 0 },
}
const AUDIO = { codec_type: 'audio', codec_name: 'aac', sample_rate: '48000', channels: 2, bit_rate: '128000', avg_frame_rate: '0/0' }
const PICTURE = { codec_type: 'video', codec_name: 'png', width: 500, height: 500, pix_fmt: 'rgb24', avg_frame_rate: '25/1' }

function report(format_name: string, ...streams: unknown[]): unknown {
  return { format: { format_name, duration: '12.500000', bit_rate: '1650000' }, streams }
}

describe('mediaFacts', () => {
  it('tells all that ffprobe says of a video', () => {
    expect(mediaFacts(report('mov,mp4,m4a,3gp,3g2,mj2', VIDEO, AUDIO), 'out.mp4')).toEqual({
      duration: 12.5,
      file_type: 'video',
      file_format: 'mp4',
      codec: 'h264',
      pixel_format: 'yuv420p',
      mime_type: 'video/mp4',
      width: 1280,
      height: 720,
      rotation: 0,
      frame_rate: 29.97,
      bitrate_video_kb: 1500,
      bitrate_audio_kb: 128,
      sample_rate: 48000,
      channels: 2,
    })
  })

  const kinds: [string, unknown, string, Partial<MediaFacts>][] = [
    ['WebM', report('matroska,webm', VIDEO), 'a.webm', { file_format: 'webm', mime_type: 'video/webm', file_type: 'video' }],
    ['Matroska', report('matroska,webm', VIDEO), 'a.mkv', { file_format: 'matroska', mime_type: 'video/x-matroska' }],
    ['QuickTime', report('mov,mp4,m4a,3gp,3g2,mj2', VIDEO), 'a.mov', { file_format: 'mov', mime_type: 'video/quicktime' }],
    ['M4A', report('mov,mp4,m4a,3gp,3g2,mj2', AUDIO), 'a.m4a', { file_type: 'audio', mime_type: 'audio/mp4', codec: 'aac' }],
    ['audio as MP4', report('mov,mp4,m4a,3gp,3g2,mj2', AUDIO), 'a.mp4', { file_type: 'audio', mime_type: 'video/mp4' }],
    ['WebM without a name of its kind', report('matroska,webm', AUDIO), 'a', { file_type: 'audio', mime_type: 'audio/x-matroska' }],
    [
      'MP3 with cover art',
      report('mp3', { ...AUDIO, codec_name: 'mp3' }, { ...PICTURE, disposition: { attached_pic: 1 } }),
      'a.mp3',
      { file_type: 'audio', codec: 'mp3', width: null, mime_type: 'audio/mpeg', pixel_format: null },
    ],
    [
      'PNG',
      report('png_pipe', PICTURE),
      'a.png',
      {
        file_type: 'image',
        file_format: 'png',
        mime_type: 'image/png',
        duration: null,
        frame_rate: null,
        bitrate_video_kb: null,
        width: 500,
      },
    ],
    [
      'JPEG',
      report('image2', { ...PICTURE, codec_name: 'mjpeg' }),
      'a.jpg',
      { file_type: 'image', file_format: 'jpeg', mime_type: 'image/jpeg' },
    ],
    [
      'GIF',
      report('gif', { ...PICTURE, codec_name: 'gif' }),
      'a.gif',
      { file_type: 'image', duration: 12.5, frame_rate: 25, mime_type: 'image/gif' },
    ],
    [
      'AVIF',
      {
        ...Object(report('mov,mp4,m4a,3gp,3g2,mj2', VIDEO)),
        format: { format_name: 'mov,mp4,m4a,3gp,3g2,mj2', tags: { major_brand: 'avif' } },
      },
      'a.avif',
      { file_type: 'image', file_format: 'avif', mime_type: 'image/avif' },
    ],
    ['Ogg audio', report('ogg', AUDIO), 'a.ogg', { mime_type: 'audio/ogg', file_type: 'audio' }],
    ['Ogg video', report('ogg', VIDEO), 'a.ogv', { mime_type: 'video/ogg', file_type: 'video' }],
    [
      'subtitles',
      report('srt', { codec_type: 'subtitle', codec_name: 'subrip' }),
      'a.srt',
      { file_type: 'subtitle', mime_type: 'application/x-subrip' },
    ],
    ['a playlist', report('hls', VIDEO), 'a.m3u8', { mime_type: 'application/vnd.apple.mpegurl' }],
    ['text', null, 'a.txt', { file_type: 'other', mime_type: 'text/plain', file_format: null }],
    ['anything else', null, 'a.bin', { file_type: 'other', mime_type: 'application/octet-stream' }],
    [
      'a rate in a tag',
      report('matroska,webm', { ...VIDEO, bit_rate: undefined, tags: { BPS: '900000' } }, AUDIO),
      'a.mkv',
      { bitrate_video_kb: 900 },
    ],
    [
      'the rate of a sole stream',
      report('wav', { ...AUDIO, bit_rate: undefined }),
      'a.wav',
      { bitrate_audio_kb: 1650, mime_type: 'audio/wav' },
    ],
  ]
  it.each(kinds)('%s', (_kind, probed, filename, expected) => {
    expect(mediaFacts(probed, filename)).toMatchObject(expected)
  })

  it('makes valid facts of any report', () => {
    const value = fc.oneof(fc.string(), fc.double(), fc.constant(null), fc.constant('N/A'), fc.constant(-1))
    const stream = fc.record(
      {
        codec_type: fc.constantFrom('video', 'audio', 1),
        width: value,
        avg_frame_rate: value,
        bit_rate: value,
        channels: value,
        tags: fc.anything(),
      },
      { requiredKeys: [] },
    )
    const any = fc.oneof(fc.anything(), fc.record({ streams: fc.array(fc.oneof(stream, fc.anything())), format: fc.anything() }))
    fc.assert(
      fc.property(any, fc.string(), (probed, name) => {
        expect(mediaFactsSchema.safeParse(mediaFacts(probed, name)).success).toBe(true)
      }),
    )
  })
})
