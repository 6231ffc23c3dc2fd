import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { errorLines, mostRepeatedLine } from '../../../src/ffmpeg/stderr.ts'

/** What FFmpeg really printed, each for the failure that its name says. */
function recorded(name: string): string {
  return readFileSync(new URL(`stderr/${name}.txt`, import.meta.url), 'utf8')
}

describe('errorLines shows why FFmpeg failed', () => {
  it.each([
    ['unknown-encoder', "Unknown encoder 'nope'"],
    ['missing-file', 'missing.mp4: No such file or directory'],
    [
      'unknown-filter',
      "[AVFilterGraph] No such filter: 'nofilter'\nError reinitializing filters!\nFailed to inject frame into filter network: Invalid argument\nError while processing the decoded data for stream #0:0",
    ],
    ['invalid-data', '[mov,mp4,m4a,3gp,3g2,mj2] moov atom not found\na.png: Invalid data found when processing input'],
    [
      'bad-option-value',
      `[libx264] [Eval] Undefined constant or missing '(' in 'abc'\n[libx264] Unable to parse option value "abc"\n[libx264] Error setting option crf to value abc.\nError initializing output stream 0:0 -- Error while opening encoder for output stream #0:0 - maybe incorrect parameters such as bit_rate, rate, width or height`,
    ],
    ['unconnected-output', 'Filter split has an unconnected output'],
    ['unknown-option', "Unrecognized option 'nosuch'.\nError splitting the argument list: Option not found"],
    ['no-such-stream', "Stream map '0:7' matches no streams.\nTo ignore this, add a trailing '?' to the map."],
    ['unknown-extension', "[NULL] Unable to find a suitable output format for 'o.qqq'\no.qqq: Invalid argument"],
    ['no-output', 'At least one output file must be specified'],
    ['format-not-allowed', '[png_pipe] Format not on whitelist\na.png: Invalid argument'],
  ])('%s', (name, expected) => {
    expect(errorLines(recorded(name))).toBe(expected)
  })

  it('names the codecs that the container takes', () => {
    expect(errorLines(recorded('codec-not-for-muxer'))).toContain('[webm] Only VP8 or VP9 or AV1 video')
  })

  it('says nothing of a run that went well', () => {
    expect(errorLines(recorded('success'))).toBe('')
  })

  it('says nothing of the libraries and fonts that draw text', () => {
    const lines = [
      'libass API version: 0x1701000',
      'libass source: tarball: 0.17.1',
      'Shaper: FriBidi 1.0.8 (SIMPLE)',
      'Using font provider fontconfig',
    ]
    const chatter = lines.map((line) => `[Parsed_subtitles_0 @ 0x1] ${line}\n`).join('')
    expect(
      errorLines(`${chatter}[Parsed_drawtext_0 @ 0x1] Using "/fonts/Sans.ttf"\n[Parsed_subtitles_0 @ 0x1] Unable to open a.srt\n`),
    ).toBe('[Parsed_subtitles_0] Unable to open a.srt')
  })

  it('finds an error that is glued to a progress line', () => {
    expect(errorLines('frame=  10 fps=0.0 q=0.0 size=  1kB time=00:00:01\rout.mp4: No space left on device\n')).toBe(
      'out.mp4: No space left on device',
    )
  })

  it('stays within 10 lines and 2000 characters, whatever FFmpeg prints', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ maxLength: 3000 })), (lines) => {
        const shown = errorLines(lines.join('\n'))
        expect(shown.length).toBeLessThanOrEqual(2000)
        expect(shown.split('\n').length).toBeLessThanOrEqual(10)
      }),
    )
  })
})

describe('mostRepeatedLine', () => {
  it.each<[what: string, stderr: string, line: string | null]>([
    [
      'finds lines that differ in numbers alone',
      '[a @ 0x1f] bad pts 1\nonce\n[a @ 0x1f] bad pts 2\n[a @ 0x1f] bad pts 3\n',
      '[a] bad pts 3',
    ],
    ['believes FFmpeg’s own count', 'moov gone\n    Last message repeated 7 times\nother\nother\nother\n', 'moov gone'],
    [
      'prefers the reason to what follows it',
      '[png @ 0x1] No signature\nError while decoding stream #0:0\n'.repeat(4),
      '[png] No signature',
    ],
    ['takes what there is', 'Error while decoding stream #0:0\n'.repeat(3), 'Error while decoding stream #0:0'],
    ['is silent where nothing is repeated', 'a\nb\na\n', null],
    ['passes over progress', 'frame= 1 fps=0\r'.repeat(9), null],
  ])('%s', (_, stderr, line) => {
    expect(mostRepeatedLine(stderr)).toBe(line)
  })
})
