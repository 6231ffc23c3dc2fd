import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { expectedDuration, inputDurations, parseProgress, percent } from '../../../src/ffmpeg/progress.ts'

const FIRST =
  'frame=1\nfps=0.00\nstream_0_0_q=-0.0\nbitrate=N/A\ntotal_size=N/A\nout_time_us=40000\nout_time_ms=40000\nout_time=00:00:00.040000\nspeed=N/A\nprogress=continue\n'
const LAST = 'frame=75\nfps=25.50\nout_time_us=3000000\nspeed=  25.6x\nprogress=end\n'

describe('parseProgress', () => {
  it('reads blocks, with null for N/A', () => {
    expect(parseProgress(FIRST + LAST)).toEqual({
      reports: [
        { frame: 1, fps: 0, outTimeSeconds: 0.04, speed: null },
        { frame: 75, fps: 25.5, outTimeSeconds: 3, speed: 25.6 },
      ],
      rest: '',
    })
  })

  it('knows no time before the first packet', () => {
    const [report] = parseProgress('out_time_us=-9223372036854775807\nspeed=N/A\nprogress=continue\n').reports
    expect(report).toEqual({ frame: null, fps: null, outTimeSeconds: null, speed: null })
    expect(parseProgress('out_time_us=N/A\nprogress=continue\n').reports[0]?.outTimeSeconds).toBeNull()
    expect(parseProgress('out_time_us=-23000\nprogress=continue\n').reports[0]?.outTimeSeconds).toBe(0)
  })

  it('reads the same however the stream is cut', () => {
    const text = FIRST + FIRST + LAST
    fc.assert(
      fc.property(fc.array(fc.nat({ max: text.length })), (cuts) => {
        const edges = [0, ...cuts.toSorted((a, b) => a - b), text.length]
        let rest = ''
        const reports = edges.slice(1).flatMap((end, i) => {
          const parsed = parseProgress(rest + text.slice(edges[i], end))
          rest = parsed.rest
          return parsed.reports
        })
        expect(reports).toEqual(parseProgress(text).reports)
        expect(rest).toBe('')
      }),
    )
  })
})

describe('inputDurations', () => {
  it('reads every input in order, null for N/A', () => {
    const stderr = [
      "Input #0, mov,mp4,m4a,3gp,3g2,mj2, from 'a.mp4':",
      '  Metadata:',
      '    Duration        : 00:09:00.00, forged',
      '  Duration: 01:02:03.50, start: 0.000000, bitrate: 122 kb/s',
      "Input #1, png_pipe, from 'a.png':",
      '  Duration: N/A, bitrate: N/A',
      "Input #2, wav, from 'a.wav':",
      '  Duration: 00:00:01.02, bitrate: 706 kb/s',
    ].join('\n')
    expect(inputDurations(stderr)).toEqual([3723.5, null, 1.02])
  })

  it('believes no number of an input that FFmpeg has not counted to', () => {
    const stderr = [
      'Input #4000000000, mov, from x:',
      '  Duration: 00:00:09.00, start: 0',
      'Input #0, mov, from a:',
      '  Duration: 00:00:01.00, start: 0',
      `Input #${'9'.repeat(400)}, mov, from x:`,
      '  Duration: 00:00:09.00, start: 0',
      'Input #1, mov, from b:',
      '  Duration: 00:00:02.00, start: 0',
    ].join('\n')
    expect(inputDurations(stderr)).toEqual([1, 2])
  })

  it('reads what FFmpeg really prints', () => {
    expect(inputDurations(readFileSync(new URL('stderr/success.txt', import.meta.url), 'utf8'))).toEqual([1])
  })
})

describe('expectedDuration', () => {
  const cases: [string, (number | null)[], number | null][] = [
    ['-i a.mp4 o.mp4', [10], 10],
    ['-i a.mp4 -i b.mp3 o.mp4', [10, 12], 12],
    ['-i a.mp4 -i b.mp3 -shortest o.mp4', [10, 12], 10],
    ['-ss 4 -i a.mp4 o.mp4', [10], 6],
    ['-ss 00:00:04 -to 00:00:07.5 -i a.mp4 o.mp4', [10], 3.5],
    ['-t 3 -i a.mp4 o.mp4', [10], 3],
    ['-sseof -2 -i a.mp4 o.mp4', [10], 2],
    ['-i a.mp4 -ss 4 -t 30 o.mp4', [10], 6],
    ['-i a.mp4 -ss 4 -to 6 o.mp4', [10], 2],
    ['-i a.mp4 -t 500ms o.mp4', [10], 0.5],
    ['-stream_loop 2 -i a.mp4 o.mp4', [10], 30],
    ['-stream_loop -1 -i a.mp4 o.mp4', [10], null],
    ['-stream_loop -1 -i a.mp4 -t 25 o.mp4', [10], 25],
    ['-stream_loop -1 -i a.mp4 -i b.mp3 -shortest o.mp4', [10, 12], 12],
    ['-loop 1 -i a.png o.mp4', [null], null],
    ['-loop 1 -t 5 -i a.png o.mp4', [null], 5],
    ['-loop 1 -i a.png -i b.mp3 -shortest o.mp4', [null, 12], 12],
    ['-i a.mp4 -i logo.png -filter_complex overlay o.mp4', [10, null], 10],
    ['-ignore_loop 0 -i a.gif -i b.mp4 -shortest o.mp4', [1, 7], 7],
    ['-f lavfi -i testsrc o.mp4', [null], null],
    ['-f lavfi -t 2 -i testsrc o.mp4', [null], 2],
    ['-f lavfi -i testsrc -t 2 o.mp4', [null], 2],
    ['-i a.mp4 -vf setpts=2*PTS o.mp4', [10], null],
    ['-i a.mp4 -vf setpts=2*PTS -t 4 o.mp4', [10], 4],
    ['-i a.mp4 -i b.mp4 -filter_complex [0][1]concat=n=2 o.mp4', [10, 5], 15],
    ['-i a.mp4 -i b.mp4 -filter_complex [0]trim=0:1[a];[a][1]concat=n=2 o.mp4', [10, 5], null],
    ['-i a.mp4 -t 2 o.mp4 -t 4 p.mp4', [10], 4],
    ['-i a.mp4', [10], null],
    ['', [], null],
  ]
  it.each(cases)('%s of %j is %s', (command, durations, expected) => {
    expect(expectedDuration(command.split(' ').filter(Boolean), durations)).toBe(expected)
  })

  it('never throws', () => {
    const word = fc.oneof(
      fc.constantFrom('-i', '-ss', '-t', '-to', '-shortest', '--', '-', 'o.mp4', '-stream_loop', '1:00', '-1'),
      fc.string(),
    )
    fc.assert(
      fc.property(fc.array(word), fc.array(fc.option(fc.nat())), (argv, durations) => {
        const expected = expectedDuration(argv, durations)
        expect(expected === null || expected >= 0).toBe(true)
      }),
    )
  })
})

describe('percent', () => {
  it('is the share written, within 0 and 100, null where unknown', () => {
    expect(percent(5, 10)).toBe(50)
    expect(percent(15, 10)).toBe(100)
    expect(percent(-1, 10)).toBe(0)
    expect(percent(null, 10)).toBeNull()
    expect(percent(5, null)).toBeNull()
    expect(percent(5, 0)).toBeNull()
  })
})
