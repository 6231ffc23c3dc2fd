import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { hintFor } from '../../../src/ffmpeg/hints.ts'
import { problemLines } from '../../../src/ffmpeg/stderr.ts'
import { undrawnText } from '../../../src/ffmpeg/undrawn-text.ts'

/** What FFmpeg 5.1 really printed, each for the failure that its name says. */
function recorded(name: string): string {
  return problemLines(readFileSync(new URL(`stderr/${name}.txt`, import.meta.url), 'utf8')).join('\n')
}

const argvOf = (command: string) => command.split(' ')

describe('a riddle of FFmpeg is followed by what to write', () => {
  it.each<[said: string, command: string, hint: string]>([
    [
      '[AVHWDeviceContext] Cannot load libcuda.so.1\nDevice creation failed: -1.',
      '-hwaccel cuda -i a -c:v h264_nvenc -preset p5 o.mp4',
      'No GPU can be used here: write -c:v libx264 instead of h264_nvenc, -preset fast instead of p5 and leave out -hwaccel and its relatives',
    ],
    ["Unknown encoder 'hevc_videotoolbox'", '-i a -c:v hevc_videotoolbox o.mp4', 'write -c:v libx265 instead of hevc_videotoolbox'],
    [
      "Impossible to convert between the formats supported by the filter 'Parsed_null_0' and the filter 'auto_scale_0'",
      '-i a -c:v h264_vaapi o.mp4',
      'libx264 instead of h264_vaapi',
    ],
    [
      '[h264_qsv] Error initializing an internal MFX session: unsupported (-3)',
      '-i a -vcodec h264_qsv o.mp4',
      'libx264 instead of h264_qsv',
    ],
    ["Unknown encoder 'libfdk_aac'", '-i a -c:a libfdk_aac o.m4a', 'write aac instead of libfdk_aac'],
    ["Unknown encoder 'nope'", '-i a -c:v nope o.mp4', 'usual ones are libx264'],
    ['[ipod] Could not find tag for codec h264 in stream #0, codec not currently supported in container', '-i a.mp3 o.m4a', 'cover art'],
    [
      '[mp4] Could not find tag for codec subrip in stream #2, codec not currently supported in container',
      '-i a.mkv -c copy o.mp4',
      '-c:s mov_text',
    ],
    [
      '[mp4] Could not find tag for codec pcm_s16le in stream #1, codec not currently supported in container',
      '-i a.mkv -c copy o.mp4',
      'cannot hold pcm_s16le',
    ],
    ['[mp3] Invalid audio stream. Exactly one MP3 audio stream is required.', '-i a.mp4 -c copy o.mp3', 'leave out -c copy'],
    ["[NULL] Unable to find a suitable output format for 'out'", '-i a out', 'end it in one such as .mp4'],
    [
      "[AVFormatContext] Unable to choose an output format for 'out'; use a standard extension for the filename or specify the format manually.",
      '-i a out',
      'end it in one such as .mp4',
    ],
    ["[NULL] Requested output format 'mp5' is not a suitable output format", '-i a -f mp5 o', 'FFmpeg writes no format called mp5'],
    ["[NULL] Requested output format 'mp5' is not known.", '-i a -f mp5 o', 'FFmpeg writes no format called mp5'],
    ['[libx264] height not divisible by 2 (100x101)', '-i a o.mp4', 'scale=trunc(iw/2)*2:trunc(ih/2)*2'],
    [
      'x265 [error]: Picture width must be an integer multiple of the specified chroma subsampling',
      '-i a o.mp4',
      'an even width and height',
    ],
    ["[AVFilterGraph] No such filter: ''", '-i a -vf scale=1, o.mp4', 'remove the comma or semicolon'],
    ["[AVFilterGraph] No such filter: 'blurr'", '-i a -vf blurr o.mp4', 'No filter is called blurr'],
    ["[AVFilterGraph] No such filter: ' world'", '-i a -vf x o.mp4', 'single quotes inside of the graph'],
    ["[Parsed_scale_0] Option 'foo' not found", '-i a o.mp4', 'no option foo'],
    ["[AVFilterGraph] No option name near '30 Uhr'", '-i a o.mp4', 'A colon ended a value where it was meant as text, near "30 Uhr"'],
    ["Unrecognized option '-vf'.", '--vf x', 'write -vf'],
    ["Unrecognized option 'crf=23'.", '-crf=23', 'write -crf 23'],
    ["Unrecognized option 'foo'.", '-foo', 'no option -foo'],
    [
      "Stream map '0:a' matches no streams.",
      '-i a -map 0:a o.mp4',
      'no sound of that number: where it may be missing, end the map in a question mark (-map 0:a?)',
    ],
    ["Stream specifier ':a' in filtergraph description [0:a]volume=2[a] matches no streams.", '', '-f lavfi -i anullsrc'],
    ['Invalid file index 1 in filtergraph description [0:v][1:v]overlay.', '-i a o.mp4', 'refers to input 1, but has 1'],
    ['Filter split has an unconnected output', '', '-map "[label]"'],
    ["Filter 'split:output1' has output 1 (b) unconnected", '', '-map "[label]"'],
    ["Output with label 'v' does not exist in any defined filter graph, or was already used elsewhere.", '', 'No filter writes [v]'],
    ['Output file #0 does not contain any stream', '', 'an input without sound'],
    ['[out#0/mp3] Output file does not contain any stream', '', 'an input without sound'],
    ['Filtering and streamcopy cannot be used together.', '', 'leave out the copy'],
    ['[mov,mp4,m4a,3gp,3g2,mj2] moov atom not found', '', 'not complete'],
    ['[Parsed_drawtext_0] Cannot find a valid font for the family Sans', '', 'drawtext=fontfile={{in_font}}'],
    ['Too many packets buffered for output stream 0:1.', '', '-max_muxing_queue_size 9999'],
    ['[mp4] Application provided invalid, non monotonically increasing dts to muxer in stream 0: 5 >= 5', '', '-fflags +genpts'],
    [
      '[Parsed_concat_0] Input link in1:v0 parameters (size 321x241, SAR 1:1) do not match the corresponding output link in0:v0 parameters (320x240, SAR 1:1)',
      '',
      'scale=1280:720,setsar=1,fps=30',
    ],
    [
      "[AVFilterGraph] Error initializing filter 'drawtext' with args 'fontcolor=white:text={user: abc, id: 4}'",
      '',
      'drawtext=textfile={{in_text}}',
    ],
    ['Invalid input file index: 1.', '-i a -map 1:a o.mp4', 'refers to input 1, but has 1'],
    ["Stream specifier 'a' in filtergraph description [0:v]hue[a];[a]split[b] matches no streams.", '', 'No filter writes [a], or another'],
    ["[drawtext] [Eval] Missing ')' or too many args in 'between(t'", '', 'The value "between(t" ends before its parenthesis does'],
    ["[Parsed_scale_0] Invalid size 'if(gt(iw'", '', 'in single quotes inside of the graph'],
    ["[Parsed_ass_0] Could not create a libass track when reading file 'in_s.srt'", '', 'write subtitles in its place'],
    ["[mpegts] Invalid segment filename template 's.ts' you can try to use -strftime 1 with it", '', 'segment_%03d.ts'],
    ['Output a.mp4 same as Input #0 - exiting', '-i a.mp4 a.mp4', 'another name'],
    [
      "Impossible to convert between the formats supported by the filter 'graph 0 input from stream 0:0' and the filter 'auto_scale_0'",
      '-i a -vf scale_cuda=100:100 o.mp4',
      'write scale instead of scale_cuda',
    ],
  ])('%s', (said, command, hint) => {
    expect(hintFor(said, argvOf(command))).toContain(hint)
  })

  it.each([
    ['unknown-encoder', 'usual ones are'],
    ['unknown-filter', 'No filter is called nofilter'],
    ['invalid-data', 'not complete'],
    ['bad-option-value', 'abc is not a valid value for crf'],
    ['unconnected-output', 'Every label'],
    ['unknown-option', 'no option -nosuch'],
    ['no-such-stream', '-map 0:7?'],
    ['unknown-extension', 'the extension of the output'],
    ['no-output', 'names no output'],
    ['codec-not-for-muxer', 'libvpx-vp9'],
  ])('as it was recorded: %s', (name, hint) => {
    expect(hintFor(recorded(name), argvOf('-i a o.mp4'))).toContain(hint)
  })

  it.each([['missing-file'], ['format-not-allowed'], ['success']])('where FFmpeg’s own words do, there is none: %s', (name) => {
    expect(hintFor(recorded(name), argvOf('-i a o.mp4'))).toBeNull()
  })

  it.each([
    [
      "[drawtext] Cannot find color 'notacolor'\n[drawtext] Error setting option fontcolor to value notacolor.",
      'notacolor is not a valid value',
    ],
    ["[Parsed_drawtext_0] [Eval] Undefined constant or missing '(' in 'abc'", null],
  ])('a value of drawtext that is wrong is not taken for its text: %s', (said, hint) => {
    const lines = `${said}\n[AVFilterGraph] Error initializing filter 'drawtext' with args 'text=a'`
    const told = hintFor(lines, argvOf('-i a o.mp4'))
    if (hint === null) expect(told).toBeNull()
    else expect(told).toContain(hint)
  })

  it('a parenthesis that is closed is no reason', () => {
    expect(hintFor("[Eval] Missing ')' or too many args in 'gt(1,2,3)'", [])).toBeNull()
  })

  it('a command without a GPU is not told of one', () => {
    const said = "Impossible to convert between the formats supported by the filter 'a' and the filter 'b'"
    expect(hintFor(said, argvOf('-i a -c:v libx264 o.mp4'))).toBeNull()
  })
})

it('a text that drawtext leaves out is noticed, and nothing else is', () => {
  expect(undrawnText("[Parsed_drawtext_0] Stray % near ' off'\n[Parsed_drawtext_0] Stray % near ' off'")).toBe(
    "[Parsed_drawtext_0] Stray % near ' off'\nThe text was not drawn, since a % begins an expression in it: write drawtext=expansion=none:text=… to have the text drawn as it is",
  )
  expect(undrawnText('[Parsed_drawtext_1] %{foo} is not known')).toContain('expansion=none')
  expect(undrawnText("Stray % near ' off'")).toBeNull()
  expect(undrawnText('[Parsed_drawtext_0] Using "DejaVuSans.ttf"')).toBeNull()
})
