/** Whether a command would go on for ever: it reads something that has no end, and nothing else ends its output. */
import { type ArgvFile, formatOf, parseArgv } from './argv.ts'
import { GRAPH_OPTIONS } from './progress.ts'

/** Options that end an output, whatever it is made of. */
const OUTPUT_BOUNDS: ReadonlySet<string> = new Set(['t', 'to', 'shortest', 'frames', 'vframes', 'aframes', 'fs'])
const INPUT_BOUNDS: ReadonlySet<string> = new Set(['t', 'to'])

/** Sources of libavfilter that have no end unless they are told one. */
const SOURCE =
  /(?:^|[;,\]\s])(color|haldclutsrc|testsrc2?|rgbtestsrc|yuvtestsrc|smptebars|smptehdbars|pal75bars|pal100bars|colorchart|colorspectrum|gradients|nullsrc|allrgb|allyuv|mandelbrot|life|cellauto|sierpinski|zoneplate|anullsrc|aevalsrc|sine|anoisesrc|hilbert|sinc)(?=[=@,;[\s]|$)([^;,[]*)/g
/** Filters that go on after what they read has ended. None is read past a character behind which another may begin. */
const ENDLESS_FILTER = /(?:^|[;,\]])\s*((?:a?loop)=[^;,[\]]*loop=-1|a?loop=-1|apad(?=[,;[\s]|$)|tpad=[^;,[\]]*(?:stop=-1|stop_duration=-1))/
const SOURCE_BOUND = /(?:^|[=:])(?:d|duration|n|nb_samples|nb_frames)=/
/** What lets a graph end with the shorter of its inputs, or cuts it. */
const GRAPH_BOUND = /shortest=(?:1|true)|duration=(?:shortest|first)|eof_action=endall|\ba?trim=|select=/

export interface Endlessness {
  /** What has no end, as the command has it: `-loop 1`, or the name of a source. */
  what: string
  /** The input, as the command names it; null where it is a source in a graph. */
  input: string | null
}

/** The first thing without an end, if an output has nothing that ends it; null otherwise. */
export function endlessness(argv: readonly string[]): Endlessness | null {
  const { files } = parseArgv(argv)
  const outputs = files.filter(({ kind }) => kind === 'output')
  if (outputs.every(isBounded)) return null
  const graphs = files.flatMap(({ options }) => options.flatMap(({ name, value }) => (GRAPH_OPTIONS.has(name) ? [value ?? ''] : [])))
  if (graphs.some((graph) => GRAPH_BOUND.test(graph))) return null
  for (const file of files) {
    const what = file.kind === 'input' ? endlessInput(file) : null
    if (what !== null) return { what, input: formatOf(file) === 'lavfi' ? null : file.url }
  }
  for (const graph of graphs) {
    const what = endlessSource(graph) ?? ENDLESS_FILTER.exec(graph)?.[1] ?? null
    if (what !== null) return { what, input: null }
  }
  return null
}

function isBounded({ options }: ArgvFile): boolean {
  return options.some(({ name }) => OUTPUT_BOUNDS.has(name))
}

function endlessInput(file: ArgvFile): string | null {
  if (file.options.some(({ name }) => INPUT_BOUNDS.has(name))) return null
  const lastOf = (wanted: string) => file.options.findLast(({ name }) => name === wanted)?.value ?? null
  const [loop, repeats] = [lastOf('loop'), lastOf('stream_loop')]
  if (loop !== null && loop !== '0') return `-loop ${loop}`
  if (repeats !== null && Number(repeats) < 0) return `-stream_loop ${repeats}`
  if (lastOf('ignore_loop') === '0') return '-ignore_loop 0'
  return formatOf(file) === 'lavfi' ? endlessSource(file.url) : null
}

function endlessSource(graph: string): string | null {
  for (const [, name = '', settings = ''] of graph.matchAll(SOURCE)) if (!SOURCE_BOUND.test(settings)) return name
  return null
}
