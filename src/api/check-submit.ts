/** A submit that has the right shape: is it one that can be run? */
import type { CommandSpec } from '../command/record.ts'
import { OUTPUT_FOLDER } from '../ffmpeg/bundle.ts'
import { type CommandSource, compileCommands, type Fault, MAX_STORED_CHARACTERS, tooLargeTogether } from '../ffmpeg/command.ts'
import { ownFileOf } from '../files/own-file.ts'
import type { Settings } from '../settings.ts'
import { ValidationError } from './errors.ts'
import type { SubmitBody } from './schemas.ts'
import type { ChainedSubmitBody } from './submit-schemas.ts'
import { urlFault } from './usable-url.ts'

const DEFAULT_RUN_SECONDS = 300

/** What the submit of a command does not say of it. */
export type CommandIdentity = Pick<CommandSpec, 'id' | 'account' | 'type' | 'createdAt' | 'origin'>

/** The command to be stored. Throws a ValidationError with every fault. */
export async function checkSubmit(
  body: SubmitBody | ChainedSubmitBody,
  identity: CommandIdentity,
  settings: Settings,
): Promise<CommandSpec> {
  const { input_files, output_files } = body
  // Automation tools send a field that is left empty as an empty text.
  const archive = body.input_compressed_folder || null
  const webhookUrl = body.webhook_url || null
  const inputFaults = await Promise.all(
    // A file of ours is never fetched, so its URL may be one that only we can reach.
    [
      ...Object.entries(input_files).map(([alias, url]) => ({ loc: ['input_files', alias], url })),
      ...(archive === null ? [] : [{ loc: ['input_compressed_folder'], url: archive }]),
    ].map(async ({ loc, url }) => ((await ownFileOf(url, identity.account, settings)) ? [] : urlFaults(loc, url, settings))),
  )
  const faults: Fault[] = [...inputFaults.flat(), ...(webhookUrl === null ? [] : urlFaults(['webhook_url'], webhookUrl, settings))]
  const maxRunSeconds = body.max_command_run_seconds ?? Math.min(DEFAULT_RUN_SECONDS, settings.maxCommandRunSeconds)
  if (maxRunSeconds > settings.maxCommandRunSeconds) {
    const msg = `is ${settings.maxCommandRunSeconds} seconds at most on this server`
    faults.push({ loc: ['max_command_run_seconds'], msg, type: 'value_error' })
  }
  const compilation = compileCommands({
    ...commandsOf(body),
    inputs: input_files,
    outputs: output_files === OUTPUT_FOLDER ? {} : output_files,
    ...(output_files === OUTPUT_FOLDER && { folder: `${identity.id}.zip` }),
    archive: archive !== null,
  })
  if (!compilation.ok) throw new ValidationError([...faults, ...compilation.faults], compilation.omitted)
  if (faults.length > 0) throw new ValidationError(faults)
  const spec: CommandSpec = {
    ...identity,
    request: {
      input_files,
      output_files,
      ...(archive !== null && { input_compressed_folder: archive }),
      ...(webhookUrl !== null && { webhook_url: webhookUrl }),
      ...(body.max_command_run_seconds != null && { max_command_run_seconds: body.max_command_run_seconds }),
      ...(body.vcpu_count !== undefined && { vcpu_count: body.vcpu_count }),
      ...('ffmpeg_commands' in body ? { ffmpeg_commands: body.ffmpeg_commands } : { ffmpeg_command: body.ffmpeg_command }),
    },
    compiled: compilation.command,
    metadata: JSON.stringify(body.metadata ?? {}),
    webhookUrl,
    maxRunSeconds,
  }
  const size = JSON.stringify(spec).length
  if (size > MAX_STORED_CHARACTERS) throw new ValidationError([tooLargeTogether(size)])
  return spec
}

function commandsOf(body: SubmitBody | ChainedSubmitBody): Pick<CommandSource, 'field' | 'commands'> {
  if ('ffmpeg_commands' in body) return { field: 'ffmpeg_commands', commands: body.ffmpeg_commands }
  return { field: 'ffmpeg_command', commands: [body.ffmpeg_command] }
}

function urlFaults(loc: string[], url: string, settings: Settings): Fault[] {
  const msg = urlFault(url, settings.privateOrigins)
  return msg === null ? [] : [{ loc, msg, type: 'value_error' }]
}
