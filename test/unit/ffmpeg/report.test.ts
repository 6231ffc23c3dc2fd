import { describe, expect, it } from 'vitest'
import { MAX_REPORT_CHARACTERS, measurements, probeListing } from '../../../src/ffmpeg/report.ts'

const LOG = `Input #0, mov,mp4,m4a,3gp,3g2,mj2, from 'in_v.mp4':
  Metadata:
    major_brand     : isom
  Duration: 00:00:02.00, start: 0.000000, bitrate: 252 kb/s
  Stream #0:0[0x1](und): Video: h264 (avc1 / 0x31637661), yuv420p, 320x240, 25 fps (default)
Stream mapping:
  Stream #0:0 -> #0:0 (h264 (native) -> wrapped_avframe (native))
Press [q] to stop, [?] for help
[silencedetect @ 0x55a1] silence_start: 0
Output #0, null, to 'pipe:':
  Metadata:
    encoder         : Lavf59.27.100
  Stream #0:0: Video: wrapped_avframe, yuv420p, 320x240
frame=   50 fps=0.0 q=-0.0 Lsize=N/A time=00:00:02.02 bitrate=N/A speed=  44x\r
video:23kB audio:174kB subtitle:0kB other streams:0kB global headers:0kB muxing overhead: unknown
[out#0/null @ 0x55a3] video:23kB audio:174kB subtitle:0kB other streams:0kB global headers:0kB muxing overhead: unknown
[Parsed_ebur128_0 @ 0x55decf28e8c0] Summary:

  Integrated loudness:
    I:         -21.8 LUFS
[Parsed_loudnorm_0 @ 0x55edd1ae78c0]
{
\t"input_i" : "-21.80"
}
`

describe('measurements', () => {
  it('keeps what filters print, summaries with their indented lines, and drops listings, progress and addresses', () => {
    expect(measurements(LOG)).toBe(
      '[silencedetect] silence_start: 0\n[Parsed_ebur128_0] Summary:\n\n  Integrated loudness:\n    I:         -21.8 LUFS\n[Parsed_loudnorm_0]\n{\n\t"input_i" : "-21.80"\n}',
    )
  })

  it('is empty where nothing was measured', () => {
    expect(measurements(LOG.slice(0, LOG.indexOf('[silencedetect')))).toBe('')
    expect(measurements('')).toBe('')
  })

  it('keeps the end of a long log, in whole lines', () => {
    const line = '[Parsed_cropdetect_0 @ 0x55daa244b700] x1:0 x2:319 crop=320:240:0:0'
    const report = measurements(Array.from({ length: 5000 }, (_, n) => `${line} ${n}`).join('\n'))
    expect(report.length).toBeLessThanOrEqual(MAX_REPORT_CHARACTERS)
    expect(report.startsWith('[Parsed_cropdetect_0] x1')).toBe(true)
    expect(report.endsWith(' 4999')).toBe(true)
  })
})

it('the listing is the report of an ffprobe that was asked for nothing else, and never that of FFmpeg', () => {
  const listing = "Input #0, wav, from 'in_1.wav':\n  Duration: 00:00:01.00, bitrate: 705 kb/s\n  Stream #0:0: Audio: pcm_s16le"
  expect(probeListing(`ffprobe version 5.1\n${listing}\n`)).toBe(listing)
  expect(probeListing(`${listing}\nOutput #0, null, to 'pipe:':\n`)).toBe('')
  expect(probeListing('')).toBe('')
})
