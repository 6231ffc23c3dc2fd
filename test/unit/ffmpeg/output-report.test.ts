import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { reportedOutputs, reportMayMislead } from '../../../src/ffmpeg/output-report.ts'

const VIDEO = {
  type: 'video',
  codec: 'h264',
  pixelFormat: 'yuv420p',
  fullRange: false,
  width: 160,
  height: 90,
  attachedPicture: false,
}
const AUDIO = { type: 'audio', codec: 'aac', profile: 'LC', sampleRate: 44100, channels: 1 }

const HEADER = "Output #0, mp4, to 'out.mp4':\n"
const VIDEO_LINE =
  '  Stream #0:0(und): Video: h264 (avc1 / 0x31637661), yuv420p(tv, progressive), 160x90 [SAR 1:1 DAR 16:9], q=2-31, 25 fps, 12800 tbn (default)\n'
const AUDIO_LINE = '  Stream #0:1(und): Audio: aac (LC) (mp4a / 0x6134706D), 44100 Hz, mono, fltp, 69 kb/s (default)\n'

const read = (stderr: string) => Object.fromEntries(reportedOutputs(stderr))

/** The streams of an output with these lines alone; undefined if it is not understood. */
const streams = (...lines: string[]) => reportedOutputs(HEADER + lines.map((line) => `${line}\n`).join('')).get('out.mp4')?.streams

describe('reportedOutputs', () => {
  it('reads the report of a whole command', () => {
    const stderr = [
      "Input #0, lavfi, from 'testsrc':",
      '  Duration: N/A, start: 0.000000, bitrate: N/A',
      '  Stream #0:0: Video: wrapped_avframe, rgb24, 160x90 [SAR 1:1 DAR 16:9], 25 fps, 25 tbr, 25 tbn',
      'Stream mapping:',
      '  Stream #0:0 -> #0:0 (wrapped_avframe (native) -> h264 (libx264))',
      'Press [q] to stop, [?] for help',
      '[libx264 @ 0x55d0] using SAR=1/1',
      "Output #0, mp4, to 'file:out.mp4':",
      '  Metadata:',
      '    encoder         : Lavf61.7.100',
      VIDEO_LINE.trimEnd(),
      '      Metadata:',
      '        encoder         : Lavc61.19.100 libx264',
      '      Side data:',
      '        cpb: bitrate max/min/avg: 0/0/0 buffer size: 0 vbv_delay: N/A',
      AUDIO_LINE.trimEnd(),
      "Output #1, image2, to 'out.png':",
      '  Stream #1:0: Video: png, rgb24(pc, gbr/unknown/unknown, progressive), 160x90 [SAR 1:1 DAR 16:9], q=2-31, 200 kb/s, 25 fps, 25 tbn',
      '[out#0/mp4 @ 0x55d0] video:4KiB audio:9KiB subtitle:0KiB other streams:0KiB',
      '',
    ].join('\n')
    expect(read(stderr)).toEqual({
      'out.mp4': { muxer: 'mp4', streams: [VIDEO, AUDIO] },
      'out.png': { muxer: 'image2', streams: [{ ...VIDEO, codec: 'png', pixelFormat: 'rgb24', fullRange: true }] },
    })
  })

  it.each([
    [
      'with a stream id',
      '  Stream #0:0[0x1](und): Video: h264 (High) (avc1 / 0x31637661), yuv420p(progressive), 160x90, q=2-31, 25 fps',
      VIDEO,
    ],
    ['without a range', '  Stream #0:0: Video: h264, yuv420p, 160x90 [SAR 1:1 DAR 16:9], q=2-31, 25 fps, 12800 tbn', VIDEO],
    [
      'of cover art',
      '  Stream #0:0: Video: png (mp4v / 0x7634706D), rgb24(pc), 160x90, q=2-31, 25 fps, 12800 tbn (default) (attached pic)',
      { ...VIDEO, codec: 'png', pixelFormat: 'rgb24', fullRange: true, attachedPicture: true },
    ],
    ['of surround sound', '  Stream #0:0: Audio: aac (LC), 44100 Hz, 5.1(side), fltp', { ...AUDIO, channels: 6 }],
    ['of counted channels', '  Stream #0:0: Audio: aac (LC), 44100 Hz, 10 channels (FL+FR+FC), fltp', { ...AUDIO, channels: 10 }],
    ['of another profile', '  Stream #0:0: Audio: aac (HE-AAC) (mp4a / 0x6134706D), 44100 Hz, mono, fltp', { ...AUDIO, profile: 'HE-AAC' }],
    ['without a profile', '  Stream #0:0: Audio: aac (mp4a / 0x6134706D), 44100 Hz, mono', { ...AUDIO, profile: null }],
    ['of subtitles', '  Stream #0:0(eng): Subtitle: mov_text (tx3g / 0x67337874) (default)', { type: 'subtitle', codec: 'mov_text' }],
  ])('reads a stream %s', (_, line, stream) => {
    expect(streams(line)).toEqual([stream])
  })

  it.each([
    ['data', '  Stream #0:0: Data: bin_data (text / 0x74786574)'],
    ['another output’s', '  Stream #1:0: Subtitle: mov_text'],
    ['a later one', '  Stream #0:1: Subtitle: mov_text'],
    ['of an unknown size', '  Stream #0:0: Video: h264, yuv420p, 25 fps'],
    ['of an unknown pixel format', '  Stream #0:0: Video: h264, none, 160x90x3, 25 fps'],
    ['of an unknown layout', '  Stream #0:0: Audio: aac (LC), 44100 Hz, ambisonic 1, fltp'],
    ['of an unknown rate', '  Stream #0:0: Audio: aac (LC), mono, fltp'],
    ['of no codec', '  Stream #0:0: Video: '],
    ['in brackets that never close', `  Stream #0:0: Video: h264 (${'('.repeat(4)}, yuv420p, 160x90`],
  ])('does not guess at an output with a stream that is not understood: %s', (_, line) => {
    expect(streams(line)).toBeUndefined()
    expect(streams(VIDEO_LINE.trimEnd(), AUDIO_LINE.trimEnd(), line)).toBeUndefined()
  })

  it('takes the last word about a file, be it one that is not understood', () => {
    const again = HEADER.replace('#0', '#1')
    expect(read(HEADER + VIDEO_LINE + again + AUDIO_LINE.replace('#0:1', '#1:0'))).toEqual({
      'out.mp4': { muxer: 'mp4', streams: [AUDIO] },
    })
    expect(read(HEADER + VIDEO_LINE + again)).toEqual({})
  })

  it('does not read a line that is cut off, nor streams of inputs or of the mapping', () => {
    expect(read(`${HEADER}${VIDEO_LINE}${AUDIO_LINE.trimEnd()}`)['out.mp4']?.streams).toEqual([VIDEO])
    expect(read(`${HEADER}${VIDEO_LINE}Stream mapping:\n  Stream #0:0 -> #0:0 (copy)\n`)['out.mp4']?.streams).toEqual([VIDEO])
    expect(read(`${HEADER}${VIDEO_LINE}Input #1, mp4, from 'a':\n  Stream #0:1: x\n`)['out.mp4']?.streams).toEqual([VIDEO])
  })

  it('knows nothing of what stands behind a prefix', () => {
    expect(read((HEADER + VIDEO_LINE).replace(/^/gm, '[info] '))).toEqual({})
  })

  it('is not taken in by what stands in metadata, which is indented', () => {
    const metadata = `    title           : a\n                    : ${HEADER}                    : ${AUDIO_LINE}`
    expect(read(HEADER + metadata.replace(/\n(Out| {2}St)/g, '\n      $1') + VIDEO_LINE)['out.mp4']?.streams).toEqual([VIDEO])
  })

  it('keeps names as they are, those of prototypes included', () => {
    for (const name of ["it's.mp4", "a':.mp4", '__proto__', 'constructor', '../x'])
      expect([...reportedOutputs(`Output #0, mp4, to '${name}':\n${VIDEO_LINE}`).keys()]).toEqual([name])
  })

  it('takes any text', () => {
    const pieces = [
      HEADER,
      VIDEO_LINE,
      AUDIO_LINE,
      'Output #',
      '  Stream #0:0',
      '(',
      ')',
      '[',
      ', ',
      "'",
      ': ',
      'Video',
      '1x1',
      '\n',
      '\r',
      '\0',
      '\ud800',
    ]
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.constantFrom(...pieces), fc.string())), (parts) => {
        expect(reportedOutputs(parts.join(''))).toBeInstanceOf(Map)
      }),
    )
  })

  it('takes time that grows no faster than the text', () => {
    const attacks = [
      (n: number) => `Output #0, mp4, to '${"':".repeat(n)}\n`,
      (n: number) => `${HEADER}  Stream #0:0${'('.repeat(n)}\n`,
      (n: number) => `${HEADER}  Stream #0:0: Video: h264, yuv420p${'('.repeat(n)}${')'.repeat(n)}x, 1x1\n`,
      (n: number) => `${HEADER}  Stream #0:0: Video: h264, yuv420p, 1x1 []${' (]'.repeat(n)}\n`,
      (n: number) => `${HEADER}  Stream #0:0: Video: ${', '.repeat(n)}\n`,
      (n: number) => `${HEADER}  Stream #0:0: Audio: a (${'a'.repeat(n)}, 1 Hz, 1 channels (${')'.repeat(n)}x\n`,
      (n: number) => HEADER.repeat(n / HEADER.length),
      (n: number) => HEADER + VIDEO_LINE.repeat(n / VIDEO_LINE.length),
    ]
    // A quadratic reading of a million characters would outlast the test's own limit.
    for (const attack of attacks) expect(reportedOutputs(attack(1_000_000)).size).toBeLessThan(2)
  })
})

describe('reportMayMislead', () => {
  it.each([
    [['-i', 'a.mp4', '-c', 'copy', '-bsf:v', 'h264_metadata=video_full_range_flag=1', 'b.mp4']],
    [['-i', 'a.mp4', '-absf', 'aac_adtstoasc', 'b.mp4']],
    [['-i', 'a.mp4', '-x264-params', 'fullrange=on', 'b.mp4']],
    [['-i', 'a.mp4', '-x264opts', 'fullrange=on', 'b.mp4']],
    [['-i', 'a.mp4', '-movflags', '+faststart+use_metadata_tags', 'b.mp4']],
    [['-i', 'a.mp4', '-movflags', '4194304', 'b.mp4']],
  ])('%j', (argv) => {
    expect(reportMayMislead(argv)).toBe(true)
  })

  it('not where FFmpeg reads all that it is told', () => {
    expect(reportMayMislead(['-i', 'bsf', '-c:v', 'libx264', '-movflags', '+faststart', '-metadata', 'title=-x264-params', 'b.mp4'])).toBe(
      false,
    )
  })
})
