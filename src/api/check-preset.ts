/** A preset that has the right shape: is it one that could be executed? */
import type { z } from '@hono/zod-openapi'
import { OUTPUT_FOLDER } from '../ffmpeg/bundle.ts'
import { compileCommands, type Fault, MAX_STORED_CHARACTERS, tooLargeTogether } from '../ffmpeg/command.ts'
import { someOf } from '../ffmpeg/excerpt.ts'
import type { Preset, PresetCommand } from '../presets/preset.ts'
import { ValidationError } from './errors.ts'
import type { executionSchema, presetBodySchema, presetChangesSchema } from './preset-schemas.ts'
import { metadataSchema, type SubmitBody } from './schemas.ts'
import type { ChainedSubmitBody } from './submit-schemas.ts'

export type PresetBody = z.output<typeof presetBodySchema>

/** What a preset says of itself, apart from its id and times. */
export type PresetContent = Pick<Preset, 'name' | 'description' | 'command' | 'inputKeys' | 'outputs' | 'metadata'>

/** Throws a ValidationError with every fault. */
export function checkPreset(body: PresetBody): PresetContent {
  const command = commandOf(body)
  const compilation = compilationFaults(command, body)
  const faults = [...typeFaults(command, body), ...compilation.faults]
  if (faults.length > 0) throw new ValidationError(faults, compilation.omitted)
  const preset: PresetContent = {
    name: body.name,
    description: body.description ?? null,
    command,
    inputKeys: body.input_file_keys,
    outputs: body.output_file_definitions,
    metadata: JSON.stringify(body.metadata ?? {}),
  }
  const size = JSON.stringify(preset).length
  if (size > MAX_STORED_CHARACTERS) throw new ValidationError([tooLargeTogether(size)])
  return preset
}

/** The preset as a body that makes it, with the changes laid over it. A command of one kind replaces one of the other. */
export function changedBody(preset: Preset, changes: z.output<typeof presetChangesSchema>): PresetBody {
  const changesCommand = changes.ffmpeg_command != null || changes.ffmpeg_commands != null
  const { command_type: _, ...command } = preset.command
  return {
    name: preset.name,
    description: preset.description,
    ...(changesCommand ? {} : command),
    input_file_keys: preset.inputKeys,
    output_file_definitions: preset.outputs,
    metadata: JSON.parse(preset.metadata),
    ...Object.fromEntries(Object.entries(changes).filter(([, value]) => value !== undefined)),
  }
}

/** The submit that an execution is. Throws a ValidationError when its inputs are not those that the preset takes. */
export function submitOf(preset: Preset, execution: z.output<typeof executionSchema>): SubmitBody | ChainedSubmitBody {
  const given = Object.keys(execution.input_files)
  const metadata = { ...JSON.parse(preset.metadata), ...execution.metadata }
  const faults: Fault[] = [
    ...preset.inputKeys.filter((key) => !given.includes(key)).map((key) => inputFault(key, 'is missing: the preset takes it')),
    ...given
      .filter((key) => !preset.inputKeys.includes(key))
      .map((key) => inputFault(key, `is none of the preset’s inputs (${listed(preset.inputKeys)})`)),
    ...(metadataSchema.safeParse(metadata).error?.issues ?? []).map(
      ({ message }): Fault => ({ loc: ['metadata'], msg: `together with the preset’s own: ${message}`, type: 'value_error' }),
    ),
  ]
  if (faults.length > 0) throw new ValidationError(faults)
  const { command_type: _, ...command } = preset.command
  return { ...execution, ...command, output_files: preset.outputs, metadata }
}

/** Throws where it cannot be known which command is meant, so that nothing else can be said of it. */
function commandOf({ command_type, ffmpeg_command, ffmpeg_commands }: PresetBody): PresetCommand {
  if (ffmpeg_command != null && ffmpeg_commands != null) {
    throw new ValidationError([{ loc: ['ffmpeg_commands'], msg: 'give either ffmpeg_command or ffmpeg_commands', type: 'value_error' }])
  }
  if (ffmpeg_commands != null) return { command_type: 'CHAINED_COMMAND', ffmpeg_commands }
  if (ffmpeg_command != null) return { command_type: 'FFMPEG_COMMAND', ffmpeg_command }
  const field = command_type === 'CHAINED_COMMAND' ? 'ffmpeg_commands' : 'ffmpeg_command'
  throw new ValidationError([{ loc: [field], msg: `${field} is required`, type: 'type_error' }])
}

function typeFaults(command: PresetCommand, { command_type }: PresetBody): Fault[] {
  if (command_type == null || command_type === command.command_type) return []
  const msg = `the command makes it ${command.command_type}: leave command_type out, or give the command that it names`
  return [{ loc: ['command_type'], msg, type: 'value_error' }]
}

/** The faults of a submit of this preset, each at the preset's own field. */
function compilationFaults(
  command: PresetCommand,
  { input_file_keys, output_file_definitions: outputs }: PresetBody,
): { faults: Fault[]; omitted: number } {
  const compilation = compileCommands({
    ...(command.command_type === 'CHAINED_COMMAND'
      ? { field: 'ffmpeg_commands', commands: command.ffmpeg_commands }
      : { field: 'ffmpeg_command', commands: [command.ffmpeg_command] }),
    // What an input's URL ends in has no part in whether the command is a good one.
    inputs: Object.fromEntries(input_file_keys.map((key) => [key, `https://example.com/${key}`])),
    outputs: outputs === OUTPUT_FOLDER ? {} : outputs,
    ...(outputs === OUTPUT_FOLDER && { folder: 'output.zip' }),
    archive: false,
  })
  if (compilation.ok) return { faults: [], omitted: 0 }
  const faults = compilation.faults.map(({ loc: [field, ...rest], msg, type }) => ({
    loc:
      field === 'input_files'
        ? ['input_file_keys']
        : field === 'output_files'
          ? ['output_file_definitions', ...rest]
          : field === undefined
            ? []
            : [field, ...rest],
    msg: msg.replaceAll('input_files', 'input_file_keys').replaceAll('output_files', 'output_file_definitions'),
    type,
  }))
  return { faults, omitted: compilation.omitted }
}

function inputFault(key: string, msg: string): Fault {
  return { loc: ['input_files', key], msg, type: 'value_error' }
}

function listed(keys: readonly string[]): string {
  return keys.length === 0 ? 'it takes none' : someOf(keys)
}
