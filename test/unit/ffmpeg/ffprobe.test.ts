import { describe, expect, it } from 'vitest'
import { argvsAsRun } from '../../../src/ffmpeg/as-run.ts'
import { type CommandSource, compileCommands } from '../../../src/ffmpeg/command.ts'

const INPUTS = { in_v: 'https://example.com/v.mp4' }

function compile(command: string, outputs: Record<string, string> = {}, inputs: Record<string, string> = INPUTS) {
  return compileCommands({ field: 'ffmpeg_command', commands: [command], inputs, outputs })
}

function compiledOf(compilation: ReturnType<typeof compileCommands>) {
  if (!compilation.ok) throw new Error(JSON.stringify(compilation.faults))
  return compilation.command
}

function faultsOf(...source: Parameters<typeof compile>): string[] {
  const compilation = compile(...source)
  return compilation.ok ? [] : compilation.faults.map(({ loc, msg }) => `${loc.join('.')}: ${msg}`)
}

describe('a command that begins with ffprobe', () => {
  it.each([
    'ffprobe {{in_v}}',
    'ffprobe -v quiet -print_format json -show_format -show_streams {{in_v}}',
    '/usr/bin/ffprobe -v error -select_streams v:0 -show_entries stream=width,height,r_frame_rate -of csv=s=x:p=0 -i {{in_v}}',
    'ffprobe.exe -hide_banner -loglevel fatal -show_error -show_format -show_streams -show_programs -show_chapters -show_private_data -print_format json {{in_v}}',
    'ffprobe -v error -count_frames -count_packets -show_entries stream=nb_read_frames -of default=nokey=1:noprint_wrappers=1 {{in_v}}',
    'ffprobe -i {{in_v}} -show_frames -show_entries frame=pict_type,pts_time -read_intervals 10%+5 -of compact=p=0',
    'ffprobe -show_data -show_data_hash sha256 -sexagesimal -pretty -unit -prefix {{in_v}} -of xml',
    'ffprobe -f rawvideo -pixel_format yuv420p -video_size 16x16 -framerate 25 {{in_v}} -show_streams',
    'ffprobe -probesize 50M -analyzeduration 100M -fflags +genpts -c:v h264 -threads 1 {{in_v}}',
  ])('is taken: %s', (command) => {
    const { argvs, programs, outputs } = compiledOf(compile(command))
    expect(programs).toEqual(['ffprobe'])
    expect(argvs[0]).toContain('in_v.mp4')
    expect(outputs).toEqual({})
  })

  it('has its report in an output by -o, or by what a shell would take for a redirection', () => {
    for (const command of [
      'ffprobe -of json -o {{out_j}} {{in_v}}',
      'ffprobe -of json {{in_v}} > {{out_j}}',
      'ffprobe -of json {{in_v}} >{{out_j}}',
    ]) {
      const { argvs } = compiledOf(compile(command, { out_j: 'p.json' }))
      expect(argvs[0]?.join(' ')).toContain('-o p.json')
      expect(argvs[0]).not.toContain('>')
    }
  })

  it.each([
    ['ffprobe -of json', 'ffmpeg_command: ffprobe reads exactly one file, and this command has no input'],
    ['ffprobe {{in_v}} {{in_v}}', 'ffmpeg_command: ffprobe reads exactly one file, and this command has 2 inputs (in_v.mp4, in_v.mp4)'],
    ['ffprobe -vf scale=2:2 {{in_v}}', 'ffmpeg_command: `-vf` is not an option that ffprobe may be given here'],
    ['ffprobe {{in_v}} -of', 'ffmpeg_command: `-of` stands last and lacks its value'],
    ['ffprobe -f lavfi -i movie={{in_v}}', 'ffmpeg_command: ffprobe may not read the format `lavfi`: to measure with filters'],
    ['ffprobe {{in_v}} > report.json', 'ffmpeg_command: `-o` may not open `report.json`: declare it in output_files'],
  ])('says what is wrong with %s', (command, fault) => {
    expect(faultsOf(command)[0]).toContain(fault)
  })

  it('gets guards once, for the format that it names', () => {
    const command = compiledOf(compile('ffprobe -f RawVideo -show_streams {{in_v}}'))
    const [argv = []] = argvsAsRun(command)
    expect(argv.slice(0, 4)).toEqual(['-protocol_whitelist', 'file', '-format_whitelist', 'rawvideo'])
    expect(argvsAsRun({ ...command, argvs: [argv] })).toEqual([argv])
  })

  it('says why it fails, where it asks for silence too', () => {
    const [argv = []] = argvsAsRun(compiledOf(compile('ffprobe -show_format -v quiet {{in_v}}')))
    expect(argv.slice(4)).toEqual(['-show_format', '-v', 'error', 'in_v.mp4'])
  })

  it('may be a step of a chain, where each step keeps its program', () => {
    const source: CommandSource = {
      field: 'ffmpeg_commands',
      commands: ['-i {{in_v}} -c copy middle.mkv', 'ffprobe -of json middle.mkv'],
      inputs: INPUTS,
      outputs: {},
    }
    const command = compiledOf(compileCommands(source))
    expect(command.programs).toEqual(['ffmpeg', 'ffprobe'])
    expect(argvsAsRun(command)[1]?.[0]).toBe('-protocol_whitelist')
  })
})

describe('a command without output files', () => {
  it.each([
    '-i {{in_v}} -af loudnorm=I=-24:print_format=json -f null -',
    '-i {{in_v}} -vf cropdetect -f null /dev/null',
    '-i {{in_v}} -f md5 -',
    '-i {{in_v}} -map 0:v -f streamhash -hash sha256 pipe:1',
    '-i {{in_v}} -f framemd5 pipe:',
    '-i {{in_v}} -f ffmetadata /dev/stdout',
    '-i {{in_v}} -vf signalstats,metadata=print:file=- -an -f null -',
  ])('is taken where its result is text: %s', (command) => {
    expect(faultsOf(command)).toEqual([])
    expect(compiledOf(compile(command)).programs).toBeUndefined()
  })

  it('is refused where nothing would be left of it', () => {
    expect(faultsOf('-i {{in_v}}')).toEqual([
      expect.stringMatching(/^output_files: a command needs at least one output: .*`-f null -`, or begins with ffprobe$/),
    ])
    expect(faultsOf('-i {{in_v}} -c copy -f matroska pipe:1')).toEqual([
      expect.stringContaining('`pipe:1` is standard output, which holds text only'),
    ])
    expect(faultsOf('-i {{in_v}} -f rawvideo -')).toEqual([expect.stringContaining('`-` is standard output')])
  })

  it('says once that it reads no graph of filters', () => {
    expect(faultsOf('ffprobe -f lavfi -i movie={{in_v}},signalstats -show_frames')).toEqual([
      expect.stringContaining('ffprobe may not read the format `lavfi`'),
    ])
  })
})
