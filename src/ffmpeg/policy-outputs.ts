/** What FFmpeg cannot write, or would write in vain, as far as the arguments tell. */
import { type ArgvFile, type ArgvOption, formatOf, isExitingOption, isFlag, type ParsedArgv } from './argv.ts'
import { isPlainName } from './filenames.ts'
import { manifestFormat } from './manifest.ts'
import { ruleFor } from './policy-options.ts'
import { checkFile, type PolicyScope, type Problem, shown } from './policy-values.ts'

/** Extensions that people give their files and that belong to no muxer of FFmpeg (releases 4 to 8). */
const NO_FORMAT: ReadonlySet<string> = new Set([
  ...['txt', 'text', 'log', 'md', 'json', 'jsonl', 'csv', 'tsv', 'html', 'htm', 'yaml', 'yml', 'toml', 'ini', 'cfg', 'conf', 'php'],
  ...['bak', 'old', 'orig', 'tmp', 'temp', 'part', 'download', 'out', 'pdf', 'doc', 'docx', 'zip', 'tar', 'gz', 'rar', '7z'],
])

/** Faults of the outputs that one command may write, by which FFmpeg fails or one overwrites the other. */
export function* checkOutputs({ files, trailing }: ParsedArgv, scope: PolicyScope): Generator<Problem> {
  const written = new Set<string>()
  for (const file of files) {
    if (file.kind === 'input' || !isPlainName(file.url) || checkFile(file.url, 'write', '', scope).length > 0) continue
    const format = checkFormatOf(file)
    if (format !== null) yield format
    yield* checkManifestName(formatOf(file), file.url, scope)
    if (written.has(file.url)) {
      const msg = `\`${shown(file.url)}\` is the output of one command twice, where one overwrites the other: declare another output in output_files`
      yield { token: file.url, msg }
    }
    written.add(file.url)
  }
  const options = [...files.flatMap((file) => file.options), ...trailing]
  const swallowed = files.some(({ kind }) => kind === 'output') ? undefined : options.find((option) => takesOutput(option, scope))
  if (swallowed !== undefined) {
    const what = asWritten(swallowed)
    const msg = `${what} takes \`${shown(swallowed.value ?? '')}\` for its value, so that no output is left: ${gluedAdvice(swallowed) ?? `write the value of ${what} before it`}`
    yield { token: `-${swallowed.name}`, msg }
  }
  const last = trailing.at(-1)
  if (last?.value === null && !isFlag(last.name) && !isExitingOption(last.name)) {
    const msg = `${asWritten(last)} stands last and has no value: write its value, or leave it out`
    yield { token: `-${last.name}`, msg }
  }
}

function asWritten({ name, specifier }: ArgvOption): string {
  return `\`-${shown(specifier === '' ? name : `${name}:${specifier}`)}\``
}

/** For a number that is written as part of the option's name: `-crf23`. */
function gluedAdvice({ name, specifier }: ArgvOption): string | null {
  const [, option, number] = /^([A-Za-z_]*[A-Za-z])(\d[\w.]*)$/.exec(name) ?? []
  return option === undefined || specifier !== '' ? null : `write a blank between the option and its value, \`-${option} ${number ?? ''}\``
}

/** Whether the option has an output for its value that it does not write. */
function takesOutput({ name, value }: ArgvOption, scope: PolicyScope): boolean {
  return value !== null && scope.outputs.has(value) && ruleFor(name)?.kind !== 'file'
}

/** Extensions of manifests by their muxers. */
const MANIFEST_EXTENSION: ReadonlyMap<string, string> = new Map([
  ['hls', '.m3u8'],
  ['dash', '.mpd'],
])

/** By its name a declared output is known as a manifest, whose segments are kept with it. */
export function* checkManifestName(format: string | null, name: string, scope: PolicyScope): Generator<Problem> {
  const extension = format === null ? undefined : MANIFEST_EXTENSION.get(format)
  if (extension === undefined || !scope.outputs.has(name) || manifestFormat(name) !== null) return
  const msg = `\`-f ${format}\` writes a playlist that names other files, and \`${shown(name)}\` would be kept without them: end its name in \`${extension}\` in output_files`
  yield { token: name, msg }
}

/** FFmpeg goes by `-f`, by `-target`, or by the extension. */
function checkFormatOf(output: ArgvFile): Problem | null {
  if (formatOf(output) !== null || output.options.some(({ name }) => name === 'target')) return null
  const extension = /\.([^.]*)$/.exec(output.url)?.[1]
  if (extension !== undefined && !NO_FORMAT.has(extension.toLowerCase())) return null
  const why = extension === undefined ? 'it has none' : `no format has \`.${extension}\``
  const msg = `FFmpeg chooses the format of \`${shown(output.url)}\` by its extension, and ${why}: give it the extension of a format, such as \`.mp4\`, or write \`-f\` and the format before it`
  return { token: output.url, msg }
}
