/** A submit that has the right shape: is it one that can be run? */
import type { CommandSpec } from '../command/record.ts'
import { compileCommands, type Fault } from '../ffmpeg/command.ts'
import { checkUrl } from '../outbound/address.ts'
import type { Settings } from '../settings.ts'
import { ValidationError } from './errors.ts'
import type { SubmitBody } from './schemas.ts'

const DEFAULT_RUN_SECONDS = 300

/** The command to be stored. Throws a ValidationError with every fault. */
export function checkSubmit(
  body: SubmitBody,
  identity: Pick<CommandSpec, 'id' | 'account' | 'createdAt' | 'origin'>,
  settings: Settings,
): CommandSpec {
  const { input_files, output_files, ffmpeg_command } = body
  const faults: Fault[] = [
    ...Object.entries(input_files).flatMap(([alias, url]) => urlFaults(['input_files', alias], url, settings)),
    ...(body.webhook_url ? urlFaults(['webhook_url'], body.webhook_url, settings) : []),
  ]
  const maxRunSeconds = body.max_command_run_seconds ?? Math.min(DEFAULT_RUN_SECONDS, settings.maxCommandRunSeconds)
  if (maxRunSeconds > settings.maxCommandRunSeconds) {
    const msg = `is ${settings.maxCommandRunSeconds} seconds at most on this server`
    faults.push({ loc: ['max_command_run_seconds'], msg, type: 'value_error' })
  }
  const compilation = compileCommands({ field: 'ffmpeg_command', commands: [ffmpeg_command], inputs: input_files, outputs: output_files })
  if (!compilation.ok) faults.push(...compilation.faults)
  if (faults.length > 0 || !compilation.ok) throw new ValidationError(faults)
  return {
    ...identity,
    type: 'FFMPEG_COMMAND',
    request: { input_files, output_files, ffmpeg_command },
    compiled: compilation.command,
    metadata: JSON.stringify(body.metadata ?? {}),
    webhookUrl: body.webhook_url ?? null,
    maxRunSeconds,
  }
}

function urlFaults(loc: string[], url: string, settings: Settings): Fault[] {
  const check = checkUrl(url, settings.allowedOrigins)
  return check.ok ? [] : [{ loc, msg: check.reason, type: 'value_error' }]
}
