/**
 * Scripts: text files that a command reads and that name further files, or hold a filter graph or its commands. Before FFmpeg opens one, the
 * executor reads it, judges it as if it stood in the command, and writes its own text of it beside, which is what FFmpeg gets.
 */
import { type ArgvFile, type ArgvOption, formatOf, parseArgv } from './argv.ts'
import { type Filter, graphFilters, parseFilterOptions } from './filtergraph.ts'
import { PROBED_DEMUXERS } from './policy-demuxers.ts'
import { FILTERS } from './policy-filters.ts'
import { ruleFor } from './policy-options.ts'

export type ScriptKind =
  /** A list for FFmpeg's concat demuxer. */
  | 'concat'
  /** An HLS playlist. */
  | 'hls'
  | 'graph'
  /** Run-time commands of a `sendcmd` filter. */
  | 'commands'
  /** What `-hls_key_info_file` reads. */
  | 'key-info'

export interface Script {
  kind: ScriptKind
  /** As the command names it, in the job's folder. */
  source: string
  /** Name of the text that FFmpeg reads in its place: a hidden file, which no command may name or write. */
  target: string
}

export interface ScriptedCommand {
  argv: string[]
  scripts: Script[]
}

/** How an FFmpeg is told to read a graph from a file: `-filter_complex_script` until release 6, `-/filter_complex` from 7 on. */
export type GraphFileSyntax = 'script' | 'slash'

/** From what `ffmpeg -version` prints. libavfilter 10 came with release 7, and its version is that of builds without a release, too. */
export function graphFileSyntax(version: string): GraphFileSyntax {
  const libavfilter = /^libavfilter\s{1,20}(\d{1,3})\./m.exec(version)?.[1]
  return libavfilter !== undefined && Number(libavfilter) < 10 ? 'script' : 'slash'
}

const EXTENSIONS: Readonly<Record<ScriptKind, string>> = {
  concat: '.ffconcat',
  hls: '.m3u8',
  graph: '.txt',
  commands: '.txt',
  'key-info': '.txt',
}

/** Of a script's own name, which its target has in it for whoever reads FFmpeg's log. */
const MAX_LABEL_CHARACTERS = 60
const TARGET = /\.script-\d{1,3}(?:-inner)?-\d{1,6}-([A-Za-z0-9._-]{0,60})\.(?:ffconcat|m3u8|txt)/g

/** What FFmpeg says, with the names that the caller knows in the place of targets. */
export function withoutTargets(text: string): string {
  return text.replace(TARGET, '$1')
}

/** Hands out the names of targets, as scripts are found. */
export class ScriptNames {
  readonly scripts: Script[] = []
  readonly #prefix: string

  /** @param prefix what no other target begins with */
  constructor(prefix: string) {
    this.#prefix = prefix
  }

  /** The name that takes the place of `source`. */
  claim(kind: ScriptKind, source: string): string {
    const label = source.slice(source.lastIndexOf('/') + 1).replace(/[^A-Za-z0-9._-]/g, '_')
    const target = `.${this.#prefix}-${this.scripts.length}-${label.slice(0, MAX_LABEL_CHARACTERS)}${EXTENSIONS[kind]}`
    this.scripts.push({ kind, source: scriptName(source), target })
    return target
  }
}

/** A script's name in the job's folder: `a.txt` for `file:a.txt` and for `./a.txt`. */
export function scriptName(given: string): string {
  return given.replace(/^file:(?!\/)/, '').replace(/^(?:\.\/)+/, '')
}

/** The command with targets in the place of its scripts. The same command of the same step always becomes the same. */
export function withScripts(argv: readonly string[], step: number, syntax: GraphFileSyntax): ScriptedCommand {
  const names = new ScriptNames(`script-${step}`)
  /** What takes the place of arguments, by their index. */
  const replaced = new Map<number, string[]>()
  const { files, trailing } = parseArgv(argv)
  for (const file of files) {
    for (const option of file.options) replaceOption(option, syntax, names, replaced)
    if (file.kind === 'input') replaceInput(file, names, replaced)
  }
  for (const option of trailing) replaceOption(option, syntax, names, replaced)
  return { argv: argv.flatMap((argument, index) => replaced.get(index) ?? [argument]), scripts: names.scripts }
}

/** What an input is a script of; null where it is media, or a graph. */
export function inputScript(input: ArgvFile): 'concat' | 'hls' | null {
  const format = formatOf(input)
  if (format === 'concat' || (format === null && /\.ffconcat$/i.test(input.url))) return 'concat'
  return format === 'hls' || format === 'applehttp' || (format === null && /\.m3u8?$/i.test(input.url)) ? 'hls' : null
}

/**
 * Whether files may be read that the command does not name, since a script names them: then an input that stands in no command is none that
 * was forgotten.
 */
export function readsScripts(argv: readonly string[]): boolean {
  return withScripts(argv, 0, 'slash').scripts.length > 0
}

/** What stands last before an input whose text is the executor's own, where it wins over the guards of any other input. */
export const INPUT_OPTIONS: Readonly<Record<'concat' | 'hls', readonly string[]>> = {
  concat: [
    ...['-f', 'concat', '-safe', '0', '-protocol_whitelist', 'file'],
    ...['-format_whitelist', ['concat', ...PROBED_DEMUXERS].join(',')],
  ],
  hls: [
    ...['-f', 'hls', '-allowed_extensions', 'ALL', '-protocol_whitelist', 'file,crypto'],
    ...['-format_whitelist', ['hls', ...PROBED_DEMUXERS].join(',')],
  ],
}

function replaceInput(input: ArgvFile, names: ScriptNames, replaced: Map<number, string[]>): void {
  if (formatOf(input) === 'lavfi') {
    replaced.set(input.index, [rewriteGraph(input.url, names)])
    return
  }
  const kind = inputScript(input)
  if (kind === null) return
  replaced.set(input.index - 1, [...INPUT_OPTIONS[kind], '-i'])
  replaced.set(input.index, [names.claim(kind, input.url)])
}

function replaceOption(option: ArgvOption, syntax: GraphFileSyntax, names: ScriptNames, replaced: Map<number, string[]>): void {
  const { name, specifier, value, index } = option
  if (value === null) return
  const graphFile = graphFileOption(name, specifier)
  if (graphFile !== null) {
    const given = graphFile === 'complex' ? GRAPH_FILE[syntax].complex : `${GRAPH_FILE[syntax].simple}${graphFile.stream}`
    replaced.set(index, [given])
    replaced.set(index + 1, [names.claim('graph', value)])
  } else if (name === 'hls_key_info_file') {
    replaced.set(index + 1, [names.claim('key-info', value)])
  } else if (ruleFor(name)?.kind === 'graph') {
    replaced.set(index + 1, [rewriteGraph(value, names)])
  }
}

const GRAPH_FILE = {
  script: { complex: '-filter_complex_script', simple: '-filter_script' },
  slash: { complex: '-/filter_complex', simple: '-/filter' },
} as const

/** Whether an option reads a graph from a file, and if not a complex one, for which streams, as in `:v:0`. */
export function graphFileOption(name: string, specifier: string): 'complex' | { stream: string } | null {
  const stream = specifier === '' ? '' : `:${specifier}`
  switch (name) {
    case 'filter_complex_script':
    case '/filter_complex':
    case '/lavfi':
      return 'complex'
    case 'filter_script':
    case '/filter':
      return { stream }
    case '/vf':
      return { stream: ':v' }
    case '/af':
      return { stream: ':a' }
    default:
      return null
  }
}

/** The graph with targets in the place of the scripts that its filters read. */
function rewriteGraph(graph: string, names: ScriptNames): string {
  return [...rewrittenGraph(graphFilters(graph), graph, names)].join('')
}

/** The same in pieces that make up the graph, one for each of its filters and what stands before it. */
export function* rewrittenGraph(filters: Iterable<Filter>, graph: string, names: ScriptNames): Generator<string> {
  let copied = 0
  for (const { name, args, span } of filters) {
    const rewritten = rewriteArgs(name, args, names)
    yield rewritten === null ? graph.slice(copied, span.end) : graph.slice(copied, span.start) + rewritten
    copied = span.end
  }
  yield graph.slice(copied)
}

/** Null where the filter reads no script. */
function rewriteArgs(filter: string, args: string, names: ScriptNames): string | null {
  const rules = FILTERS.get(filter)
  if (rules === undefined || 'refused' in rules || !Object.values(rules.options).some(({ kind }) => kind === 'script')) return null
  let reads = false
  const options = parseFilterOptions(args).map(({ key, value }, index) => {
    const name = key ?? rules.positional[index] ?? ''
    const rule = Object.hasOwn(rules.options, name) ? rules.options[name] : undefined
    if (rule?.kind !== 'script' || value === '') return `${name}=${escaped(value, OPTION_MARKS)}`
    reads = true
    return `${name}=${names.claim('commands', value)}`
  })
  return reads ? escaped(options.join(':'), GRAPH_MARKS) : null
}

/** What ends a value, or quotes, among the options of a filter. */
const OPTION_MARKS = /[\\':\s]/g
/** The same for the arguments of a filter in a graph. */
const GRAPH_MARKS = /[\\'[\],;\s]/g

function escaped(text: string, marks: RegExp): string {
  return text.replace(marks, '\\$&')
}
