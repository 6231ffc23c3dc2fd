import { describe, expect, it } from 'vitest'
import { isExitingOption, parseArgv } from '../../src/ffmpeg/argv.ts'
import { NAMED_DEMUXERS, REFUSED_DEMUXERS } from '../../src/ffmpeg/policy-demuxers.ts'
import { FILTERS } from '../../src/ffmpeg/policy-filters.ts'
import { MUXERS, REFUSED_MUXERS } from '../../src/ffmpeg/policy-muxers.ts'
import { OPTIONS } from '../../src/ffmpeg/policy-options.ts'
import { OWN_RULES } from '../../src/ffmpeg/policy-values.ts'
import { needs } from '../machine/needs.ts'
import {
  componentNames,
  filterNames,
  filtersOf,
  freeOptions,
  outputDevices,
  positionalOptions,
  positionalOptionsOf,
  splitByFfmpeg,
  toolOptions,
} from './ffmpeg-options.ts'

/** Words in an option's name or help that hint at something being opened. */
const OPENS =
  /(?<!pro)file|path|\burl\b|\buri\b|plugin|librar|\bmodel|device|\bdir|folder|\bhost|address|server|socket|proxy|\bscript|program|execut|playlist|\bfont|\bcert|\bsofa|connect|\bstats|\blut\b|hook|shader/i

/** Classes whose options matter only to a protocol, device or format that no command can reach. */
const UNREACHABLE = new Set([
  ...[
    'tcp',
    'ftp',
    'http',
    'https',
    'icecast',
    'rtmp',
    'rtmps',
    'rtmpt',
    'rtmpts',
    'rtp',
    'srtp',
    'tls',
    'udp',
    'udplite',
    'amqp',
    'librist',
  ],
  ...[
    'libsrt',
    'libssh',
    'IPFS',
    'crypto',
    'PulseAudio outdev',
    'Pulse indev',
    'iec61883 indev',
    'RTP demuxer',
    'RTSP demuxer',
    'SDP demuxer',
  ],
])

/** Options that smell of a file and open none: why. */
const HARMLESS: ReadonlyMap<string, string> = new Map([
  ['aa_fixed_key', 'a key, in hexadecimal'],
  ['activation_bytes', 'a key, in hexadecimal'],
  ['audible_key', 'a key, in hexadecimal'],
  ['audible_iv', 'a key, in hexadecimal'],
  ['audible_fixed_key', 'a key, in hexadecimal'],
  ['lmname', 'a name within the language model'],
  ['input', 'a name within the neural model'],
  ['output', 'a name within the neural model'],
  ['font', 'a family name, looked up among the installed fonts'],
  ['fontcolor', 'a colour'],
  ['fontcolor_expr', 'a colour'],
  ['fontsize', 'an expression'],
  ['derive_device', 'the type of a device that the command has already'],
  ['custom_shader_bin', 'the shader itself, in hexadecimal'],
  ['kernel', 'a name within the program'],
  ['heatmap_str', 'the numbers themselves'],
  ['y', 'a flag'],
  ['n', 'a flag'],
  ['hide_banner', 'a flag'],
  ['vstats', 'a flag: the file is a plain name in the working directory'],
  ['stats_period', 'a duration'],
  ['fs', 'a size'],
  ['target', 'one of a few words'],
  ['map', 'indexes of inputs and streams'],
  ['map_metadata', 'indexes of inputs and streams'],
  ['map_channel', 'indexes of inputs and streams'],
  ['map_chapters', 'an index of an input'],
  ['streamid', 'numbers'],
])

describe('the tables know this FFmpeg', () => {
  it('every demuxer is either allowed or refused with a reason', () => {
    const names = componentNames('demuxer').flatMap((name) => name.split(','))
    const known = (name: string) => NAMED_DEMUXERS.has(name) || REFUSED_DEMUXERS.has(name) || OWN_RULES.has(name)
    expect(names.length).toBeGreaterThan(100)
    expect(names.filter((name) => !known(name))).toEqual([])
  })

  it('every muxer is either allowed or refused with a reason', () => {
    const names = componentNames('muxer').flatMap((name) => name.split(','))
    expect(names.length).toBeGreaterThan(100)
    expect(names.filter((name) => MUXERS.has(name) === REFUSED_MUXERS.has(name))).toEqual([])
  })

  it('every output device is refused as a muxer', () => {
    expect(outputDevices().filter((name) => !REFUSED_MUXERS.has(name))).toEqual([])
  })

  it('every option that smells of a file, URL, device or plugin has a rule or a reason', () => {
    const unknown = freeOptions()
      .filter(({ name, help }) => OPENS.test(`${name} ${help}`))
      .filter(({ owner, name }) => {
        const filters = filtersOf(owner)
        const hasRule =
          filters.length === 0
            ? OPTIONS.has(name)
            : filters.every((filter) => {
                const rule = FILTERS.get(filter)
                return rule !== undefined && ('refused' in rule || Object.hasOwn(rule.options, name))
              })
        return !hasRule && !HARMLESS.has(name) && !UNREACHABLE.has(owner)
      })
    expect(unknown.map(({ owner, name, help }) => `${owner}.${name}: ${help}`)).toEqual([])
  })

  it('every command-line option that smells of a file has a rule or a reason', () => {
    const unknown = toolOptions().filter(
      ({ name, help }) => OPENS.test(`${name} ${help}`) && !OPTIONS.has(name) && !isExitingOption(name) && !HARMLESS.has(name),
    )
    expect(unknown.map(({ name, help }) => `-${name}: ${help}`)).toEqual([])
  })

  it('every command-line option takes a value exactly if FFmpeg gives it one', needs('ffmpeg5'), () => {
    // Left out: what acts while FFmpeg still reads its command line, and what the policy refuses whatever follows.
    const names = new Set(
      toolOptions()
        .map(({ name }) => name)
        .filter((name) => !isExitingOption(name) && !/^(v|loglevel)$/.test(name) && OPTIONS.get(name)?.kind !== 'refused'),
    )
    const argv = [...names].flatMap((name) => [`-${name}`, `value-of-${name}`])
    const outputs = parseArgv(argv).files.map((file) => file.url)
    const outputsOfFfmpeg = splitByFfmpeg(argv)
      .filter(({ takenFor }) => takenFor === 'output url')
      .map(({ argument }) => argument)
    expect(names.size).toBeGreaterThan(100)
    expect(outputs).toEqual(outputsOfFfmpeg)
  })

  it('a bare value that goes to an option with a rule is judged by it', needs('ffmpeg5'), () => {
    const orders = positionalOptions()
    for (const [filter, rule] of FILTERS) {
      if ('refused' in rule || !filterNames.has(filter)) continue
      // Beyond those that the table knows, whatever looks like a path or URL is refused.
      const known = (orders.get(filter) ?? positionalOptionsOf(filter)).slice(0, rule.positional.length)
      known.forEach((names, i) => {
        const judged = names.filter((name) => Object.hasOwn(rule.options, name))
        if (judged.length > 0) expect(judged, `${filter}: option ${i}`).toContain(rule.positional[i])
      })
    }
  })
})
