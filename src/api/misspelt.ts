/** Which field of a body was meant to be one that is missing. Pure. */
import { quoted } from './wanted.ts'

/** What else the fields are called, in the APIs of others and by those who write from memory. */
const SYNONYMS: Readonly<Record<string, readonly string[]>> = {
  input_files: ['input', 'inputs', 'inputurl', 'inputurls', 'files'],
  output_files: ['output', 'outputs', 'outputfilename', 'outputfilenames'],
  ffmpeg_command: ['command', 'cmd', 'ffmpeg', 'args', 'arguments', 'ffmpegargs'],
  ffmpeg_commands: ['chain', 'steps'],
  file_url: ['url', 'fileurl', 'link'],
  webhook_url: ['webhook', 'callback', 'callbackurl', 'notifyurl', 'notificationurl'],
  url: ['webhook', 'webhookurl', 'endpoint'],
  filename: ['name', 'file'],
  size_bytes: ['size', 'filesize', 'bytes'],
  file_ids: ['ids', 'files'],
  commands: ['command', 'jobs'],
  name: ['title', 'presetname'],
  input_file_keys: ['inputs', 'inputfiles', 'inputkeys'],
  output_file_definitions: ['outputs', 'outputfiles', 'outputdefinitions'],
}

/** Where a body of another route is sent to this one. By the field that is missing, then by the one that is there. */
const OTHER_ROUTE: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  ffmpeg_command: {
    ffmpeg_commands: 'one command is the text ffmpeg_command here; send the list ffmpeg_commands to /run-chained-ffmpeg-commands',
    commands: 'one command is the text ffmpeg_command here; send the list commands to /run-multiple-ffmpeg-commands',
  },
  ffmpeg_commands: {
    ffmpeg_command: 'a chain is a list here, "ffmpeg_commands": ["…", "…"]; send a single ffmpeg_command to /run-ffmpeg-command',
  },
  commands: {
    ffmpeg_commands:
      'several commands are {"commands": [{"input_files": {…}, "output_files": {…}, "ffmpeg_command": "…"}, …]} here; send the list ffmpeg_commands to /run-chained-ffmpeg-commands',
    ffmpeg_command:
      'several commands are {"commands": [{"input_files": {…}, "output_files": {…}, "ffmpeg_command": "…"}, …]} here; send a single ffmpeg_command to /run-ffmpeg-command',
  },
}

/** Names of a body that are looked at, of characters each: no field's name is longer, and nobody means one of hundreds. */
const MAX_NAMES = 50
const MAX_NAME = 40

/** Letters that may be wrong, missing or too many. */
const MAX_DISTANCE = 2

/** What to write in place of a field that is there and means the one that is missing; null where there is none. */
export function meantFor(missing: string, body: object): { field: string; msg: string } | null {
  if (Object.hasOwn(body, missing)) return null
  const names = Object.keys(body)
    .slice(0, MAX_NAMES)
    .filter((name) => name.length <= MAX_NAME)
  for (const field of names) {
    const other = OTHER_ROUTE[missing]?.[field]
    if (other !== undefined) return { field, msg: `is missing: ${other}` }
  }
  const field = names.find((name) => isAlike(name, missing))
  return field === undefined ? null : { field, msg: `is missing, and there is no field ${quoted(field)}: write "${missing}" in its place` }
}

function isAlike(name: string, wanted: string): boolean {
  const [given, meant] = [bare(name), bare(wanted)]
  if (given === meant || SYNONYMS[wanted]?.includes(given)) return true
  // What is a field of its own is no slip of the pen, and of a short name two letters are most of it.
  return !Object.hasOwn(SYNONYMS, name) && given.length >= 5 && distance(given, meant) <= MAX_DISTANCE
}

/** Without what differs between `inputFiles`, `input-files` and `Input Files`. */
function bare(name: string): string {
  return name.toLowerCase().replace(/[^a-z0-9]/g, '')
}

/** Levenshtein's, of two short texts. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (const [i, letter] of [...a].entries()) {
    const next = [i + 1]
    for (const [j, other] of [...b].entries()) {
      const changed = (row[j] ?? 0) + (letter === other ? 0 : 1)
      next.push(Math.min(changed, (row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1))
    }
    row = next
  }
  return row[b.length] ?? 0
}
