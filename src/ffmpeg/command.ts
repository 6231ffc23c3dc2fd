/** From the command strings of a submit to the argv lists that FFmpeg runs. */
import { parseArgv } from './argv.ts'
import { type Bundle, FOLDER_ALIAS, sortOutputs } from './bundle.ts'
import { excerpt, shortened, someOf } from './excerpt.ts'
import { checkProbe } from './ffprobe.ts'
import { inputFilenames } from './filenames.ts'
import { readsUnnamedInputs } from './fonts-folder.ts'
import { writtenManifests } from './manifest-outputs.ts'
import { checkPolicy } from './policy.ts'
import type { PolicyScope, Problem } from './policy-values.ts'
import type { Program } from './program.ts'
import { readsScripts } from './scripts.ts'
import { settledArgv } from './settled-argv.ts'
import { lengthWithFiles, type ReplacedCommand, replaceFiles, splitCommand } from './split-command.ts'
import { APOSTROPHE, strayMessages } from './stray-messages.ts'
import { strayProbeWords, strayWords } from './stray-words.ts'
import { isTextOutput } from './text-outputs.ts'

/** The file in the job's folder is called after its alias, and what it is called, with an extension, must fit into 255 characters. */
export const MAX_ALIAS_CHARACTERS = 64

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
  /** Without the program's name, and without guards; every file is a plain name in the job's folder. */
  argvs: string[][]
  /** Which program each argv is for; absent where all are for FFmpeg. */
  programs?: Program[]
  /** Alias → file name in the job's folder. */
  inputs: Record<string, string>
  /** Alias → file name in the job's folder, of each output that is one file. */
  outputs: Record<string, string>
  /** Alias → what it is made of, of each output that is more than one file. */
  bundles?: Record<string, Bundle>
  /** File name in the job's folder. */
  archive?: string
}

/** `omitted`: how many more faults there are than are told. */
export type Compilation = { ok: true; command: CompiledCommand } | { ok: false; faults: Fault[]; omitted: number }

/** Nobody reads more, and a long string of nonsense would make as many as it has words. */
const MAX_FAULTS_PER_COMMAND = 50

/** Each `-i` gets guards of some 1,500 characters, and what an executor takes in one request is bounded. */
const MAX_INPUT_ARGUMENTS = 150

/**
 * The size of a command or preset as it is stored, in JSON characters with placeholders replaced: a page of 100 must fit into one RPC answer
 * of 32 MiB, at two bytes each.
 */
export const MAX_STORED_CHARACTERS = 150_000

/** What is said of a submit or preset with more than `MAX_STORED_CHARACTERS`. */
export function tooLargeTogether(characters: number): Fault {
  const msg = `files, command and metadata are too large together: ${characters} characters with placeholders replaced, ${MAX_STORED_CHARACTERS} at most`
  return { loc: [], msg, type: 'value_error' }
}

/**
 * Compiles all commands of a submit, or says what is wrong with them. Never throws. What a short placeholder stands for may be long, so the
 * characters are counted before anything is replaced.
 */
export function compileCommands(source: CommandSource): Compilation {
  const outputs = new Map(Object.entries(source.outputs))
  const inputs = inputFilenames(new Map(Object.entries(source.inputs)), [...outputs.values()])
  const files = new Map([...inputs, ...outputs])
  // What is stored has the commands as they were written too.
  const written = source.commands.reduce((sum, text) => sum + text.length, 0)
  if (written > MAX_STORED_CHARACTERS) return { ok: false, faults: [tooLargeTogether(written)], omitted: 0 }
  // Names in an archive are composed when it is unpacked, so the commands that name them are too, before anything reads them: composed, some
  // characters are others, such as the Greek question mark, which becomes a semicolon.
  const split = source.commands.map((text) => splitCommand(source.archive === true ? text.normalize('NFC') : text))
  const characters = split.reduce((sum, { words }) => sum + lengthWithFiles(words, files), 0)
  if (characters > MAX_STORED_CHARACTERS) return { ok: false, faults: [tooLargeTogether(characters)], omitted: 0 }
  const replaced = split.map((command) => replaceFiles(command, files))
  const used = new Set(replaced.flatMap(({ aliases }) => [...aliases]))
  const names = { inputs: new Set(inputs.values()), outputs: new Set(outputs.values()) }
  const spareInputs = [...inputs.keys()].some((alias) => !used.has(alias))
  const chained = source.field === 'ffmpeg_commands'
  const context = { chained, aliases: new Set(files.keys()) }
  const compiled = replaced.map((command) => ({
    ...command,
    argv: command.program === 'ffprobe' ? command.argv : settledArgv(command.argv, { inputs: names.inputs, spareInputs }),
    stray: strayMessages(command.program === 'ffprobe' ? strayProbeWords(command.argv) : strayWords({ ...command, files }), {
      ...context,
      probe: command.program === 'ffprobe',
    }),
  }))
  const sorted = sortOutputs(source.outputs, writtenManifests(compiled.map(({ argv }) => argv)))
  const hasPlaylist = Object.values(sorted.bundles).some(({ kind }) => kind === 'playlist')
  const archive = source.archive === true
  // A stream of several qualities is made by an output argument of its own (`stream_%v.m3u8`), beside the playlist that is declared.
  const workingNames = chained || archive || source.folder !== undefined || hasPlaylist
  // A file may also be named as it is called in the job's folder.
  const words = new Set(compiled.flatMap(({ argv }) => argv))
  for (const [alias, name] of files) if (words.has(name)) used.add(alias)
  const spare = { inputs: unused(inputs.keys(), used), outputs: unused(outputs.keys(), used) }
  const scope = { ...names, workingNames, folders: archive, spare }
  const faults: Fault[] = []
  /** Aliases that were said to be unused. */
  const told = new Set<string>()
  let omitted = 0
  for (const [step, command] of compiled.entries()) {
    const loc = source.field === 'ffmpeg_command' ? [source.field] : [source.field, step]
    let count = 0
    for (const { msg, spare: named } of problemsOf(command, files, scope)) {
      if (count === MAX_FAULTS_PER_COMMAND) omitted += 1
      else {
        faults.push({ loc, msg, type: 'value_error' })
        for (const alias of named ?? []) told.add(alias)
        count += 1
      }
    }
  }
  if (faults.length === 0 && lacksResult(source, compiled)) faults.push(NO_OUTPUT)
  // What a command names is not known where it was not read as it was meant.
  if (compiled.every(({ stray }) => stray.length === 0)) {
    if (!compiled.some(({ argv }) => readsUnnamedInputs(argv) || readsScripts(argv)))
      faults.push(...unusedKeys('input_files', spare.inputs, told))
    faults.push(...unusedKeys('output_files', spare.outputs, told))
  }
  if (faults.length > 0) return { ok: false, faults, omitted }
  const bundles: Record<string, Bundle> =
    source.folder === undefined ? sorted.bundles : { [FOLDER_ALIAS]: { kind: 'folder', filename: source.folder } }
  return {
    ok: true,
    command: {
      argvs: compiled.map(({ argv }) => argv),
      ...(compiled.some(({ program }) => program === 'ffprobe') && { programs: compiled.map(({ program }) => program) }),
      inputs: Object.fromEntries(inputs),
      outputs: sorted.files,
      ...(Object.keys(bundles).length > 0 && { bundles }),
      ...(archive && { archive: ARCHIVE_FILENAME }),
    },
  }
}

interface CompiledOne extends ReplacedCommand {
  /** What is said of words that are none of FFmpeg's. */
  stray: string[]
}

const NO_OUTPUT: Fault = {
  loc: ['output_files'],
  msg: 'a command needs at least one output: declare its files here and write {{out_…}}; a command whose result is text ends in `-f null -`, or begins with ffprobe',
  type: 'value_error',
}

/** Whether nothing would be left of the commands: no files, and no text either. */
function lacksResult({ outputs, folder }: CommandSource, compiled: readonly CompiledOne[]): boolean {
  if (Object.keys(outputs).length > 0 || folder !== undefined) return false
  return !compiled.some(
    ({ program, argv }) => program === 'ffprobe' || parseArgv(argv).files.some((file) => file.kind === 'output' && isTextOutput(file)),
  )
}

/** One by one, so that of many none is kept that is not told. */
function* problemsOf(command: CompiledOne, files: ReadonlyMap<string, string>, scope: PolicyScope): Generator<Omit<Problem, 'token'>> {
  let sound = true
  for (const msg of brokenParts(command, files, scope)) {
    sound = false
    yield { msg }
  }
  // The policy judges finished arguments: a command with a broken quote or an unknown placeholder has none.
  if (sound) for (const msg of command.stray) yield { msg }
  const check = command.program === 'ffprobe' ? checkProbe : checkPolicy
  if (sound && command.stray.length === 0) yield* check(command.argv, scope)
}

function* brokenParts(
  { text, tokens, argv, aliases }: CompiledOne,
  files: ReadonlyMap<string, string>,
  scope: PolicyScope,
): Generator<string> {
  for (const alias of aliases) if (!files.has(alias)) yield undeclared(alias, files, scope)
  if (!tokens.ok)
    yield `${tokens.reason}, at character ${tokens.position + 1}: ${excerpt(text, tokens.position)}${quoteAdvice(text, tokens.position)}`
  for (const word of argv)
    if (isTooLong(word)) {
      yield `an argument is longer than 128 KiB: ${excerpt(word, 0)}; a filter graph can be an input file, as in \`-filter_complex_script {{in_graph}}\``
    }
  if (tokens.ok && argv.length === 0) yield 'the command is empty: write what follows `ffmpeg` on a command line'
  const inputs = parseArgv(argv).files.filter(({ kind }) => kind === 'input').length
  if (inputs > MAX_INPUT_ARGUMENTS) {
    yield `the command reads ${inputs} inputs, ${MAX_INPUT_ARGUMENTS} at most: join some of them in a command of its own`
  }
}

/** An apostrophe in a text is the usual reason why a single quote stays open, and a line taken out of several that of a backslash. */
function quoteAdvice(text: string, position: number): string {
  if (text.charAt(position) === '\\') return '; leave it out'
  return text.charAt(position) === "'" ? APOSTROPHE : ''
}

/** Linux passes no longer argument on to a program. */
const MAX_ARGUMENT_BYTES = 128 * 1024 - 1

function isTooLong(argument: string): boolean {
  // At most three bytes of UTF-8 to a character of JavaScript.
  return argument.length * 3 > MAX_ARGUMENT_BYTES && new TextEncoder().encode(argument).length > MAX_ARGUMENT_BYTES
}

function undeclared(alias: string, files: ReadonlyMap<string, string>, { workingNames }: PolicyScope): string {
  const declared = files.size === 0 ? 'nothing is declared' : `declared are ${someOf([...files.keys()].map((key) => `{{${key}}}`))}`
  const place = alias.startsWith('out_') ? 'output_files' : 'input_files'
  const plain = workingNames ? ', and a file of the working directory has a plain name without braces, such as `tmp.mp4`' : ''
  const other = /^(?:in|out)_/.test(alias)
    ? ''
    : `; a placeholder stands for a declared file${plain}: have your own tool fill in other values before it sends the command`
  return `{{${shortened(alias, MAX_ALIAS_CHARACTERS)}}} is not declared in ${place}; ${declared}${other}`
}

function unused(aliases: Iterable<string>, used: ReadonlySet<string>): string[] {
  return [...aliases].filter((alias) => !used.has(alias))
}

function unusedKeys(field: string, spare: readonly string[], told: ReadonlySet<string>): Fault[] {
  return spare
    .filter((alias) => !told.has(alias))
    .map((alias) => ({ loc: [field, alias], msg: `no command uses {{${alias}}}: use it, or remove it from ${field}`, type: 'value_error' }))
}
