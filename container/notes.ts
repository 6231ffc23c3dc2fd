/** What a job's files have to do with the failure of a command: an input that is no media, and names that an archive does not have. */
import { formatOf, parseArgv } from '../src/ffmpeg/argv.ts'
import { type ContentKind, type Contents, SNIFFED_BYTES, sniff } from '../src/ffmpeg/content-sniffing.ts'
import { inputScript } from '../src/ffmpeg/scripts.ts'
import { problemLines } from '../src/ffmpeg/stderr.ts'
import type { Unpacked } from './unpack.ts'
import type { Workspace } from './workspace.ts'

/** FFmpeg could make nothing of an input, or took it for what it is not. */
const UNREADABLE =
  /Invalid data found when processing input|could not find codec parameters|misdetection possible|moov atom not found|Invalid PNG signature|Unable to open|Format not on whitelist|Error opening input/i
const NO_MEDIA: ReadonlySet<ContentKind> = new Set(['empty', 'web_page', 'hls', 'dash', 'zip', 'archive', 'foreign', 'text'])
const MISSING = /No such file or directory|Could find no file|Unable to open|Could not open file/i
const MAX_LISTED = 20
const MAX_EXCERPT = 100

export interface JobFiles {
  workspace: Workspace
  /** File names of the inputs by alias. */
  inputs: Readonly<Record<string, string>>
  /** What the archive has brought; null where there was none. */
  archive: Unpacked | null
}

/** A sentence for each thing that is wrong with the files that a command was to read. */
export async function notesOn({ workspace, inputs, archive }: JobFiles, argv: readonly string[], stderr: string): Promise<string[]> {
  const said = problemLines(stderr).join('\n')
  const notes: string[] = []
  for (const { alias, filename, isMedia } of suspects(inputs, argv, said)) {
    const found = await foreignContents(workspace, filename)
    if (found === null) continue
    if (isMedia) notes.push(`The input "${alias}" is not media: it is ${found.what}`)
    else if (found.kind !== 'text') notes.push(`The input "${alias}" is ${found.what}`)
    else if (isUnreadSubtitle(filename, said))
      notes.push(`The input "${alias}" holds no subtitles that FFmpeg can read: it is ${found.what}`)
  }
  notes.push(...(await unnamedLists(workspace, argv, said)))
  if (archive !== null && MISSING.test(said)) notes.push(holdings(archive, argv, said))
  return notes
}

/** Lists that FFmpeg was to open as media: without a header it does not know them. */
async function unnamedLists(workspace: Workspace, argv: readonly string[], said: string): Promise<string[]> {
  const notes: string[] = []
  for (const input of parseArgv(argv).files) {
    if (input.kind !== 'input' || formatOf(input) !== null || !said.includes(`${input.url}: Invalid data`)) continue
    const head = await headOf(workspace, input.url)
    if (head === null || !/^\ufeff?(?:\s*#[^\n]*\n)*\s*file\s/.test(new TextDecoder().decode(head))) continue
    notes.push(`"${input.url}" is a concat list: write -f concat -safe 0 before its -i`)
  }
  return notes
}

interface Suspect {
  alias: string
  filename: string
  /** Whether the command opens it as media; else a filter or an option reads it: a script, a text to draw, a LUT, a font, subtitles. */
  isMedia: boolean
}

/** The inputs that may be what FFmpeg could not read: those that it names, if it names one of them. */
function suspects(inputs: JobFiles['inputs'], argv: readonly string[], said: string): Suspect[] {
  const opened = parseArgv(argv).files.filter(({ kind }) => kind === 'input')
  const used = Object.entries(inputs).flatMap(([alias, filename]) => {
    const place = opened.find(({ url }) => url.includes(filename))
    if (place === undefined && !argv.some((argument) => argument.includes(filename))) return []
    // A list or playlist is a text as it should be.
    return place !== undefined && inputScript(place) !== null ? [] : [{ alias, filename, isMedia: place !== undefined }]
  })
  const named = used.filter(({ filename }) => said.includes(filename))
  if (named.length > 0) return named
  return UNREADABLE.test(said) ? used : []
}

function isUnreadSubtitle(filename: string, said: string): boolean {
  return said.includes(`Unable to open ${filename}`)
}

/** What is in an input that FFmpeg cannot read, with its first words where they are text; null where it may be media. */
async function foreignContents(workspace: Workspace, filename: string): Promise<Contents | null> {
  const head = await headOf(workspace, filename)
  if (head === null) return null
  const { kind, what } = sniff(head, null)
  if (!NO_MEDIA.has(kind)) return null
  return { kind, what: kind === 'text' || kind === 'foreign' ? what + excerpt(head) : what }
}

/** The first bytes of a file of the job; null if there is none. */
async function headOf(workspace: Workspace, filename: string): Promise<Uint8Array | null> {
  const file = await workspace.openRegular(filename)
  if (file === null) return null
  try {
    const { buffer, bytesRead } = await file.handle.read(Buffer.alloc(SNIFFED_BYTES), 0, SNIFFED_BYTES, 0)
    return buffer.subarray(0, bytesRead)
  } finally {
    await file.handle.close()
  }
}

function excerpt(head: Uint8Array): string {
  const words = new TextDecoder()
    .decode(head)
    .replace(/[\p{Cc}\p{Cf}\s]+/gu, ' ')
    .trim()
  if (words === '' || words.startsWith('%PDF')) return ''
  return `, which begins with "${words.length > MAX_EXCERPT ? `${words.slice(0, MAX_EXCERPT)}…` : words}"`
}

function holdings({ names, fileCount }: Unpacked, argv: readonly string[], said: string): string {
  if (fileCount === 0) return 'The archive holds no files'
  const elsewhere = missingNames(argv, said).flatMap((wanted) => {
    const found = names.find((name) => isMeant(name, wanted))
    return found === undefined ? [] : [`"${wanted}" is in it as "${found}"`]
  })
  const pattern = globWanted(argv, said)
  if (pattern !== null) elsewhere.push(`for the files that ${pattern} stands for, write -pattern_type glob before -i '${pattern}'`)
  const sorted = names.toSorted().slice(0, MAX_LISTED)
  const more = fileCount > sorted.length ? ` and ${fileCount - sorted.length} more` : ''
  return [`The archive holds ${sorted.join(', ')}${more}`, ...elsewhere].join('; ')
}

/** Inputs of the command that FFmpeg complains about, and files that a filter could not open: the first, as each is looked for among all names. */
function missingNames(argv: readonly string[], said: string): string[] {
  const inputs = parseArgv(argv).files.flatMap(({ kind, url }) => (kind === 'input' && said.includes(url) ? [url] : []))
  const inFilters = [...said.matchAll(/Unable to open ([^\n]{1,300})/g)].map(([, name = '']) => name)
  return [...new Set([...inputs, ...inFilters])].slice(0, MAX_LISTED)
}

/** A pattern of a shell as an input, which FFmpeg took for a name; null if there is none. */
function globWanted(argv: readonly string[], said: string): string | null {
  const inputs = parseArgv(argv).files.filter(({ kind }) => kind === 'input')
  const found = inputs.find(
    ({ url, options }) => url.includes('*') && !options.some(({ name }) => name === 'pattern_type') && said.includes(url),
  )
  return found?.url ?? null
}

/** Whether a file of another folder, or in other case, is what was meant; of a numbered sequence, one of its files. */
function isMeant(name: string, wanted: string): boolean {
  const [file, meant] = [baseOf(name), baseOf(wanted)]
  if (name === wanted) return false
  const percent = meant.indexOf('%')
  if (percent === -1) return file === meant
  return file.startsWith(meant.slice(0, percent)) && file.endsWith(meant.slice(meant.indexOf('d', percent) + 1))
}

function baseOf(name: string): string {
  return name.slice(name.lastIndexOf('/') + 1).toLowerCase()
}
