/**
 * The texts that a command reads and that name further files, or hold a graph: read where FFmpeg would read them, judged, and written anew for
 * FFmpeg alone (`src/ffmpeg/scripts.ts` tells which they are). Texts of any length are gone through in slices.
 */
import { randomUUID } from 'node:crypto'
import { dirname } from 'node:path/posix'
import type { RunRequest } from '../src/executor/protocol.ts'
import { concatParts } from '../src/ffmpeg/concat-list.ts'
import { type Filter, filterCommands, graphFilters } from '../src/ffmpeg/filtergraph.ts'
import { hlsParts } from '../src/ffmpeg/hls-playlist.ts'
import { keyInfoParts } from '../src/ffmpeg/key-info.ts'
import { replacedLength, replacePlaceholders } from '../src/ffmpeg/placeholders.ts'
import { checkCommand, checkFilter } from '../src/ffmpeg/policy-graph.ts'
import { type PolicyScope, type Problem, shown } from '../src/ffmpeg/policy-values.ts'
import { DeclaredNames, meaningOf } from '../src/ffmpeg/script-names.ts'
import type { ScriptPart } from '../src/ffmpeg/script-parts.ts'
import { rewrittenGraph, type Script, ScriptNames } from '../src/ffmpeg/scripts.ts'
import { listed } from './failure.ts'
import { Slices } from './slices.ts'
import type { Workspace } from './workspace.ts'

const MAX_SCRIPT_BYTES = 1024 ** 2
/** Of one command: those that it names, and those that these name. */
const MAX_SCRIPTS = 300
const MAX_SCRIPTS_BYTES = 16 * 1024 ** 2

/** Of one filter, or one run-time command: as many as a command may have. */
const MAX_ARGS_CHARACTERS = 100_000

/** What to write where a script names what may not be opened. */
const INSTEAD: Readonly<Record<Script['kind'], string>> = {
  concat:
    'declare the file in input_files and write its alias here, as in `file in_a`, or send it in input_compressed_folder and write its name',
  hls: 'send the file in input_compressed_folder, beside the playlist, and write its name alone',
  'key-info': "write the name of the key's file in input_compressed_folder, or the alias of an input",
  graph: 'declare the file in input_files and write its placeholder',
  commands: 'declare the file in input_files and write its placeholder',
}

/** Why a script cannot be used, in words for the one who wrote it. */
export class ScriptFault extends Error {}

export interface Scripts {
  workspace: Workspace
  request: Omit<RunRequest, 'limits'>
  /** Of the command that is about to run. */
  scripts: readonly Script[]
  /** What the targets of the scripts that are found in these begin with, and no other target does. */
  innerPrefix: string
  /** Ends the work where it stands. */
  signal: AbortSignal | null
}

/** Writes what FFmpeg is to read. Throws a ScriptFault for the first that it may not, or cannot, read, and what `signal` aborts with. */
export async function writeScripts(scripts: Scripts): Promise<void> {
  if (scripts.scripts.length > 0) await new ScriptWriter(scripts).run(scripts.scripts)
}

/**
 * Answers the name of a text of ours by which a playlist that commands have made can be read. Rejects where there is none, as for one that names
 * what it may not.
 */
export async function writeReadablePlaylist(workspace: Workspace, filename: string): Promise<string> {
  // Several playlists of a job are looked into at the same time.
  const prefix = `probe-${randomUUID()}`
  const names = new ScriptNames(prefix)
  const target = names.claim('hls', filename)
  const request = { commands: [[]], inputs: {}, outputs: {} }
  await writeScripts({ workspace, request, scripts: names.scripts, innerPrefix: `${prefix}-inner`, signal: null })
  return target
}

class ScriptWriter {
  readonly #workspace: Workspace
  readonly #declared: DeclaredNames
  readonly #scope: PolicyScope
  readonly #slices: Slices
  /** Names of the scripts that are found in scripts. */
  readonly #inner: ScriptNames
  /** Playlists that are written already, or about to be, by their names. */
  readonly #playlists = new Map<string, string>()
  /** What the folder has by a name that a script has named; nothing there changes meanwhile, and a list may name a file on every line. */
  readonly #found = new Map<string, Promise<'media' | 'playlist' | null>>()
  #count = 0
  #bytes = 0

  constructor({ workspace, request, innerPrefix, signal }: Scripts) {
    this.#workspace = workspace
    this.#declared = new DeclaredNames({ inputs: request.inputs, outputs: outputNames(request), sources: request.sources ?? {} })
    this.#scope = scopeOf(request)
    this.#slices = new Slices(signal)
    this.#inner = new ScriptNames(innerPrefix)
  }

  async run(scripts: readonly Script[]): Promise<void> {
    for (const script of scripts) await this.#write(script)
    // Grows while it is gone through.
    for (const script of this.#inner.scripts) await this.#write(script)
  }

  async #write(script: Script): Promise<void> {
    this.#count += 1
    if (this.#count > MAX_SCRIPTS)
      throw new ScriptFault(`the command reads more than ${MAX_SCRIPTS} lists, playlists and graphs from files`)
    const text = await this.#read(script)
    await this.#workspace.putText(script.target, await this.#rewritten(script, text))
  }

  async #read({ source }: Script): Promise<string> {
    const file = await this.#workspace.openNested(source)
    if (file === null) throw new ScriptFault(`the command reads ${shown(source)}, ${await this.#missing()}`)
    try {
      this.#bytes += file.bytes
      if (file.bytes > MAX_SCRIPT_BYTES)
        throw new ScriptFault(`${shown(source)} has ${file.bytes} bytes; a text that a command reads has 1 MB at most`)
      if (this.#bytes > MAX_SCRIPTS_BYTES) throw new ScriptFault('the texts that the command reads have more than 16 MB together')
      return decode(await file.handle.readFile(), source)
    } finally {
      await file.handle.close()
    }
  }

  async #rewritten(script: Script, text: string): Promise<string> {
    switch (script.kind) {
      case 'graph': {
        const graph = this.#withFiles(script, text)
        const filters: Filter[] = []
        for (const filter of graphFilters(graph)) {
          await this.#judge(script, filter.args, checkFilter(filter, this.#scope))
          filters.push(filter)
        }
        const pieces: string[] = []
        for (const piece of rewrittenGraph(filters, graph, this.#inner)) {
          await this.#slices.pause()
          pieces.push(piece)
        }
        return pieces.join('')
      }
      case 'commands': {
        const commands = this.#withFiles(script, text)
        for (const command of filterCommands(commands)) {
          if (command === null) await this.#slices.pause()
          else await this.#judge(script, command.argument, checkCommand(command, this.#scope))
        }
        return commands
      }
      case 'concat':
        return this.#lines(script, concatParts(text))
      case 'hls':
        return this.#lines(script, hlsParts(text))
      case 'key-info':
        return this.#lines(script, keyInfoParts(text))
    }
  }

  /** @param args what is judged in one piece, without a pause */
  async #judge({ source }: Script, args: string, problems: Iterable<Problem>): Promise<void> {
    await this.#slices.pause()
    if (args.length > MAX_ARGS_CHARACTERS) {
      throw new ScriptFault(`${shown(source)}: a filter or command in it has more than ${MAX_ARGS_CHARACTERS} characters of arguments`)
    }
    for (const { msg } of problems) throw new ScriptFault(`${shown(source)}: ${msg}`)
  }

  #withFiles({ source }: Script, text: string): string {
    // A short placeholder may stand for a long name.
    if (replacedLength(text, (alias) => this.#declared.byAlias(alias)?.length ?? 0) > MAX_SCRIPT_BYTES)
      throw new ScriptFault(`${shown(source)} has more than 1 MB with placeholders replaced; a text that a command reads has 1 MB at most`)
    return replacePlaceholders(text, (alias) => {
      const name = this.#declared.byAlias(alias)
      if (name === null) throw new ScriptFault(`${shown(source)}: {{${shown(alias)}}} is not declared in input_files or output_files`)
      return name
    })
  }

  async #lines(script: Script, parts: Iterable<ScriptPart>): Promise<string> {
    const lines: string[] = []
    for (const part of parts) {
      await this.#slices.pause()
      if (part === null) continue
      if (part.kind === 'fault') throw new ScriptFault(`${shown(script.source)}, line ${part.line}: ${part.reason}`)
      if (part.kind === 'text') lines.push(part.text)
      else lines.push(part.write(await this.#file(script, part)))
    }
    return `${lines.join('\n')}\n`
  }

  /** The name by which FFmpeg is to open what a line names. */
  async #file(script: Script, { line, reference, role }: Extract<ScriptPart, { kind: 'file' }>): Promise<string> {
    const where = `${shown(script.source)}, line ${line}`
    const folder = dirname(script.source) === '.' ? '' : dirname(script.source)
    let why: string | null = null
    for (const spelling of reference.spellings) {
      const meaning = meaningOf(spelling, folder, this.#declared)
      if (!meaning.ok) {
        why ??= meaning.reason
        continue
      }
      for (const name of meaning.names) {
        const found = await this.#find(name)
        if (found === null) continue
        if (role === 'playlist') {
          // FFmpeg would go round in a circle of them.
          if (this.#isInner(script)) throw new ScriptFault(`${where}: a playlist that another one names, names a playlist in turn`)
          return this.#playlist(name)
        }
        if (script.kind === 'hls' && role === 'media' && found === 'playlist') {
          throw new ScriptFault(`${where}: ${shown(name)} is a playlist in the place of a segment`)
        }
        return name
      }
    }
    if (reference.spellings.some((spelling) => this.#declared.isAmbiguous(spelling))) {
      throw new ScriptFault(
        `${where}: the URLs of several inputs end in \`${shown(reference.written)}\`: write the alias of the one that is meant`,
      )
    }
    if (why !== null) throw new ScriptFault(`${where} names \`${shown(reference.written)}\`: ${why}; ${INSTEAD[script.kind]}`)
    const hint =
      reference.spellings.length > 1 && script.kind === 'concat'
        ? "; a name with spaces or apostrophes is written `file 'my clip.mp4'`, `file 'it'\\''s.mp4'`"
        : ''
    throw new ScriptFault(`${where} names \`${shown(reference.written)}\`, ${await this.#missing()}${hint}`)
  }

  #isInner({ target }: Script): boolean {
    return this.#inner.scripts.some((inner) => inner.target === target)
  }

  /** Written like the one that names it, once. */
  #playlist(name: string): string {
    const target = this.#playlists.get(name) ?? this.#inner.claim('hls', name)
    this.#playlists.set(name, target)
    return target
  }

  #find(name: string): Promise<'media' | 'playlist' | null> {
    const found = this.#found.get(name) ?? this.#look(name)
    this.#found.set(name, found)
    return found
  }

  /** FFmpeg would read a playlist in the place of a segment as one, whatever it names. Null where there is no such file. */
  async #look(name: string): Promise<'media' | 'playlist' | null> {
    if ((await this.#workspace.fileBytes(name)) === null) return null
    if (/\.(m3u8?|hls)$/i.test(name)) return 'playlist'
    const file = await this.#workspace.openNested(name)
    if (file === null) return 'media'
    try {
      const { buffer, bytesRead } = await file.handle.read(Buffer.alloc(64), 0, 64, 0)
      return /^\s*#EXTM3U/.test(buffer.subarray(0, bytesRead).toString('utf8')) ? 'playlist' : 'media'
    } finally {
      await file.handle.close()
    }
  }

  async #missing(): Promise<string> {
    const present = (await this.#workspace.list()).filter((name) => !name.startsWith('.'))
    return `which is not in the job's folder; the files there are: ${listed(present)}`
  }
}

function outputNames({ outputs, bundles }: Scripts['request']): Record<string, string> {
  const bundled = Object.entries(bundles ?? {}).map(([alias, bundle]) => [
    alias,
    bundle.kind === 'sequence' ? bundle.pattern : bundle.filename,
  ])
  return { ...outputs, ...Object.fromEntries(bundled) }
}

/** What a command of the job may name. */
function scopeOf(request: Scripts['request']): PolicyScope {
  const archive = request.archive !== undefined
  return {
    inputs: new Set(Object.values(request.inputs)),
    outputs: new Set(Object.values(outputNames(request))),
    workingNames: archive || request.commands.length > 1 || request.bundles !== undefined,
    folders: archive,
  }
}

function decode(bytes: Buffer, source: string): string {
  if (bytes.includes(0)) throw new ScriptFault(`${shown(source)} is not text in UTF-8 (it has NUL bytes): save it as UTF-8`)
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    throw new ScriptFault(`${shown(source)} is not text in UTF-8: save it as UTF-8`)
  }
}
