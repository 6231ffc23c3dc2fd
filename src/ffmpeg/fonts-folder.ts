/** Where libass looks for fonts: `fontsdir` of the filters `subtitles` and `ass`, of which a job has one folder, its own. */
import { parseArgv } from './argv.ts'
import { isNestedName, withoutDot } from './filenames.ts'
import { parseFilterOptions, parseGraph } from './filtergraph.ts'
import { ruleFor } from './policy-options.ts'
import type { Settling } from './settled-argv.ts'

const SUBTITLE_FILTERS: ReadonlySet<string> = new Set(['subtitles', 'ass'])

/** The option in a filter's arguments as they were written: quoted, or up to a colon that is not escaped. */
const FONTS_DIR = /(fontsdir[ \t]*=[ \t]*)('[^']*'|(?:\\+[^\\]|[^':\\])*)/

/**
 * A filter graph in which `fontsdir` is `.`, the job's folder, where it names that folder otherwise: `./`, the font itself, or, if fonts can
 * have come as inputs that nothing names, a folder that the job does not have. All else is left for the policy to judge.
 */
export function withOwnFonts(graph: string, settling: Settling): string {
  if (!graph.includes('fontsdir')) return graph
  let settled = ''
  let copied = 0
  for (const { name, span } of parseGraph(graph)) {
    if (!SUBTITLE_FILTERS.has(name)) continue
    const args = graph.slice(span.start, span.end)
    settled += graph.slice(copied, span.start)
    settled += args.replace(FONTS_DIR, (whole, option, value) => (meansOwnFolder(String(value), settling) ? `${option}.` : whole))
    copied = span.end
  }
  return settled + graph.slice(copied)
}

function meansOwnFolder(written: string, { inputs, spareInputs }: Settling): boolean {
  const folder = withoutDot(written.replace(/['\\]/g, '').trim())
  if (folder === '.' || folder === './' || inputs.has(folder)) return true
  return spareInputs && !isNestedName(folder.replace(/\/$/, ''))
}

/**
 * Whether a command reads inputs that it does not name: libass takes all fonts of a folder. Such a command may leave any input unnamed.
 */
export function readsUnnamedInputs(argv: readonly string[]): boolean {
  const { files, trailing } = parseArgv(argv)
  const options = [...files.flatMap((file) => file.options), ...trailing]
  return options.some(({ name, value }) => value !== null && ruleFor(name)?.kind === 'graph' && looksForFonts(value))
}

function looksForFonts(graph: string): boolean {
  return parseGraph(graph).some(
    ({ name, args }) => SUBTITLE_FILTERS.has(name) && parseFilterOptions(args).some(({ key, value }) => key === 'fontsdir' && value !== ''),
  )
}
