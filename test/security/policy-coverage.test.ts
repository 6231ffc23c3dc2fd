import { describe, expect, it } from 'vitest'
import { isExitingOption, parseArgv } from '../../src/ffmpeg/argv.ts'
import { FILTERS } from '../../src/ffmpeg/policy-filters.ts'
import { NAMED_DEMUXERS, REFUSED_DEMUXERS, REFUSED_MUXERS } from '../../src/ffmpeg/policy-formats.ts'
import { OPTIONS } from '../../src/ffmpeg/policy-options.ts'
import { componentNames, freeOptions, outputDevices, positionalOptions, toolOptions, wantsValue } from './ffmpeg-options.ts'

/** Words in an option's name or help that hint at something being opened. */
const OPENS =
  /file|path|\burl\b|\buri\b|plugin|librar|\bmodel|device|\bdir|folder|host|address|server|socket|proxy|script|program|execut|playlist|\bfont|cert|\bcert|\bsofa|connect|\bstats|\blut\b|hook|shader|template/i

/** Options that smell of a file and open none, or none that the policy has to know of. */
const HARMLESS: ReadonlyMap<string, string> = new Map([])

const filterNames = new Set(componentNames('filter'))

/** A class of options is named after its filters: `(a)movie`, `lut/lutyuv/lutrgb`. */
function filtersOf(owner: string): string[] {
  const names = owner.startsWith('(a)') ? [owner.slice(3), `a${owner.slice(3)}`] : owner.split('/')
  return names.filter((name) => filterNames.has(name))
}

describe('the tables know this FFmpeg', () => {
  it('every demuxer is either allowed or refused with a reason', () => {
    const names = componentNames('demuxer').flatMap((name) => name.split(','))
    const known = (name: string) => NAMED_DEMUXERS.has(name) || REFUSED_DEMUXERS.has(name) || name === 'lavfi' || name === 'concat'
    expect(names.length).toBeGreaterThan(100)
    expect(names.filter((name) => !known(name))).toEqual([])
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
        return !hasRule && !HARMLESS.has(`${owner}.${name}`) && !HARMLESS.has(owner)
      })
    expect(unknown.map(({ owner, name, help }) => `${owner}.${name}: ${help}`)).toEqual([])
  })

  it('every command-line option that smells of a file has a rule or a reason', () => {
    const unknown = toolOptions().filter(
      ({ name, help }) => OPENS.test(`${name} ${help}`) && !OPTIONS.has(name) && !isExitingOption(name) && !HARMLESS.has(`-${name}`),
    )
    expect(unknown.map(({ name, help }) => `-${name}: ${help}`)).toEqual([])
  })

  it('every command-line option takes a value exactly if the parser gives it one', async () => {
    const names = toolOptions()
      .map(({ name }) => name)
      .filter((name) => !isExitingOption(name))
    const wrong: string[] = []
    const queue = [...new Set(names)]
    const worker = async () => {
      for (let name = queue.pop(); name !== undefined; name = queue.pop()) {
        const parsed = parseArgv([`-${name}`, 'value', 'out.mp4']).files.length === 1
        if ((await wantsValue(name)) !== parsed) wrong.push(name)
      }
    }
    await Promise.all([worker(), worker(), worker(), worker()])
    expect(wrong).toEqual([])
  })

  it('bare values go to the options that the table says', () => {
    for (const [filter, rule] of FILTERS) {
      if ('refused' in rule || !filterNames.has(filter)) continue
      const actual = positionalOptions(filter)
      rule.positional.forEach((name, i) => {
        expect(actual[i], `${filter}: option ${i}`).toContain(name)
      })
      const guarded = actual.findLastIndex((names, i) => i < 12 && names.some((name) => rule.options[name]?.kind === 'file'))
      expect(rule.positional.length, `${filter}: a guarded option is beyond its positions`).toBeGreaterThan(
        rule.positional.length === 0 ? -1 : guarded,
      )
    }
  })
})
