/** Several commands that share one list of files, as the API's several commands that have files of their own. Pure. */
import { z } from '@hono/zod-openapi'
import { judgedFirst } from '../api/bounded-schemas.ts'
import { submitBase } from '../api/schemas.ts'
import { MAX_COMMANDS } from '../api/submit-schemas.ts'
import { commandText } from '../api/value-schemas.ts'
import { OUTPUT_FOLDER } from '../ffmpeg/bundle.ts'
import type { Fault } from '../ffmpeg/command.ts'
import { aliasesIn } from '../ffmpeg/placeholders.ts'

/** Of a list, or of an object by names. */
function countFault(commands: object): string | null {
  const count = Object.keys(commands).length
  return count >= 1 && count <= MAX_COMMANDS ? null : `send 1 to ${MAX_COMMANDS} commands`
}

/** What is not here is for the API to check, command by command. */
export const sharedSubmitSchema = z.looseObject({
  input_files: submitBase.input_files,
  output_files: submitBase.output_files,
  ffmpeg_commands: judgedFirst(
    countFault,
    z.union(
      [z.array(commandText), z.record(z.string(), commandText)],
      'a list of commands, or an object of them by name, none of them empty',
    ),
  ),
})
export type SharedSubmit = z.output<typeof sharedSubmitSchema>

/** The API's body, and what the client calls each command: its number from 0, or its name. */
export function separate(body: SharedSubmit): { commands: Record<string, unknown>[]; places: (string | number)[] } {
  const { ffmpeg_commands, input_files, output_files, ...shared } = body
  const texts = Object.values(ffmpeg_commands)
  const places = Array.isArray(ffmpeg_commands) ? texts.map((_, index) => index) : Object.keys(ffmpeg_commands)
  const used = texts.map((text) => new Set(aliasesIn(text)))
  // What no command uses is a fault, which one of them has to have.
  const isMine = (alias: string, index: number) => used[index]?.has(alias) || (index === 0 && !used.some((aliases) => aliases.has(alias)))
  const mine = (files: Record<string, string>, index: number) =>
    Object.fromEntries(Object.entries(files).filter(([alias]) => isMine(alias, index)))
  const commands = texts.map((ffmpeg_command, index) => ({
    ...shared,
    ffmpeg_command,
    input_files: mine(input_files, index),
    output_files: output_files === OUTPUT_FOLDER ? output_files : mine(output_files, index),
  }))
  return { commands, places }
}

/** The API's faults, where the client finds them in what it sent, and each once. */
export function relocate(faults: readonly Fault[], places: readonly (string | number)[]): Fault[] {
  const told = new Map<string, Fault>()
  for (const fault of faults) {
    const relocated = { ...fault, loc: locationOf(fault.loc, places) }
    told.set(JSON.stringify(relocated), relocated)
  }
  return [...told.values()]
}

function locationOf(loc: Fault['loc'], places: readonly (string | number)[]): Fault['loc'] {
  const [, index, field, ...rest] = loc
  if (typeof index !== 'number') return loc
  const place = places[index] ?? index
  // The list of outputs is sound as a whole: it is the command that uses none.
  if (field === undefined || field === 'ffmpeg_command' || (field === 'output_files' && rest.length === 0)) {
    return ['ffmpeg_commands', place, ...rest]
  }
  return [field, ...rest]
}
