/**
 * What to do about errors of FFmpeg that say what happened and not what to write instead. The wordings are those of releases 4 to 8, each from
 * FFmpeg's own sources (`fftools`, `libavformat`, `libavcodec`, `libavfilter`). Pure, in time linear in the text.
 */
import { isForGpu, otherContainer, otherEncoder, usesGpu, withoutGpu, withoutGpuFilter } from './codec-hints.ts'
import { FailedCommand } from './failed-command.ts'
import { FILTER_CLUES } from './filter-hints.ts'

interface Clue {
  /** What one of FFmpeg's lines says. */
  says: RegExp
  /** One sentence without a full stop; null where it does not apply to this command after all. */
  hint: (match: RegExpExecArray, command: FailedCommand) => string | null
}

const KIND_OF_STREAM: ReadonlyMap<string, string> = new Map([
  ['v', 'video'],
  ['a', 'sound'],
  ['s', 'subtitles'],
])

/** @param specifier such as `0:a`, `1:v:0`, `:a` */
function missingStream(specifier: string, inFilter: boolean): string {
  const kind = KIND_OF_STREAM.get(/(?:^|:)([vas])(?::|$)/.exec(specifier)?.[1] ?? '')
  const what = kind === undefined ? 'no such stream' : `no ${kind} of that number`
  if (!inFilter) return `The input has ${what}: where it may be missing, end the map in a question mark (-map ${specifier}?)`
  return kind === 'sound'
    ? `The input has ${what}: leave that part out of the filter graph, or give it silence as an input (-f lavfi -i anullsrc, with -shortest)`
    : `The input has ${what}: inputs are counted from 0, and so are the streams of one kind`
}

/** The first that fits is shown, so what is special comes before what is general. */
const CLUES: readonly Clue[] = [
  {
    says: /Cannot load (?:lib)?(?:cuda|nvcuda|nvcuvid|nvidia-encode|amfrt)|No NVENC capable devices|internal MFX session|No VA display found|Failed to initialise VAAPI|Device creation failed|DLL amfrt|No device available for decoder|Cannot open the drm device|Could not find a valid device/i,
    hint: (_, command) => withoutGpu(command),
  },
  {
    says: /Unknown (?:en|de)coder '([^']{1,60})'/,
    hint: ([, name = ''], command) => (isForGpu(name) ? withoutGpu(command) : null),
  },
  {
    says: /Impossible to convert between the formats|Unrecognized hwaccel|Unsupported hwaccel/i,
    hint: (_, command) => (usesGpu(command) ? withoutGpu(command) : null),
  },
  { says: /Impossible to convert between the formats/i, hint: (_, command) => withoutGpuFilter(command) },
  { says: /Unknown encoder '([^']{1,60})'/, hint: ([, name = '']) => otherEncoder(name) },
  { says: /invalid preset '(p[1-7])'/, hint: () => 'This preset belongs to encoders of GPUs: write -preset fast, medium or slow' },
  {
    says: /^\[(\w+)\] Could not find tag for codec (\w+) in stream/m,
    hint: ([, muxer = '', codec = ''], command) => otherContainer(muxer, codec, command),
  },
  {
    says: /Invalid audio stream\. Exactly one MP3 audio stream is required|Unsupported codec id in stream \d|only supports? one (?:audio )?stream|muxer supports only (?:one|codec)/i,
    hint: (_, command) =>
      command.isForSoundAlone
        ? 'This kind of file holds sound of one kind alone: leave out -c copy and -c:a so that FFmpeg encodes it, and write -vn before the output’s name'
        : null,
  },
  { says: /Only VP8 or VP9 or AV1 video/, hint: () => 'For a webm, write -c:v libvpx-vp9 -c:a libopus, or name the output .mp4' },
  {
    says: /Unable to (?:find a suitable|choose an) output format for '([^']{0,200})'/,
    hint: () => 'FFmpeg goes by the extension of the output’s name: end it in one such as .mp4 or .mp3, or write -f and a format before it',
  },
  {
    says: /Requested output format '([^']{1,60})' is not/,
    hint: ([, name = '']) => `FFmpeg writes no format called ${name}: leave -f out, and it goes by the extension of the output’s name`,
  },
  {
    says: /(?:width|height) not divisible by 2|Picture (?:width|height) must be an integer multiple of the specified chroma subsampling/,
    hint: () =>
      'This encoder takes an even width and height only: end the filters in scale=trunc(iw/2)*2:trunc(ih/2)*2, or write -2 for the side of a scale that is to follow the other',
  },
  ...FILTER_CLUES,
  {
    says: /Unrecognized option '([^']{1,60})'/,
    hint: ([, name = '']) => {
      const plain = name.replace(/^-/, '')
      if (plain !== name) return `FFmpeg’s options have one hyphen: write -${plain}`
      const equals = name.indexOf('=')
      return equals > 0
        ? `An option and its value are two words: write -${name.slice(0, equals)} ${name.slice(equals + 1)}`
        : `FFmpeg has no option -${name}: check its spelling, and that the encoder has it`
    },
  },
  { says: /Stream map '([^']{0,60})' matches no streams/, hint: ([, specifier = '']) => missingStream(specifier || '0:a', false) },
  {
    says: /Stream specifier '([^']{0,60})' in filtergraph/,
    hint: ([, specifier = '']) => missingStream(specifier, true),
  },
  {
    says: /Invalid (?:input )?file index:? (\d{1,6})/,
    hint: ([, index = ''], { inputCount }) => `The command refers to input ${index}, but has ${inputCount}: inputs are counted from 0`,
  },
  {
    says: /Cannot find a matching stream for unlabeled input pad|Cannot find an unused (?:video|audio) input stream/i,
    hint: () => 'A filter lacks an input: write the streams that it is to read before it, such as [0:v][1:v]',
  },
  {
    says: /has an unconnected output|has output \d+ [^\n]{0,100}unconnected/,
    hint: () => 'Every label that the graph writes must be read: by a filter, or by a -map "[label]" before an output',
  },
  {
    says: /Output with label '([^']{1,60})' does not exist/,
    hint: ([, label = '']) => `No filter writes [${label}], or another one has read it: map the label that the last filter writes, once`,
  },
  {
    says: /Output file (?:#\d+ )?does not contain any stream/,
    hint: () =>
      'The input has none of the streams that the output asks for: an input without sound has nothing left after -vn, for example',
  },
  {
    says: /At least one output file must be specified/,
    hint: () => 'The command names no output: end it in the placeholder of one, such as {{out_1}}',
  },
  {
    says: /Filtering and streamcopy cannot be used together|but codec copy was selected/,
    hint: () => 'What passes a filter must be encoded: leave out the copy, such as -c:v libx264 instead of -c:v copy',
  },
  {
    says: /cannot be used together for the same stream/,
    hint: () => 'Put the filters of -vf or -af into the -filter_complex, after a comma',
  },
  {
    says: /Automatic encoder selection failed/,
    hint: () =>
      'FFmpeg has no encoder here for what this kind of file usually holds: choose another kind, such as .mp4 or .m4a, or name an encoder with -c:v or -c:a',
  },
  {
    says: /moov atom not found/,
    hint: () =>
      'The file is not complete, or no MP4: an MP4 that is cut off while it is recorded or uploaded lacks its index; make or upload it again',
  },
  {
    says: /Cannot find a valid font|Could not load font|No font filename provided|Could not set font size|Glyph .{0,40} not found|Fontconfig error/,
    hint: () => 'The font is not there: declare it as an input, and write drawtext=fontfile={{in_font}}',
  },
  { says: /Too many packets buffered for output stream/, hint: () => 'Write -max_muxing_queue_size 9999 before the output’s name' },
  {
    says: /invalid, non monotonically increasing dts|Non-monotonous DTS|Non-monotonic DTS|Can't write packet with unknown timestamp/,
    hint: () => 'The timestamps of the input are out of order: write -fflags +genpts before its -i, or encode instead of -c copy',
  },
  {
    says: /Invalid too big or non positive size for width/,
    hint: () => 'The crop is larger than the picture: crop less, or scale before it',
  },
  {
    says: /link in\d+:v\d+ parameters \(size|do not match the corresponding (?:output|second input) link/,
    hint: () => 'All parts must have the same size, pixel shape and frame rate: put scale=1280:720,setsar=1,fps=30 before each of them',
  },
  { says: /Specified sample rate \d+ is not supported/, hint: () => 'Write -ar 44100 or -ar 48000' },
  {
    says: /Error initializing filter 'drawtext'/,
    hint: ({ input }) =>
      // What FFmpeg could not evaluate or look up stands in another value than the text.
      /\[Eval\]|Cannot find color|Error setting option/.test(input)
        ? null
        : 'A colon or a quote in the text of drawtext ended the text: put the text into a file that is an input, and write drawtext=textfile={{in_text}}',
  },
  {
    says: /Error setting option (\w{1,40}) to value ([^\n]{1,60}?)\.?$/m,
    hint: ([, name = '', value = '']) => `${value} is not a valid value for ${name}`,
  },
  {
    says: /Invalid segment filename template/,
    hint: () => 'Segments need names of their own: write a number into them, such as -hls_segment_filename segment_%03d.ts',
  },
  { says: /same as Input #\d/, hint: () => 'An output needs another name than the inputs' },
  { says: /No space left on device|File too large/, hint: () => 'The output has become larger than a command may write' },
]

/**
 * What to do about the error, as one line; null where FFmpeg’s own words have to do.
 * @param said FFmpeg's lines without the addresses of its objects, as `problemLines` answers them
 */
export function hintFor(said: string, argv: readonly string[]): string | null {
  const command = new FailedCommand(argv)
  for (const { says, hint } of CLUES) {
    const match = says.exec(said)
    const answer = match === null ? null : hint(match, command)
    if (answer !== null) return answer
  }
  return null
}
