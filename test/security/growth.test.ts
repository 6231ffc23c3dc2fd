import { describe, expect, it } from 'vitest'
import { Wrapping } from '../../container/archive-names.ts'
import { ValidationError } from '../../src/api/errors.ts'
import { jsonFault } from '../../src/api/json-syntax.ts'
import { meantFor } from '../../src/api/misspelt.ts'
import { parseChain } from '../../src/api/parse-submit.ts'
import { plainAlias, plainFilename } from '../../src/api/suggestions.ts'
import { urlFault } from '../../src/api/usable-url.ts'
import { parseArgv } from '../../src/ffmpeg/argv.ts'
import { compileCommands } from '../../src/ffmpeg/command.ts'
import { concatParts } from '../../src/ffmpeg/concat-list.ts'
import { endlessness } from '../../src/ffmpeg/endless.ts'
import { checkProbe, guardProbe } from '../../src/ffmpeg/ffprobe.ts'
import { isNestedName, isPlainName, looksLikePath } from '../../src/ffmpeg/filenames.ts'
import { filterCommands, parseDictionary, parseFilterOptions, parseGraph, unclosedQuote } from '../../src/ffmpeg/filtergraph.ts'
import { readsUnnamedInputs } from '../../src/ffmpeg/fonts-folder.ts'
import { guardInputs } from '../../src/ffmpeg/guards.ts'
import { hintFor } from '../../src/ffmpeg/hints.ts'
import { hlsParts } from '../../src/ffmpeg/hls-playlist.ts'
import { unjoinedFiles } from '../../src/ffmpeg/joined-inputs.ts'
import { keyInfoParts } from '../../src/ffmpeg/key-info.ts'
import { showErrors } from '../../src/ffmpeg/log-level.ts'
import { type ManifestFormat, manifestParts } from '../../src/ffmpeg/manifest.ts'
import { manifestOutput } from '../../src/ffmpeg/manifest-companions.ts'
import { writtenManifests } from '../../src/ffmpeg/manifest-outputs.ts'
import { reportedOutputs, reportMayMislead } from '../../src/ffmpeg/output-report.ts'
import { pastEnd, wroteNothing } from '../../src/ffmpeg/past-end.ts'
import { aliasesIn, replacedLength, replacePlaceholders } from '../../src/ffmpeg/placeholders.ts'
import { checkPolicy } from '../../src/ffmpeg/policy.ts'
import { toldAsWhole } from '../../src/ffmpeg/policy-cut-values.ts'
import { checkFile } from '../../src/ffmpeg/policy-values.ts'
import { splitProgram } from '../../src/ffmpeg/program.ts'
import { expectedDuration, inputDurations, parseProgress } from '../../src/ffmpeg/progress.ts'
import { measurements } from '../../src/ffmpeg/report.ts'
import { DeclaredNames, meaningOf } from '../../src/ffmpeg/script-names.ts'
import { withoutTargets, withScripts } from '../../src/ffmpeg/scripts.ts'
import { settledArgv } from '../../src/ffmpeg/settled-argv.ts'
import { errorLines, mostRepeatedLine, problemLines } from '../../src/ffmpeg/stderr.ts'
import { strayWords } from '../../src/ffmpeg/stray-words.ts'
import { parseTee } from '../../src/ffmpeg/tee.ts'
import { tokenise } from '../../src/ffmpeg/tokenise.ts'
import { undrawnText } from '../../src/ffmpeg/undrawn-text.ts'
import { contentHeaders } from '../../src/files/content.ts'
import { filenameOfUrl, storedFilename } from '../../src/files/filename.ts'
import { formBoundary, MalformedForm, MultipartForm } from '../../src/files/multipart-form.ts'
import { ifNoneMatch, ifRangeHolds, parseRange } from '../../src/files/range.ts'
import { checkUrl, parseOrigins } from '../../src/outbound/address.ts'
import { quotedError } from '../../src/outbound/error-body.ts'
import { redact, redactUrl } from '../../src/outbound/redact.ts'
import { growth } from './growth.ts'

const ALLOWED = parseOrigins('')
const SCOPE = { inputs: new Set(['in_a.mp4']), outputs: new Set(['o.mp4']), workingNames: true, folders: true }
const FILES = new Map([['in_a', 'in_a.mp4']])
const SETTLING = { inputs: new Set(['in_a.mp4']), spareInputs: true }
const NAMES = new DeclaredNames({ inputs: { in_a: 'in_a.mp4' }, outputs: {}, sources: { in_a: 'https://a.example/a.mp4' } })
const argvOf = (text: string) => text.split(' ')
const policy = (argv: string[]) => [...checkPolicy(argv, SCOPE)]

function form(headers: string): string {
  return `--x\r\n${headers}\r\n\r\nbody\r\n--x--\r\n`
}

function readForm(text: string): void {
  const parts = new MultipartForm('x')
  try {
    parts.push(new TextEncoder().encode(text))
  } catch (error) {
    if (!(error instanceof MalformedForm)) throw error
  }
}

function notJson(text: string): void {
  try {
    JSON.parse(text)
  } catch (error) {
    jsonFault(text, error)
  }
}

/** Of a chain whose second command has what is given. */
function chainFaults(step: object): void {
  try {
    parseChain({ commands: [{ ffmpeg_command: '{{in_a}} {{out_b}}', input_files: { in_a: 'x' }, output_files: { out_b: 'b' } }, step] })
  } catch (error) {
    if (!(error instanceof ValidationError)) throw error
  }
}

const partsOf = (format: ManifestFormat) => (text: string) => [...manifestParts(format, text)]

/** What is repeated; in the place of a text, what makes one of a number of repetitions. */
type Attack = string | ((n: number) => string)

/** Texts that a backtracking or rescanning reader would read again and again. */
const RUNS: Attack[] = [
  'a',
  ' ',
  '/',
  '.',
  ':',
  '=',
  "'",
  '"',
  '\\',
  '{{',
  '{{a',
  '\\{\\{ ',
  '<<in_a',
  '[',
  ';',
  '-i ',
  'a=b:',
  'a.b.',
  '\n',
  '#',
]

const PARSERS: [name: string, run: (text: string) => unknown, attacks: Attack[]][] = [
  [
    'tokenise',
    tokenise,
    [
      ...[...RUNS, 'a ', '\\\n', "'a'", '\\ ', '^ ', '^ \n', '\u200b', 'a\u200b', '.\\a', 'C:\\a '],
      ...[(n: number) => `'${'a"'.repeat(n)}`, (n: number) => `^${' '.repeat(n)}`, (n: number) => `\\${' '.repeat(n)}x`],
    ],
  ],
  ['aliasesIn', aliasesIn, RUNS],
  ['replacePlaceholders', (text) => replacePlaceholders(text, () => 'x'), [...RUNS, '{{in_a}}']],
  ['replacedLength', (text) => replacedLength(text, () => 1), [...RUNS, '{{in_a}}']],
  ['splitProgram', (text) => splitProgram(argvOf(text)), ['ffmpeg ', '$ ', '/', '\\a']],
  [
    'strayWords',
    (text) => [...strayWords({ argv: argvOf(text), raws: argvOf(text), files: FILES })],
    [...RUNS, '{{ a ', '{{ a }} ', '-t {{ a ', '$a ', '– ', '"a ', '-a\\n b ', 'a; ', '{a', '<a', '$(', '`', '%a', 'ffmpeg '],
  ],
  [
    'settledArgv',
    (text) => settledArgv(argvOf(text), SETTLING),
    ['-n ', '-progress - ', './a ', './', '-i concat:./a| ', '-vf fontsdir= '],
  ],
  [
    'settledArgv of a graph',
    (text) => settledArgv(['-vf', text, 'o'], SETTLING),
    [
      ...RUNS,
      'ass=fontsdir=',
      "ass=fontsdir='",
      'ass=fontsdir=\\',
      (n) => `ass=fontsdir=${'\\'.repeat(n)}`,
      (n) => `ass=${'fontsdir '.repeat(n)}`,
    ],
  ],
  ['readsUnnamedInputs', (text) => readsUnnamedInputs(['-vf', text, 'o']), [...RUNS, 'ass=a:', 'ass=fontsdir=,']],
  ['writtenManifests', (text) => writtenManifests([argvOf(text)]), ['a.m3u8 ', '-f hls a ', '-segment_list a.m3u8 ']],
  [
    'toldAsWhole',
    (text) => toldAsWhole([{ token: 'http', msg: 'x' }], 'subtitles', text, SCOPE),
    [...RUNS, 'http:', 'http\\', ':a=', (n) => `http${'\\'.repeat(n)}`, (n) => `http://${':a'.repeat(n)}`, (n) => `${'a'.repeat(n)}://`],
  ],
  ['parseArgv', (text) => parseArgv(argvOf(text)), ['-i a ', '-y ', 'a ', '-a b ', '-- ', '- ']],
  ['guardInputs', (text) => guardInputs(argvOf(text)), ['-f x -i a ', '-f concat -y ', '-y ']],
  ['checkProbe', (text) => [...checkProbe(argvOf(text), SCOPE)], ['-i a ', '-of json ', 'a ', '-f x ', '-a:', '-nono ']],
  ['guardProbe', (text) => guardProbe(argvOf(text)), ['-f x ', '-of a ', 'a ']],
  ['measurements', measurements, [...RUNS, '[a @ 0x1] ', 'video:', 'Input #1, \n', ' @ 0x1']],
  ['parseGraph', parseGraph, [...RUNS, 'scale=1,', '[a]b[c];', "a='b',", 'a@b=', 'a   ']],
  ['unclosedQuote', unclosedQuote, [...RUNS, "''", "'a", (n) => `'${'\\'.repeat(n)}`]],
  ['parseFilterOptions', parseFilterOptions, [...RUNS, 'a:', 'a b:', "'a':", ' a =']],
  [
    'manifestParts of HLS',
    partsOf('hls'),
    [...RUNS, '?', '#EXT-X-MAP:URI="', 'a.ts\n', '#EXTINF:1,\n', (n) => `#EXTM3U\n${'?'.repeat(n)}\rx`],
  ],
  [
    'manifestOutput, and its prefixes',
    (text) => [...manifestParts('hls', text, manifestOutput([argvOf(text)], 'o').prefixes)],
    ['-hls_base_url a ', (n) => Array.from({ length: n }, (_, i) => `-hls_base_url ${i} o `).join('\n'), '-f tee [a=b]o|p '],
  ],
  ['manifestParts of DASH', partsOf('dash'), [...RUNS, ' media="', ' media="$N$"', '<BaseURL ', '<BaseURL>&a', '$$']],
  ['parseDictionary', parseDictionary, [...RUNS, 'a:', '\\=']],
  ['filterCommands', (text) => [...filterCommands(text)], [...RUNS, '0 a b c;', '# a\n', '[a] b c,', '1-2 [', ',']],
  ['jsonFault', notJson, [...RUNS, '[', '{"a":', '{"a": x', '"', (n) => `{"a": "${'x'.repeat(n)}" "`]],
  ['urlFault', (text) => urlFault(text, ALLOWED), [...RUNS, 'a.', 'a-', '{{out_a}}', ' http', 'https://', (n) => `{{out_${'a'.repeat(n)}`]],
  ['plainFilename', plainFilename, [...RUNS, '%03d', '-', '?', 'é']],
  ['plainAlias', (text) => plainAlias('in', text), [...RUNS, '_', 'in_', 'é']],
  ['meantFor', (text) => meantFor('ffmpeg_command', { [text]: 1 }), [...RUNS, '_', 'ffmpeg']],
  [
    'a body of many unknown fields',
    (text) => meantFor('ffmpeg_command', Object.fromEntries(argvOf(text).map((_, n) => [`${n}`, 1]))),
    ['a '],
  ],
  [
    'parseChain',
    (text) => chainFaults({ ffmpeg_command: `{{in_a}} ${text}`, input_files: { in_a: text }, output_files: { out_a: 'a' } }),
    [...RUNS, '{{in_a}}', '{{out_b}}'],
  ],
  ['concatParts', (text) => [...concatParts(text)], [...RUNS, 'file a\n', "file '", "file 'a' b\n", 'chapter 1 2 3 ', 'duration 1:']],
  [
    'hlsParts',
    (text) => [...hlsParts(text)],
    [
      ...RUNS,
      '#EXTINF:1,\na\n',
      (n) => `#EXT-X-MAP:${'URI="a",'.repeat(n)}`,
      (n) => `#EXT-X-KEY:${' ,'.repeat(n)}`,
      (n) => `#EXTINF:${'1'.repeat(n)}`,
    ],
  ],
  ['keyInfoParts', (text) => [...keyInfoParts(text)], RUNS],
  ['meaningOf', (text) => meaningOf(text, 'a/b', NAMES), [...RUNS, './', '../', '%', '%41', '{{in_a}}', '[%']],
  ['withoutTargets', withoutTargets, [...RUNS, '.script-0-0-', '.script-0-inner-0-a.txt', '.script-0-0-a.tx']],
  ['parseTee', parseTee, [...RUNS, '|', '[a=b]', '[f=mp4]a|', '[a=b:', ' a =']],
  ['withScripts', (text) => withScripts(['-vf', text, 'o'], 0, 'slash'), [...RUNS, 'sendcmd=f=a,', "sendcmd='':a,", 'sendcmd=f=a:f=']],
  ['withScripts of many arguments', (text) => withScripts(argvOf(text), 0, 'slash'), ['-f concat -i a ', '-/vf a ', '-vf sendcmd=f=a ']],
  ['isPlainName', isPlainName, RUNS],
  ['isNestedName', isNestedName, RUNS],
  ['looksLikePath', looksLikePath, [...RUNS, '../', 'http:']],
  [
    'checkFile',
    (text) => checkFile(text, 'read', 'x', SCOPE),
    [...RUNS, '*', '{', (n) => `a/${'*'.repeat(n)}`, (n) => `${'*'.repeat(n)}/a`],
  ],
  ...[
    '-vf',
    '-x264-params',
    '-segment_format_options',
    '-var_stream_map',
    '-metadata',
    '-map',
    '-f',
    '-c',
    '-init_hw_device',
    '-filter_complex',
  ].map((option): [string, (text: string) => unknown, Attack[]] => [
    `checkPolicy of ${option}`,
    (text) => policy([option, text, 'o.mp4']),
    [...RUNS, 'a=/:', 'a=/b,', 'libvmaf=model=path ', 'metadata=a=/:', 'path ', 'stats=/a:'],
  ]),
  ['checkPolicy of an input', (text) => policy(['-i', text, 'o.mp4']), [...RUNS, (n) => `concat:${'a|'.repeat(n)}`, '.m3u8', '*/']],
  [
    'checkPolicy of many arguments',
    (text) => policy(argvOf(text)),
    ['/ ', '-headers a -i / ', 'a a ', '-c o.mp4 ', '-i / ', '-a / ', '-vf movie ', '-report ', '-f x ', 'a '],
  ],
  ['checkPolicy of a long filter', (text) => policy(['-vf', text]), [(n) => `${'a'.repeat(n)}=${'b=/:'.repeat(n)}`]],
  [
    'checkPolicy of run-time commands',
    (text) => policy(['-vf', text]),
    [(n) => `sendcmd=c='0 ${'a'.repeat(n)} reinit ${'b=/\\:'.repeat(n)}'`],
  ],
  [
    'compileCommands',
    (text) =>
      compileCommands({
        field: 'ffmpeg_command',
        commands: [text],
        inputs: { in_a: 'https://a.example/a.mp4' },
        outputs: { out_a: 'o.mp4' },
      }),
    [...RUNS, '{{in_a}}', '-i {{in_a}} ', (n) => Array.from({ length: n }, (_, i) => `{{x${i}}}`).join('')],
  ],
  [
    'errorLines',
    errorLines,
    [
      ...RUNS,
      'error\n',
      'error\r',
      ' @ 0x1',
      "not on whitelist '",
      (n) => `[out#1${'] video:'.repeat(n)}`,
      (n) => `[a${'] 1'.repeat(n)}`,
      (n) => `video:${'muxing '.repeat(n)}`,
      '[lib',
    ],
  ],
  [
    'mostRepeatedLine',
    mostRepeatedLine,
    [
      ...RUNS,
      'error\n',
      'error 1\n',
      'error 0x1f\n',
      'Last message repeated 9 times\n',
      (n) => `${'0x'.repeat(n)}`,
      (n) => Array.from({ length: n }, (_, i) => `${'a'.repeat(i % 99)}\n`).join(''),
    ],
  ],
  [
    'endlessness',
    (text) => endlessness(['-i', 'a', '-vf', text, 'o.mp4']),
    [...RUNS, ']loop=', ']tpad=', ';aloop=', ',apad', ' color', 'color=', 'loop='],
  ],
  [
    'hintFor',
    (text) => [hintFor(text, argvOf(text)), undrawnText(text), unjoinedFiles([text], [`concat:${text}`]), hintFor(text, ['-vf', text])],
    [
      ...RUNS,
      '-c:v a_nvenc ',
      "Unknown encoder '",
      "No such filter: '",
      'Error setting option a to value b\n',
      'Error setting option a to value ',
      "Stream specifier 'a' in filtergraph ",
      "Stream map 'a",
      "Invalid size 'a(",
      "Unrecognized option 'a",
      "Output with label 'a",
      'has output 1 ',
      '[a] Could not find tag for codec a in stream ',
      '[Parsed_drawtext',
      '[drawtext] Stray % near\n',
      '[drawtext] %{',
      'Glyph ',
      'Input link in1:v0 ',
    ],
  ],
  [
    'endlessness',
    (text) => [endlessness(argvOf(text)), endlessness(['-i', 'a', '-vf', text, 'o.mp4'])],
    [
      ...RUNS,
      '-i a ',
      '-loop 1 -i a ',
      'color=',
      'color,',
      'color=c=red[a];',
      'loop=',
      'loop=loop=-',
      'tpad=',
      'apad',
      ';color',
      'shortest=',
      ', ',
    ],
  ],
  [
    'pastEnd',
    (text) => [pastEnd(argvOf(text), []), wroteNothing(problemLines(text), argvOf(text), null)],
    [
      ...RUNS,
      '-ss 1 -i a ',
      '-i a o.mp4 ',
      '[out#0/a] Output file is empty, nothing was encoded\n',
      '[out#1/',
      (n) => `-ss ${'1:'.repeat(n)} a`,
    ],
  ],
  [
    'Wrapping',
    (text) => {
      const wrapping = new Wrapping(['o.mp4'], (name) => name.toLowerCase())
      for (const name of text.split('\n')) wrapping.add(name)
      return wrapping.prefix([[text]])
    },
    [
      ...RUNS,
      'a/b',
      'a/a/',
      'a/b\n',
      'a/o.mp4\n',
      (n) => `${'a'.repeat(n)}/b`,
      (n) => Array.from({ length: n }, (_, i) => `a/${i}/b\n`).join(''),
    ],
  ],
  [
    'showErrors',
    (text) => [showErrors(argvOf(text)), showErrors(['-v', text])],
    ['-v quiet ', '-v 0 -i a ', 'repeat', '+level', '-time', '1', ' ', (n) => `${'date'.repeat(n)}time`],
  ],
  [
    'inputDurations',
    inputDurations,
    [...RUNS, 'Input #0, a\n', 'Input #4000000000, a\n', '  Duration: 1:00:00.0,\n', (n) => `Input #${'9'.repeat(n)}, `],
  ],
  [
    'reportedOutputs',
    reportedOutputs,
    [
      ...RUNS,
      "Output #0, a, to 'b':\n",
      '  Stream #0:0: Video: a\n',
      (n) => `Output #0, a, to 'b':\n  Stream #0:0: Video: ${'(a, '.repeat(n)}\n`,
      (n) => `Output #0, a, to '${"file:'".repeat(n)}\n`,
    ],
  ],
  ['reportMayMislead', (text) => reportMayMislead(argvOf(text)), ['-i a ', '-movflags a ', '-params a ']],
  [
    'expectedDuration',
    (text) => expectedDuration(argvOf(text), []),
    [
      '-i a ',
      '-shortest a ',
      '-vf scale=1 -shortest a ',
      (n) => `-t ${'1'.repeat(n)} a`,
      (n) => `-t ${'1:'.repeat(n)} a`,
      (n) => `-ss ${'0.'.repeat(n)} a`,
    ],
  ],
  ['parseProgress', parseProgress, [...RUNS, 'a=b\n', 'progress=continue\n', (n) => `frame=${'1'.repeat(n)}\nprogress=end\n`]],
  [
    'redact',
    redact,
    [
      ...RUNS,
      'a-',
      'a://',
      'a://b@',
      'http://a?b ',
      'authorization ',
      'authorization:"',
      'bearer ',
      'bearer  ',
      'x-amz-signature=',
      '/files/',
      '/files/a.',
      'ffsk_',
      'whsec_',
      'https://a..',
      (n) => `https://a${'.'.repeat(n)}x`,
      (n) => `authorization${' '.repeat(n)}`,
    ],
  ],
  [
    'quotedError',
    (text) => [quotedError(text, 'text/plain'), quotedError(`<Error><Code>${text}`, null), quotedError(`{"error":"${text}"}`, null)],
    [...RUNS, '<Code>', '<Message>', '&amp;', '&', '<Code>a</Code>', '\\u0000', (n) => `<Code>${'&amp;'.repeat(n)}</Code>`],
  ],
  ['redactUrl', redactUrl, [...RUNS, 'a://', '@', '?', (n) => `https://a${'@'.repeat(n)}`]],
  [
    'checkUrl',
    (text) => [checkUrl(text, ALLOWED), checkUrl(`http://${text}/`, ALLOWED), checkUrl(`http://a/${text}`, ALLOWED)],
    [...RUNS, '1.', '@', '%41', 'xn--', (n) => `a${'.'.repeat(n)}`, (n) => `a${'.'.repeat(n)}b`],
  ],
  ['storedFilename', storedFilename, [...RUNS, 'é', '.a', '-a', (n) => `${'.'.repeat(n)}a`]],
  ['filenameOfUrl', (text) => filenameOfUrl(`https://a.example/${text}`), [...RUNS, '%41', '%']],
  ['contentHeaders', (text) => contentHeaders(text), [...RUNS, '.a', 'é']],
  [
    'formBoundary',
    (text) => [formBoundary(`multipart/form-data;${text}`), formBoundary(`multipart/form-data${text}`)],
    [...RUNS, ';', '; ', 'boundary="', '; boundary', 'a="b";', ';a="\\"', (n) => `${';'.repeat(n)}a=b`],
  ],
  [
    'MultipartForm',
    readForm,
    [
      ...RUNS.map(
        (run): Attack =>
          (n) =>
            form(`Content-Disposition: form-data; name=${String(run).repeat(n)}`),
      ),
      '--x\r\n',
      '\r\n--x',
      (n) => form('a\r\n').repeat(n),
      (n) => `--x${' '.repeat(n)}`,
      '\r',
    ],
  ],
  ['parseRange', (text) => [parseRange(text, 10), parseRange(`bytes=${text}`, 10)], [...RUNS, '1', '1-', ' -']],
  ['ifNoneMatch', (text) => [ifNoneMatch(text, '"x"'), ifRangeHolds(text, '"x"', new Date(0))], [...RUNS, 'W/', '"a",', 'W/"']],
]

/** By how much longer four times the text take where the time is quadratic. */
const QUADRATIC = 16
const ATTEMPTS = 5

describe('four times the text take about four times as long', () => {
  it.each(PARSERS)('in %s', (_, run, attacks) => {
    const slow = attacks.flatMap((attack) => {
      const textOf = (n: number) => (typeof attack === 'string' ? attack.repeat(n) : attack(n))
      // A busy machine, the compiler or the collector of garbage may spoil one measurement, but not all of them.
      let least = Number.POSITIVE_INFINITY
      for (let i = 0; i < ATTEMPTS && least >= QUADRATIC / 2; i += 1) least = Math.min(least, growth(run, textOf, 4_000))
      return least < QUADRATIC / 2 ? [] : [`${JSON.stringify(textOf(2))}: ${least.toFixed(1)}`]
    })
    expect(slow).toEqual([])
  })
})

describe('the measure is a real one', () => {
  it.each([
    ['a loop within a loop', (text: string) => [...text].reduce((sum, _, i) => sum + [...text.slice(i)].length, 0)],
    ['a run that is tried from each of its places', (text: string) => text.replace(/a+$/, '')],
  ])('%s is far slower', (_, run) => {
    expect(growth(run, (n) => `${'a'.repeat(n)}b`, 1_000)).toBeGreaterThan(8)
  })
})
