import { describe, expect, it } from 'vitest'
import { compileCommands } from '../../../src/ffmpeg/command.ts'

const INPUTS = { in_v: 'https://example.com/a.mp4' }
const OUTPUTS = { out_v: 'o.mp4' }

function compile(command: string, outputs: Record<string, string> = OUTPUTS) {
  return compileCommands({ field: 'ffmpeg_command', commands: [command], inputs: INPUTS, outputs })
}

function messages(command: string, outputs?: Record<string, string>): string[] {
  const result = compile(command, outputs)
  return result.ok ? [] : result.faults.map(({ msg }) => msg)
}

const CHAIN = /\/run-chained-ffmpeg-commands/
const LOG = /\/commands\/:command_id\/log/

describe('a word that is not FFmpeg’s is named once, as what it is, with what to write instead', () => {
  it.each<[string, RegExp, RegExp]>([
    // What a shell would read.
    ['ffmpeg -y -i {{in_v}} -pass 1 -an -f null /dev/null && ffmpeg -i {{in_v}} -pass 2 {{out_v}}', /^`&&` joins commands/, CHAIN],
    ['ffmpeg -i {{in_v}} -c copy mid.mp4; ffmpeg -i mid.mp4 {{out_v}}', /^`mid.mp4;` joins commands/, CHAIN],
    ['ffmpeg -i {{in_v}} -c copy mid.mp4 ; ffmpeg -i mid.mp4 {{out_v}}', /^`;` joins commands/, CHAIN],
    ['ffmpeg -i {{in_v}} -c copy mid.mp4\nffmpeg -i mid.mp4 {{out_v}}', /^`ffmpeg` begins a second command/, CHAIN],
    ['ffmpeg -i {{in_v}} -f mpegts - | ffmpeg -i - {{out_v}}', /^`\|` hands the output to another program/, CHAIN],
    ['ffmpeg -i {{in_v}} -f mpegts - |ffplay -', /^`\|ffplay` hands/, /\{\{out_…\}\}/],
    ['ffmpeg -i {{in_v}} {{out_v}} 2>&1', /^`2>&1` redirects/, LOG],
    ['ffmpeg -i {{in_v}} {{out_v}} 2>/dev/null', /^`2>\/dev\/null` redirects/, LOG],
    ['ffmpeg -i {{in_v}} -af ebur128 -f null - 2> {{out_v}}', /^`2>` redirects/, LOG],
    ['ffmpeg -i {{in_v}} -f md5 - > {{out_v}}', /^`>` redirects/, /last argument, \{\{out_…\}\}/],
    ['ffmpeg -i {{in_v}} {{out_v}} < /dev/null', /^`<` redirects/, /leave it out/],
    ['ffmpeg -i {{in_v}} {{out_v}} # done', /^`#` begins a comment/, /leave it out/],
    ['ffmpeg -i "$INPUT" "$OUTPUT"', /^`\$INPUT`, `\$OUTPUT` are for a shell/, /write the value/],
    [`ffmpeg -i {{in_v}} -filter_complex "\${COMPLEX_FILTER}" {{out_v}}`, /^`\$\{COMPLEX_FILTER\}` is for a shell/, /write the value/],
    [`ffmpeg -i {{in_v}} -vf "scale=\${W}:-1" {{out_v}}`, /^`\$\{W\}` is for a shell/, /write the value/],
    ['ffmpeg -i {{in_v}} -t $(seconds) {{out_v}}', /^`\$\(seconds\)` is for a shell/, /write the value/],
    ['ffmpeg -i {{in_v}} -t `seconds` {{out_v}}', /^``seconds`` is for a shell/, /write the value/],
    ['ffmpeg -i %INPUT% {{out_v}}', /^`%INPUT%` is for a shell/, /write the value/],
    ['ffmpeg -i {{in_v}} ^ {{out_v}}', /^`\^` continues a line/, /leave it out/],
    // Other programs.
    ...['sudo', 'time', 'nice -n 10', 'docker run jrottenberg/ffmpeg', 'docker run --rm -v /a:/b ffmpeg', 'cd /tmp &&', 'ffplay'].map(
      (words): [string, RegExp, RegExp] => [
        `${words} ffmpeg -i {{in_v}} {{out_v}}`,
        /^the command begins with `(?:sudo|time|nice|docker|cd|ffplay)`/,
        /begin with `ffmpeg`/,
      ],
    ),
    ...['ffmepg', 'fmpeg', 'ffmpg', 'ffpmeg', 'ffmpegg', 'ffmpeh', 'Ffmepg.exe'].map((word): [string, RegExp, RegExp] => [
      `${word} -i {{in_v}} {{out_v}}`,
      /^the command begins with `F?f.*`/,
      /write `ffmpeg`$/,
    ]),
    ['ffprob -i {{in_v}} {{out_v}}', /^the command begins with `ffprob`/, /write `ffprobe`$/],
    // The same for ffprobe.
    ['ffprobe -v error -show_format {{in_v}} | jq .format', /^`\|` hands/, /\{\{out_…\}\}/],
    ['ffprobe -show_format {{in_v}} && ffmpeg -i {{in_v}} {{out_v}}', /^`&&` joins/, CHAIN],
    ['ffprobe -show_format {{ $json.in_v }}', /^`\{\{ \$json.in_v \}\}` is not a placeholder/, /write \{\{in_v\}\}$/],
    ['ffprobe –show_format {{in_v}}', /^`–show_format` begins with the en dash/, /retype `-show_format`$/],
    ['"ffmpeg -i {{in_v}} {{out_v}}"', /^the whole command stands in quotes/, /take the outer quotes away/],
    // Expressions of automation tools, and placeholders with a fault.
    ['ffmpeg -i {{ $json.in_v }} {{out_v}}', /^`\{\{ \$json.in_v \}\}` is not a placeholder/, /write \{\{in_v\}\}$/],
    ['ffmpeg -i {{steps.a.url}} {{out_v}}', /^`\{\{steps.a.url\}\}` is not a placeholder/, /write \{\{in_…\}\}/],
    [`ffmpeg -i \${{ inputs.url }} {{out_v}}`, /^`\$\{\{ inputs.url \}\}` is not a placeholder/, /write \{\{in_…\}\}/],
    ['ffmpeg -i {{in_v}} -t {{ $json.seconds }} {{out_v}}', /^`\{\{ \$json.seconds \}\}` is not a placeholder/, /your own tool/],
    ['ffmpeg -i {{in_v}} -vf "scale={{ $json.w }}:-1" {{out_v}}', /^`\{\{ \$json.w \}\}` is not a placeholder/, /your own tool/],
    ...['{in_v}', '{{in-v}}', '{{in_v}', '<in_v>', '[in_v]', 'in_v', '$in_v', `\${in_v}`, '%in_v%', '[[in_v]]', '@in_v'].map(
      (word): [string, RegExp, RegExp] => [`ffmpeg -i ${word} {{out_v}}`, /is not a placeholder/, /write \{\{in_v\}\}$/],
    ),
    ['ffmpeg -i {{in_v}} -t {{seconds}} {{out_v}}', /^\{\{seconds\}\} is not declared/, /your own tool/],
    // Characters that are not those of a keyboard.
    ['–i {{in_v}} —c:v libx264 {{out_v}}', /^`–i`, `—c:v` begin with the en dash \(U\+2013\)/, /retype `-i`, `-c:v`$/],
    ['ffmpeg -i {{in_v}} −ss 5 {{out_v}}', /^`−ss` begins with the minus sign \(U\+2212\)/, /retype `-ss`$/],
    ['ffmpeg -ss −5 -i {{in_v}} {{out_v}}', /^`−5` begins with the minus sign/, /retype `-5`$/],
    ['ffmpeg -i {{in_v}} -vf scale=320:–1 {{out_v}}', /^`–1` begins with the en dash/, /retype `-1`$/],
    ['ffmpeg -i {{in_v}} -vf “scale=320:-1” {{out_v}}', /typographic quotation mark, the left double quotation mark/, /retype it/],
    ['ffmpeg -i {{in_v}} -metadata title=“My film” {{out_v}}', /^`film”` has a typographic quotation mark/, /retype it/],
    ['ffmpeg -i {{in_v}} -c\u200b:v copy {{out_v}}', /cannot be seen, the zero-width space \(U\+200B\)/, /retype it/],
    // Escapes and quotes.
    ['ffmpeg -i {{in_v}} -vf \\"scale=320:-1\\" {{out_v}}', /quote that is escaped/, /a plain `"`/],
    ['ffmpeg -i {{in_v}} \\n -c copy {{out_v}}', /^`\\n` holds a backslash and a letter/, /write a blank/],
    ["ffmpeg '-f mp4 -y' -i {{in_v}} {{out_v}}", /^`-f mp4 -y` is one argument/, /take the quotes away/],
    [
      'ffmpeg -i {{in_v}} -metadata title=My film {{out_v}}',
      /^`film` stands where an option/,
      /value of `-metadata`, put that whole value in quotes/,
    ],
    ["ffmpeg -i {{in_v}} -vf drawtext=text='it's Tom's' {{out_v}}", /^`Toms` stands where/, /for an apostrophe/],
    ["ffmpeg -i {{in_v}} -vf drawtext=text='I'm here':fontsize=30 {{out_v}}", /^a single quote.* at character 47: /, /for an apostrophe/],
    [
      'ffmpeg -i {{in_v}} -vf drawtext=text="Hello World":fontsize="3 0" {{out_v}}'.replace('"3 0"', '3 0'),
      /^`0` stands where/,
      /for a double quote inside of double quotes/,
    ],
    [
      "ffmpeg -i {{in_v}} -vf scale='min(320,iw)':-1 {{out_v}}",
      /the single quotes are read with the command/,
      /into double quotes as well$/,
    ],
    [
      "ffmpeg -i {{in_v}} -vf subtitles={{in_v}}:force_style='FontName=Arial,FontSize=24' {{out_v}}",
      /the single quotes are read with the command/,
      /into double quotes as well$/,
    ],
    [
      'ffmpeg -i {{in_v}} -vf &quot;scale=320:-1&quot; {{out_v}}',
      /^`&quot;scale=320:-1&quot;` has characters in the notation of HTML/,
      /write `"`/,
    ],
    ['ffmpeg -i {{in_v}} -crf=23 {{out_v}}', /^`-crf=23` is one word/, /write a blank/],
    ['ffmpeg -i{{in_v}} {{out_v}}', /^`-i\{\{in_v\}\}` is one word/, /write a blank/],
    ['["-i","{{in_v}}","-c","copy","{{out_v}}"]', /^the command is written as a list/, /write it as one text/],
    ["['ffmpeg', '-i', '{{in_v}}', '-c', 'copy', '{{out_v}}']", /^the command is written as a list/, /write it as one text/],
    ['ffmpeg", "-i", "{{in_v}}", "{{out_v}}', /^the command is written as a list/, /write it as one text/],
    ['subprocess.run(["ffmpeg","-i","{{in_v}}","{{out_v}}"])', /^the command is written as a list/, /write it as one text/],
    ['ffmpeg -i "{{in_v}}", "{{out_v}}"', /^the command is written as a list, `in_v.mp4,`/, /write it as one text/],
    [
      'ffmpeg -i {{in_v}} -vf drawtext=\\"text=\'hi\'\\" {{out_v}}',
      /^`"text=hi"` begins or ends with a quote that is escaped/,
      /a plain `"`/,
    ],
    ['ffmpeg -i {{in_v}} {{out_v}} \\', /^a backslash with nothing after it/, /leave it out$/],
    ['`ffmpeg -i {{in_v}} {{out_v}}`', /^the whole command stands in backticks/, /take them away$/],
    ['# to copy\nffmpeg -i {{in_v}} {{out_v}}', /^`#` begins a comment/, /with the rest of its line$/],
    ['ffprobe -v error {{in_v}} | jq .', /^`\|` hands the output/, /leave it out, with all that follows it; .* `stdout` /],
    ['ffprobe {{in_v}} 2>&1', /^`2>&1` redirects/, /`stdout` of the finished command/],
    [
      'ffmpeg -i {{in_v}} -vf scale=min(1280\\,iw):-2 {{out_v}}',
      /^in `scale=min\(1280\\,iw\):-2` the backslash is read with the command/,
      /into double quotes$/,
    ],
    [
      'ffmpeg -i {{in_v}} -metadata title="{{ $json.title }}" {{out_v}}',
      /^`title=\{\{ \$json.title \}\}` is not a placeholder/,
      /your own tool/,
    ],
    [
      'ffmpeg -i {{in_v}} -metadata title={{ $json.title }} {{out_v}}',
      /^`title=\{\{ \$json.title \}\}` is not a placeholder/,
      /your own tool/,
    ],
    ['ffmpeg -i {{in_v}} -vf "drawtext=text=\'{{ $json.title }}\'" {{out_v}}', /^`\{\{ \$json.title \}\}` is not/, /your own tool/],
    ['ffmpeg -i {{in_v}} -vf "drawtext=text=\'by {{1.name}}\'" {{out_v}}', /^`by \{\{1.name\}\}` is not a placeholder/, /your own tool/],
    ['ffmpeg -f concat -i <(cat list) {{out_v}}', /^`<\(cat` redirects/, /leave it out/],
    ['ffmpeg --y -i {{in_v}} {{out_v}}', /^`--y` begins with two hyphens/, /write `-y`$/],
  ])('%s', (command, what, remedy) => {
    expect(messages(command)).toEqual([expect.stringMatching(what)])
    expect(messages(command)).toEqual([expect.stringMatching(remedy)])
  })

  it('in a chain it is the chain that is split further', () => {
    const commands = ['ffmpeg -i {{in_v}} a.mp4 && ffmpeg -i a.mp4 b.mp4', '-i b.mp4 {{out_v}}']
    const result = compileCommands({ field: 'ffmpeg_commands', commands, inputs: INPUTS, outputs: OUTPUTS })
    expect(result).toMatchObject({
      ok: false,
      faults: [{ loc: ['ffmpeg_commands', 0], msg: expect.stringContaining('an entry of its own') }],
    })
  })
})

describe('what is harmless is read as it was meant', () => {
  const argv = ['-i', 'in_v.mp4', '-c', 'copy', 'o.mp4']

  it.each([
    'ffmpeg -i {{in_v}} ^\r\n -c copy ^\r\n {{out_v}}',
    'ffmpeg -i {{in_v}} `\n -c copy ` \n {{out_v}}',
    'ffmpeg -i {{in_v}} \\ \n -c copy \\\t\r\n {{out_v}}',
    '\u200bffmpeg -i {{in_v}}\u200b -c copy {{out_v}}\ufeff',
    '\ufeffffmpeg\u00a0-i\u202f{{in_v}}\u3000-c copy\u2028{{out_v}}',
    '```bash\nffmpeg -i {{in_v}} -c copy {{out_v}}\n```',
    'ffmpeg -i {{in_v}} -c copy {{out_v}};',
    'ffmpeg -i {{in_v}} -c copy {{out_v}} ;',
    'ffmpeg -i in_v.mp4 -c copy o.mp4',
  ])('%j', (command) => {
    expect(compile(command)).toMatchObject({ ok: true, command: { argvs: [argv] } })
  })
})

it('files of an archive may have such characters in their names', () => {
  for (const name of ['"“Intro” 1’.mp4"', '«Intro».mp4', '"a – b.mp4"', '"été; 2 & 3.mp4"', '"50% $5.mp4"', '"👩‍👩‍👧.mp4"']) {
    const result = compileCommands({
      ...{ field: 'ffmpeg_command', commands: [`-i ${name} {{out_v}}`] },
      ...{ inputs: {}, outputs: OUTPUTS, archive: true },
    })
    expect(result, name).toMatchObject({ ok: true })
  }
})

describe('texts stay as they are', () => {
  it.each([
    `a – “b” ‘c’; d | e && f > g 2>&1 $HOME \${X} $(x) %PATH% \`y\` {in_x} # ^`,
    'a\u00a0b\u200bc 👩‍👩‍👧 \ufeff',
    '{{ not an alias }} <<LIVE>> {one}',
  ])('%j', (text) => {
    const command = `-i {{in_v}} -vf "drawtext=text='${text.replaceAll('`', '')}'" -metadata title='${text}' -metadata comment=“c” {{out_v}}`
    const result = compile(command)
    if (!result.ok) throw new Error(JSON.stringify(result.faults))
    expect(result.command.argvs[0]).toEqual([
      ...['-i', 'in_v.mp4', '-vf', `drawtext=text='${text.replaceAll('`', '')}'`, '-metadata', `title=${text}`],
      ...['-metadata', 'comment=“c”', 'o.mp4'],
    ])
  })

  it('graphs, maps and expressions keep their marks', () => {
    const command =
      "-i {{in_v}} -filter_complex \"[0:v]split=2[a][b];[a]null[c];[b][c]overlay=x='if(gte(t,1),-w,0)'[v]\" -map [v] -map 0:a? -force_key_frames expr:gte(t,n_forced*2) -af pan=stereo|c0=c0|c1=c0 -vf select='eq(n\\,0)' -af volume='1',atempo=2 {{out_v}}"
    expect(messages(command)).toEqual([])
  })
})
