/** From the command strings of a submit to the argv lists that FFmpeg runs. */
import { type Bundle, FOLDER_ALIAS, PLAYLIST_PREFIX, sortOutputs } from './bundle.ts'
import { inputFilenames } from './filenames.ts'
import { guardInputs } from './guards.ts'
import { aliasesIn, replacePlaceholders } from './placeholders.ts'
import { checkPolicy } from './policy.ts'
import { tokenise } from './tokenise.ts'

/** One thing wrong with a submit, in the shape that the API answers with. */
export interface Fault {
  loc: (string | number)[]
  msg: string
  type: 'value_error' | 'type_error'
}

/** Keys and names are as the API's schema demands; the commands are as the user wrote them. */
export interface CommandSource {
  field: 'ffmpeg_command' | 'ffmpeg_commands'
  commands: string[]
  /** Alias → URL. */
  inputs: Record<string, string>
  /** Alias → file name. Empty where everything is wanted that the commands make. */
  outputs: Record<string, string>
  /** Name of the zip of everything that the commands make, where that is wanted. */
  folder?: string
  /** Whether an archive is unpacked into the working directory before the commands run. */
  archive?: boolean
}

/** Name under which the archive is brought to the job. An input's name begins with `in_`, so it is never one. */
const ARCHIVE_FILENAME = 'input_compressed_folder.zip'

export interface CompiledCommand {
  /** Without the leading `ffmpeg`; every file is a plain name in the job's folder. */
  argvs: string[][]
  /** Alias → file name in the job's folder. */
  inputs: Record<string, string>
  /** Alias → file name in the job's folder, of each output that is one file. */
  outputs: Record<string, string>
  /** Alias → what it is made of, of each output that is more than one file. */
  bundles?: Record<string, Bundle>
  /** File name in the job's folder. */
  archive?: string
}

export type Compilation = { ok: true; command: CompiledCommand } | { ok: false; faults: Fault[] }

/** Nobody reads more, and a long string of nonsense would make as many as it has words. */
const MAX_FAULTS_PER_COMMAND = 50

/** Compiles all commands of a submit, or says everything that is wrong with them. Never throws. */
export function compileCommands(source: CommandSource): Compilation {
  const outputs = new Map(Object.entries(source.outputs))
  const inputs = inputFilenames(new Map(Object.entries(source.inputs)), [...outputs.values()])
  const files = new Map([...inputs, ...outputs])
  const compiled = source.commands.map((command) => compileOne(command, files))
  const used = new Set(compiled.flatMap(({ aliases }) => [...aliases]))
  const archive = source.archive === true
  const scope = {
    inputs: new Set(inputs.values()),
    outputs: new Set(outputs.values()),
    workingNames: source.field === 'ffmpeg_commands' || archive || source.folder !== undefined || hasPlaylist(outputs.keys()),
    folders: archive,
  }
  const faults: Fault[] = [
    ...compiled.flatMap(({ argv, problems }, step) => {
      // The policy judges finished arguments: a command with a broken quote or an unknown placeholder has none.
      const found = problems.length > 0 ? problems : checkPolicy([argv], scope).map(({ msg }) => msg)
      const loc = source.field === 'ffmpeg_command' ? [source.field] : [source.field, step]
      return found.slice(0, MAX_FAULTS_PER_COMMAND).map((msg): Fault => ({ loc, msg, type: 'value_error' }))
    }),
    ...unusedKeys('input_files', inputs.keys(), used),
    ...unusedKeys('output_files', outputs.keys(), used),
  ]
  if (faults.length > 0) return { ok: false, faults }
  const sorted = sortOutputs(source.outputs)
  const bundles: Record<string, Bundle> =
    source.folder === undefined ? sorted.bundles : { [FOLDER_ALIAS]: { kind: 'folder', filename: source.folder } }
  return {
    ok: true,
    command: {
      argvs: compiled.map(({ argv }) => guardInputs(argv)),
      inputs: Object.fromEntries(inputs),
      outputs: sorted.files,
      ...(Object.keys(bundles).length > 0 && { bundles }),
      ...(archive && { archive: ARCHIVE_FILENAME }),
    },
  }
}

/** A stream of several qualities is made by an output argument of its own (`stream_%v.m3u8`), beside the playlist that is declared. */
function hasPlaylist(aliases: Iterable<string>): boolean {
  return [...aliases].some((alias) => alias.startsWith(PLAYLIST_PREFIX))
}

interface CompiledOne {
  argv: string[]
  /** Every alias that the command names, declared or not. */
  aliases: Set<string>
  problems: string[]
}

function compileOne(command: string, files: ReadonlyMap<string, string>): CompiledOne {
  const aliases = new Set(aliasesIn(command))
  const split = tokenise(command)
  const words = split.ok ? split.tokens : []
  const argv = (words[0] === 'ffmpeg' ? words.slice(1) : words).map((word) =>
    replacePlaceholders(word, (alias) => {
      aliases.add(alias)
      return files.get(alias) ?? ''
    }),
  )
  const problems = [...aliases].filter((alias) => !files.has(alias)).map((alias) => undeclared(alias, files))
  if (!split.ok) problems.push(`${split.reason}, at character ${split.position + 1}: ${excerpt(command, split.position)}`)
  problems.push(...argv.filter(isTooLong).map((word) => `an argument is longer than 128 KiB: ${excerpt(word, 0)}`))
  if (split.ok && argv.length === 0) problems.push('the command is empty: write what follows `ffmpeg` on a command line')
  return { argv, aliases, problems }
}

/** Linux passes no longer argument on to a program. */
const MAX_ARGUMENT_BYTES = 128 * 1024 - 1

function isTooLong(argument: string): boolean {
  // At most three bytes of UTF-8 to a character of JavaScript.
  return argument.length * 3 > MAX_ARGUMENT_BYTES && new TextEncoder().encode(argument).length > MAX_ARGUMENT_BYTES
}

function undeclared(alias: string, files: ReadonlyMap<string, string>): string {
  const declared = [...files.keys()].map((key) => `{{${key}}}`).join(', ')
  const place = alias.startsWith('out_') ? 'output_files' : 'input_files'
  return `{{${alias}}} is not declared in ${place}; ${declared === '' ? 'nothing is declared' : `declared are ${declared}`}`
}

function unusedKeys(field: string, aliases: Iterable<string>, used: ReadonlySet<string>): Fault[] {
  return [...aliases]
    .filter((alias) => !used.has(alias))
    .map((alias) => ({ loc: [field, alias], msg: `no command uses {{${alias}}}: use it, or remove it from ${field}`, type: 'value_error' }))
}

/** The text around a position, so that a user finds it without counting. */
function excerpt(text: string, position: number): string {
  const start = Math.max(0, position - 20)
  const end = Math.min(text.length, position + 20)
  return `${start > 0 ? '…' : ''}${text.slice(start, end)}${end < text.length ? '…' : ''}`
}
