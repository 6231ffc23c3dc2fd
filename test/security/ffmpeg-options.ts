/** What the FFmpeg at hand can do, read from its own help. */
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { FFMPEG } from '../machine/ffmpeg.ts'

export interface HelpOption {
  /** `filter`, `muxer` … and the name of the component. */
  owner: string
  name: string
  /** As FFmpeg prints it, such as `string` or `flags`. */
  type: string
  help: string
}

export type Component = 'filter' | 'muxer' | 'demuxer' | 'encoder' | 'decoder' | 'bsf'

const printed = new Map<string, string>()

/** What it prints. It is asked once, as it always prints the same. */
function ffmpeg(...args: string[]): string {
  const known = printed.get(args.join(' '))
  if (known !== undefined) return known
  const text = execFileSync(FFMPEG, ['-hide_banner', ...args], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
    maxBuffer: 1 << 26,
  })
  printed.set(args.join(' '), text)
  return text
}

/** The names that `-filters`, `-muxers` … list; a demuxer of several names has one entry, comma-separated. */
export function componentNames(component: Component): string[] {
  const lines = ffmpeg(`-${component}s`).split('\n')
  if (component === 'bsf') return lines.slice(1).filter((line) => line.trim() !== '')
  const pattern = component === 'filter' ? /^ [T.][S.][C.]? +(\S+) +\S*->/ : /^ [A-Z. ]{2,6} (\S+)(?: |$)/
  return lines.flatMap((line) => (/ = /.test(line) ? [] : (pattern.exec(line)?.slice(1, 2) ?? [])))
}

/**
 * All options with a free value (strings, dictionaries, binary data) of every component, from `ffmpeg -h full`.
 * That list is by class, and a class's heading is its name followed by `AVOptions:`.
 */
export function freeOptions(): HelpOption[] {
  const options: HelpOption[] = []
  let owner = ''
  for (const line of ffmpeg('-h', 'full').split('\n')) {
    const heading = /^(.+) AVOptions:$/.exec(line)
    if (heading !== null) owner = heading[1] ?? ''
    const option = /^ {1,4}-?([\w-]+) +<(string|dictionary|binary)> +[A-Z.]+ ?(.*)$/.exec(line)
    if (option !== null) options.push({ owner, name: option[1] ?? '', type: option[2] ?? '', help: option[3] ?? '' })
  }
  return options
}

/** FFmpeg's own command-line options. */
export function toolOptions(): { name: string; help: string }[] {
  const [tool = ''] = ffmpeg('-h', 'full').split(/^\S+ AVOptions:$/m)
  return tool.split('\n').flatMap((line) => {
    const option = /^-([\w?-]+)(?:\[:<\w+>\])? +(.*)$/.exec(line)
    return option === null ? [] : [{ name: option[1] ?? '', help: option[2] ?? '' }]
  })
}

/**
 * How FFmpeg itself splits a command line: for every argument it reads, what it takes it for. It says so before it
 * acts on any of them.
 */
export function splitByFfmpeg(argv: readonly string[]): { argument: string; takenFor: string }[] {
  // With `-report` among them it leaves a file where it is.
  const cwd = mkdtempSync(join(tmpdir(), 'renderio-split-'))
  const { stderr } = spawnSync(FFMPEG, ['-loglevel', 'debug', ...argv], { cwd, encoding: 'utf8', maxBuffer: 1 << 26 })
  rmSync(cwd, { recursive: true })
  return Array.from(stderr.matchAll(/^Reading option '(.*)' \.\.\. matched as (.+)\.$/gm), ([, argument = '', takenFor = '']) => ({
    argument,
    takenFor,
  }))
}

export const filterNames: ReadonlySet<string> = new Set(componentNames('filter'))

/** The filters that a class of options is named after, such as `(a)movie` or `lut/lutyuv/lutrgb`. */
export function filtersOf(owner: string): string[] {
  const names = owner.startsWith('(a)') ? [owner.slice(3), `a${owner.slice(3)}`] : owner.split('/')
  return names.filter((name) => filterNames.has(name))
}

/** A filter's options in the order in which bare values go to them; an alias stands with its option. */
export type OptionOrder = string[][]

/** Of every filter that is the namesake of its class of options, as `ffmpeg -h full` lists them. */
export function positionalOptions(): Map<string, OptionOrder> {
  const [, ...sections] = ffmpeg('-h', 'full').split(/^(.+) AVOptions:$/m)
  const orders = new Map<string, OptionOrder>()
  // Classes of filters follow the one of all filters. What follows them may have a filter's name, too.
  for (let i = sections.indexOf('AVFilter'); i < sections.length; i += 2) {
    for (const filter of filtersOf(sections[i] ?? '')) {
      if (!orders.has(filter)) orders.set(filter, optionOrder(sections[i + 1] ?? ''))
    }
  }
  return orders
}

/** The same of one filter, whatever its class is called. */
export function positionalOptionsOf(filter: string): OptionOrder {
  return optionOrder(ffmpeg('-h', `filter=${filter}`))
}

function optionOrder(help: string): OptionOrder {
  const order: OptionOrder = []
  let previous = ''
  for (const line of help.split('\n')) {
    const option = /^ {1,4}([\w-]+) +(<\w+> +[A-Z.]+ .*)$/.exec(line)
    if (option === null) continue
    const [, name = '', description = ''] = option
    if (description === previous) order.at(-1)?.push(name)
    else order.push([name])
    previous = description
  }
  return order
}

/** Names of the devices that FFmpeg can write to. */
export function outputDevices(): string[] {
  return ffmpeg('-devices')
    .split('\n')
    .flatMap((line) => /^ [D ]E (\S+)/.exec(line)?.[1]?.split(',') ?? [])
}
