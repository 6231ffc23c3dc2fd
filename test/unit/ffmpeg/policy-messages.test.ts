import { describe, expect, it } from 'vitest'
import { type CommandSource, compileCommands } from '../../../src/ffmpeg/command.ts'

function messages(command: string, source: Partial<CommandSource> = {}): string[] {
  const result = compileCommands({
    ...{ field: 'ffmpeg_command', commands: [command], outputs: { out_v: 'o.mp4' } },
    ...{ inputs: command.includes('{{in_v}}') ? { in_v: 'https://example.com/a.mp4' } : {} },
    ...source,
  })
  return result.ok ? [] : result.faults.map(({ msg }) => msg)
}

const vf = (graph: string) => `-i {{in_v}} -vf "${graph}" {{out_v}}`

describe('one fault has one message, with the whole name as it was written and what to write instead', () => {
  it.each([
    [vf("subtitles='https://example.com:8443/a.srt'"), '`https://example.com:8443/a.srt`', '`subtitles={{in_subtitles}}`'],
    [
      vf("subtitles=https://example.com/a.srt:force_style='FontSize=24'"),
      '`https://example.com/a.srt`',
      '`"in_subtitles": "https://example.com/a.srt"`',
    ],
    [vf('ass=filename=https\\\\://example.com/a.ass'), '`https://example.com/a.ass`', '`subtitles={{in_subtitles}}`'],
    ["-i {{in_v}} -vf subtitles='C:\\Users\\me\\x.ass' {{out_v}}", '`C:\\Users\\me\\x.ass`', '`subtitles={{in_subtitles}}`'],
    [vf("subtitles='C\\:/Users/me/x.ass'"), '`C:/Users/me/x.ass`', '`subtitles={{in_subtitles}}`'],
    [vf("lut3d=file='D:/luts/x.cube'"), '`D:/luts/x.cube`', '`lut3d={{in_lut}}`'],
    [vf('drawtext=fontfile=/usr/share/fonts/x.ttf:text=a'), '`/usr/share/fonts/x.ttf`', '`fontfile={{in_font}}`'],
    [vf("drawtext=text='see':fontfile=C\\:/Windows/Fonts/arial.ttf"), '`C:/Windows/Fonts/arial.ttf`', '`fontfile={{in_font}}`'],
    [vf('movie=https://example.com/logo.png[l];[in][l]overlay'), '`https://example.com/logo.png`', '-i {{in_…}}'],
    [
      vf("drawtext=text='12:30'"),
      'before `30`',
      'write `\\:` for a colon, with the text in single quotes and the whole filter graph in double quotes',
    ],
    [vf('drawtext=fontsize=15:text=\'{"user": "abc", "id": 4}\':x=w/2'), 'ends at the colon', '`\\"` for a double quote'],
    [
      '-i https://example.com/a.mp4 {{out_v}}',
      '`https://example.com/a.mp4`',
      '`"in_file": "https://example.com/a.mp4"`, and write `-i {{in_file}}`',
    ],
    [vf("drawtext=text='I'm here':fontsize=30"), "never closed: …wtext=text='I'm here':fontsize=30", 'for an apostrophe in a text write ’'],
    [vf("drawtext=text=I\\'m here:fontsize=30"), "in `drawtext` is never closed: text=I'm here", 'for an apostrophe in a text write ’'],
    ['-i C:\\Users\\me\\a.mp4 {{out_v}}', '`C:\\Users\\me\\a.mp4`', '`-i {{in_file}}`'],
    ['-i {{in_v}} -f flv rtmp://example.com/live {{out_v}}', '`rtmp://example.com/live`', 'fetched from their `storage_url`'],
    ['-i {{in_v}} -listen 1 -f mp4 http://0.0.0.0:8080/ {{out_v}}', '`http://0.0.0.0:8080/`', 'leave `-listen` out'],
    ['-headers "Authorization: x" -user_agent y -i {{in_v}} {{out_v}}', '`-headers`, `-user_agent`', 'signed URL'],
    ['-headers x -i https://example.com/a.mp4 {{out_v}}', '`https://example.com/a.mp4`', 'leave `-headers` out'],
    [
      '-reconnect 1 -reconnect_streamed 1 -rw_timeout 5 -i {{in_v}} {{out_v}}',
      '`-reconnect`, `-reconnect_streamed`, `-rw_timeout`',
      'leave this out',
    ],
    ['-protocol_whitelist file,http -i {{in_v}} {{out_v}}', '`-protocol_whitelist` is set by the service', 'leave it out'],
    ['-report -i {{in_v}} {{out_v}}', '`-report`', 'GET /api/v1/commands/:command_id/log'],
    ['-i {{in_v}} -c:v {{out_v}}', '`-c:v` takes `o.mp4`', 'write the value'],
    ['-i {{in_v}} {{out_v}} -c:v', '`-c:v` stands last', 'write its value'],
    ['-i {{in_v}} {{out_v}} -c copy {{out_v}}', '`o.mp4` is the output of one command twice', 'another output'],
  ])('%s', (command, what, remedy) => {
    expect(messages(command)).toEqual([expect.stringContaining(what)])
    expect(messages(command)).toEqual([expect.stringContaining(remedy)])
  })

  it('of a playlist and its whitelist the playlist’s is told', () => {
    const inputs = { in_v: 'https://example.com/a.m3u8' }
    expect(messages('-protocol_whitelist file,http -i {{in_v}} {{out_v}}', { inputs })).toEqual([
      expect.stringMatching(/is a playlist.*leave `-protocol_whitelist` out$/),
    ])
  })
})

it.each([
  ['-vf "drawtext=text=I\\\\\\\\\\\'m here:fontsize=30"', String.raw`drawtext=text=I\\\'m here:fontsize=30`],
  ['-vf "drawtext=text=\'12\\:30\':fontsize=30"', String.raw`drawtext=text='12\:30':fontsize=30`],
])('what the messages say to write is accepted: %s', (option, graph) => {
  const result = compileCommands({
    ...{ field: 'ffmpeg_command', commands: [`-i {{in_v}} ${option} {{out_v}}`] },
    ...{ inputs: { in_v: 'https://example.com/a.mp4' }, outputs: { out_v: 'o.mp4' } },
  })
  expect(result).toMatchObject({ ok: true, command: { argvs: [['-i', 'in_v.mp4', '-vf', graph, 'o.mp4']] } })
})

describe('an output whose format FFmpeg cannot tell is refused before it runs', () => {
  it.each(['output', 'report.txt', 'data.json', 'a.mp4.bak', 'frame_%03d'])('%s', (name) => {
    const outputs = { out_v: name }
    expect(messages('-i {{in_v}} {{out_v}}', { outputs })).toEqual([expect.stringMatching(/extension.*`-f`/)])
    expect(messages('-i {{in_v}} -f image2 {{out_v}}', { outputs })).toEqual([])
    expect(messages('-i {{in_v}} -target pal-vcd {{out_v}}', { outputs })).toEqual([])
    expect(messages('-i {{in_v}} -vf metadata=print:file={{out_v}} -f null -', { outputs })).toEqual([])
  })
})

describe('a file that is not declared, where a declared one is not used', () => {
  const declared = { inputs: { in_v: 'https://example.com/a.mp4' } }

  it.each([
    ['-i input.mp4 {{out_v}}', ['`-i` may not open `input.mp4`: write `-i {{in_v}}`, which input_files declares and no command uses']],
    ['-i {{in_v}} output.mp4', ['an output may not open `output.mp4`: write {{out_v}}, which output_files declares and no command uses']],
    ['-i input.mp4 output.mp4', [expect.stringContaining('`-i {{in_v}}`'), expect.stringContaining('write {{out_v}}')]],
    ['ffprobe input.mp4 -o {{out_v}}', [expect.stringMatching(/^ffprobe may not open `input.mp4`: write \{\{in_v\}\},/)]],
    [
      '-i {{in_v}} -f flv rtmp://live.example.com/app',
      [expect.stringMatching(/write \{\{out_v\}\}, which output_files declares .*not sent anywhere/)],
    ],
  ])('is told with the placeholder to write in its place, in one message: %s', (command, told) => {
    expect(messages(command, declared)).toEqual(told)
  })

  it('is told with those that may be meant where there are several', () => {
    const inputs = { in_v: 'https://example.com/a.mp4', in_s: 'https://example.com/a.srt' }
    expect(messages('-i movie.mp4 -vf subtitles=movie.srt {{out_v}}', { inputs })).toEqual([
      expect.stringContaining(
        '`movie.mp4`: input_files declares files that no command uses, {{in_v}}, {{in_s}}: write the one that is meant',
      ),
      expect.stringContaining(
        '`movie.srt`: input_files declares files that no command uses, {{in_v}}, {{in_s}}: write the one that is meant',
      ),
    ])
  })

  it('is no font of the server, for which no other file is meant', () => {
    expect(messages('-i input.mp4 -vf drawtext=text=a:fontfile=/usr/share/a.ttf {{out_v}}', declared)).toEqual([
      expect.stringContaining('`-i {{in_v}}`'),
      expect.stringContaining('`fontfile={{in_font}}`'),
    ])
  })
})

describe('a folder before a placeholder', () => {
  it.each([
    ['-i /tmp/{{in_v}} {{out_v}}', '`/tmp/`'],
    ['-i {{in_v}} out/{{out_v}}', '`out/`'],
    ['-i "C:\\media\\{{in_v}}" {{out_v}}', '`C:\\media\\`'],
    ['-i {{in_v}} -vf subtitles=/data/{{in_v}} {{out_v}}', '`/data/`'],
  ])('%s', (command, folder) => {
    expect(messages(command)).toEqual([
      expect.stringContaining(`all files lie in one folder, so write the placeholder alone, without ${folder} before it`),
    ])
  })
})

it.each([
  ['-i {{in_v}} -crf23 {{out_v}}', '`-crf 23`'],
  ['-i {{in_v}} -b1.5M {{out_v}}', '`-b 1.5M`'],
])('a number in the name of an option is told with the blank that it lacks: %s', (command, written) => {
  expect(messages(command)).toEqual([expect.stringContaining(`write a blank between the option and its value, ${written}`)])
})
