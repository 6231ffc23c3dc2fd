/**
 * A chain as a list of commands that have files of their own, each of which may name an output of an earlier one as its input, as the
 * chain that the API runs: one list of commands that share their files. Pure.
 */
import { z } from '@hono/zod-openapi'
import { OUTPUT_FOLDER } from '../ffmpeg/bundle.ts'
import type { Fault } from '../ffmpeg/command.ts'
import { aliasesIn, replacePlaceholders } from '../ffmpeg/placeholders.ts'
import { boundedList } from './bounded-schemas.ts'
import { within } from './errors.ts'
import { submitBase } from './schemas.ts'
import { MAX_COMMANDS } from './submit-schemas.ts'
import { commandText } from './value-schemas.ts'
import { mustBe } from './wanted.ts'

const EXAMPLE = {
  commands: [
    {
      input_files: { in_video: 'https://example.com/input.mp4' },
      output_files: { out_clip: 'clip.mp4' },
      ffmpeg_command: '-i {{in_video}} -t 5 -c copy {{out_clip}}',
    },
    {
      input_files: { in_clip: '{{out_clip}}' },
      output_files: { out_frame: 'frame.png' },
      ffmpeg_command: '-i {{in_clip}} -frames:v 1 {{out_frame}}',
    },
  ],
}

const { output_files: _, input_files, ...options } = submitBase

const stepSchema = z.object(
  {
    input_files: input_files.openapi({
      description: 'Alias (`in_…`) → http(s) URL, or `{{out_…}}` of an earlier command.',
      example: { in_clip: '{{out_clip}}' },
    }),
    output_files: submitBase.output_files,
    ffmpeg_command: commandText,
    metadata: submitBase.metadata,
    webhook_url: submitBase.webhook_url,
    max_command_run_seconds: submitBase.max_command_run_seconds,
  },
  mustBe(
    'an object such as {"input_files": {"in_clip": "{{out_clip}}"}, "output_files": {"out_frame": "frame.png"}, "ffmpeg_command": "…"}',
  ),
)

export const chainOfStepsSchema = z
  .object({
    commands: boundedList(
      z.array(stepSchema, mustBe('a list of commands in square brackets')).min(1, 'a chain needs at least one command'),
      MAX_COMMANDS,
      `a chain has ${MAX_COMMANDS} commands at most`,
    ).openapi({
      description:
        'Run in this order, in one working directory. What several of them give of the other fields: the last one counts, and seconds are added up where all of them give some.',
    }),
    ...options,
  })
  .openapi('RunChainOfCommands', { example: EXAMPLE })
export type ChainOfSteps = z.output<typeof chainOfStepsSchema>
type Step = ChainOfSteps['commands'][number]

/** A chain as the API has it, and how to find in the client's body what is found in it. */
export interface JoinedChain {
  /** For the schema of a chain. */
  body: Record<string, unknown>
  /** Where the client has what the chain has at `loc`. */
  sentAt: (loc: Fault['loc']) => Fault['loc']
}

/** Fields that a step may have and that a chain has once. */
const SHARED = ['metadata', 'webhook_url', 'max_command_run_seconds'] as const

/** @returns the chain, or what cannot be joined. Aliases that mean different files in different steps get a number. */
export function joinSteps({ commands, ...shared }: ChainOfSteps): { ok: true; chain: JoinedChain } | { ok: false; faults: Fault[] } {
  const joining = new Joining(commands)
  for (const [index, step] of commands.entries()) joining.add(index, step)
  if (joining.faults.length > 0) return { ok: false, faults: joining.faults }
  const sources = new Map(
    SHARED.map((field) => [field, shared[field] == null ? commands.findLastIndex((step) => step[field] != null) : -1]),
  )
  const ofSteps = Object.fromEntries([...sources].flatMap(([field, index]) => (index === -1 ? [] : [[field, commands[index]?.[field]]])))
  if ('max_command_run_seconds' in ofSteps) {
    // A step that says nothing may take as long as the chain may.
    const isSaidByAll = commands.every((step) => step.max_command_run_seconds != null)
    ofSteps.max_command_run_seconds = isSaidByAll ? commands.reduce((sum, step) => sum + (step.max_command_run_seconds ?? 0), 0) : undefined
  }
  const sentAt = (loc: Fault['loc']): Fault['loc'] => {
    const [field, name, ...rest] = loc
    if (field === 'ffmpeg_commands') return typeof name === 'number' ? ['commands', name, 'ffmpeg_command', ...rest] : ['commands']
    const source = joining.sources.get(String(name))
    if (source !== undefined && (field === 'input_files' || field === 'output_files'))
      return ['commands', source.step, field, source.alias, ...rest]
    if (field === 'input_files' || field === 'output_files') return ['commands']
    const step = SHARED.find((known) => known === field)
    const index = step === undefined ? -1 : (sources.get(step) ?? -1)
    return index === -1 ? loc : within(['commands', index], loc)
  }
  return { ok: true, chain: { body: { ...shared, ...ofSteps, ...joining.files() }, sentAt } }
}

/** The alias, of a text that is one placeholder. */
function placeholderOf(text: string): string | null {
  const [alias, ...more] = aliasesIn(text)
  return alias !== undefined && more.length === 0 && replacePlaceholders(text, () => '').trim() === '' ? alias : null
}

class Joining {
  readonly faults: Fault[] = []
  /** What the chain calls a file → where it stands in the steps. */
  readonly sources = new Map<string, { step: number; alias: string }>()
  readonly #inputs = new Map<string, string>()
  readonly #outputs = new Map<string, string>()
  readonly #texts: string[] = []
  /** What a step calls a file of its own or of an earlier one → what the chain calls it, as of the step at hand. */
  readonly #names = new Map<string, string>()
  readonly #filenames = new Set<string>()
  /** Every alias that any step has, so that one with a number is none of them. */
  readonly #taken: Set<string>

  constructor(steps: readonly Step[]) {
    this.#taken = new Set(steps.flatMap((step) => [...Object.keys(step.input_files), ...Object.keys(step.output_files)]))
  }

  add(index: number, step: Step): void {
    for (const [alias, url] of Object.entries(step.input_files)) this.#addInput(index, alias, url)
    if (step.output_files === OUTPUT_FOLDER) {
      const msg = `"${OUTPUT_FOLDER}" is everything that a chain makes: send it beside a list ffmpeg_commands, and not in one of its commands`
      this.#fault(index, ['output_files'], msg)
    } else {
      for (const [alias, filename] of Object.entries(step.output_files)) this.#addOutput(index, alias, filename)
    }
    const names = this.#names
    const used = aliasesIn(step.ffmpeg_command)
    for (const [alias, url] of Object.entries(step.input_files)) {
      if (placeholderOf(url) !== null && !used.includes(alias))
        this.#fault(index, ['input_files', alias], `the command does not use {{${alias}}}: write it, or remove the input`)
    }
    const isRenamed = used.some((alias) => (names.get(alias) ?? alias) !== alias)
    this.#texts.push(
      isRenamed ? replacePlaceholders(step.ffmpeg_command, (alias) => `{{${names.get(alias) ?? alias}}}`) : step.ffmpeg_command,
    )
  }

  files() {
    return {
      input_files: Object.fromEntries(this.#inputs),
      output_files: Object.fromEntries(this.#outputs),
      ffmpeg_commands: this.#texts,
    }
  }

  #addInput(step: number, alias: string, url: string): void {
    const made = placeholderOf(url)
    if (made === null) {
      const earlier = this.#names.get(alias)
      if (earlier !== undefined && this.#inputs.get(earlier) === url) return
      const name = this.#nameFor(alias, { step, alias })
      this.#inputs.set(name, url)
      return
    }
    const output = this.#names.get(made)
    if (output !== undefined && this.#outputs.has(output)) this.#names.set(alias, output)
    else this.#fault(step, ['input_files', alias], `no command before this one has an output ${made}: name one of theirs, or give a URL`)
  }

  #addOutput(step: number, alias: string, filename: string): void {
    if (this.#filenames.has(filename.toLowerCase())) {
      const msg = `another command of the chain has an output of the name ${filename}: they share a working directory, so give this one another name`
      this.#fault(step, ['output_files', alias], msg)
    }
    this.#filenames.add(filename.toLowerCase())
    this.#outputs.set(this.#nameFor(alias, { step, alias }), filename)
  }

  /** The alias itself where no earlier step has it, else one with a number. */
  #nameFor(alias: string, source: { step: number; alias: string }): string {
    let name = alias
    for (let n = 2; this.sources.has(name) || (name !== alias && this.#taken.has(name)); n += 1) name = `${alias}_${n}`
    this.sources.set(name, source)
    this.#names.set(alias, name)
    return name
  }

  #fault(step: number, loc: Fault['loc'], msg: string): void {
    this.faults.push({ loc: ['commands', step, ...loc], msg, type: 'value_error' })
  }
}
