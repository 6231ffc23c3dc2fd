/** What the executor is asked to run for a command. */
import type { RunRequest } from '../executor/protocol.ts'
import { argvsAsRun } from '../ffmpeg/as-run.ts'
import { readsScripts } from '../ffmpeg/scripts.ts'
import { withoutQuery } from '../ffmpeg/uri.ts'
import type { Settings } from '../settings.ts'
import type { CommandSpec } from './record.ts'

export function runRequest({ compiled, request, maxRunSeconds }: CommandSpec, settings: Settings): RunRequest {
  const sources = Object.entries(request.input_files).map(([alias, url]) => [alias, withoutQuery(url)] as const)
  return {
    commands: argvsAsRun(compiled),
    ...(compiled.programs && { programs: compiled.programs }),
    inputs: compiled.inputs,
    ...(compiled.argvs.some(readsScripts) && { sources: Object.fromEntries(sources) }),
    outputs: compiled.outputs,
    ...(compiled.bundles && { bundles: compiled.bundles }),
    ...(compiled.archive !== undefined && { archive: compiled.archive }),
    limits: { run_seconds: maxRunSeconds, most_run_seconds: settings.maxCommandRunSeconds, disk_bytes: settings.maxJobDiskBytes },
  }
}
