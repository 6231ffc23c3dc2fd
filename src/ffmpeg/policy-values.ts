/** Whether one value breaks its rule, and what to write instead. */
import { formatName } from './argv.ts'
import { shortened, someOf } from './excerpt.ts'
import { isNestedName, isPlainName, looksLikePath, withoutDot } from './filenames.ts'
import { NAMED_DEMUXERS, REFUSED_DEMUXERS } from './policy-demuxers.ts'
import { MUXERS, REFUSED_MUXERS } from './policy-muxers.ts'
import { REFUSED_CODECS } from './policy-options.ts'
import type { Access, Refusal } from './policy-rules.ts'

/** The files that a command may name. */
export interface PolicyScope {
  /** File names in the job's folder. */
  inputs: ReadonlySet<string>
  outputs: ReadonlySet<string>
  /** Whether the working directory holds more: files of earlier commands of a chain, or of an unpacked archive. */
  workingNames: boolean
  /** Whether it has folders of its own, those of an unpacked archive, which may be read. */
  folders?: boolean
  /** Aliases of declared files that no command uses: a file that is not declared may be meant for one of them. */
  spare?: { inputs: readonly string[]; outputs: readonly string[] }
}

/** Something that the policy refuses. */
export interface Problem {
  /** The part of the command that is refused, as FFmpeg would read it. */
  token: string
  msg: string
  /** The aliases that `msg` says to be unused, so that nothing else has to. */
  spare?: readonly string[]
}

/** Characters of the command that a message repeats in one place. */
const MAX_SHOWN = 200

/** A part of the command as a message repeats it: enough to find it by. */
export function shown(token: string): string {
  return shortened(token, MAX_SHOWN)
}

/**
 * Checks a file name. `what` names the option or filter that opens it, for the message; `example` is how to write that with a placeholder.
 */
export function checkFile(value: string, access: Access, what: string, scope: PolicyScope, { example, hint }: Advice = {}): Problem[] {
  const name = withoutDot(value.replace(/^file:(?!\/)/, ''))
  if (isAllowed(name, access, scope)) return []
  const refused = `${what} may not open \`${shown(value)}\``
  const folder = folderOfDeclared(name, access, scope)
  if (folder !== null) {
    return [
      {
        token: value,
        msg: `${refused}: all files lie in one folder, so write the placeholder alone, without \`${shown(folder)}\` before it`,
      },
    ]
  }
  const spare = hint === undefined ? spareFor(access, scope) : []
  if (spare.length > 0) return [{ token: value, msg: `${refused}: ${spareAdvice(value, access, spare, example)}`, spare }]
  return [{ token: value, msg: `${refused}: ${advice(value, access, scope, { example, hint })}` }]
}

/** What stands before the name of a declared file, as in `/tmp/{{in_v}}`; null where the name is none. */
function folderOfDeclared(name: string, access: Access, { inputs, outputs }: PolicyScope): string | null {
  if (access !== 'read' && access !== 'write') return null
  const end = Math.max(name.lastIndexOf('/'), name.lastIndexOf('\\')) + 1
  return end > 0 && !REMOTE.test(name) && (access === 'read' ? inputs : outputs).has(name.slice(end)) ? name.slice(0, end) : null
}

function spareFor(access: Access, { spare }: PolicyScope): readonly string[] {
  if (access === 'write') return spare?.outputs ?? []
  return access === 'read' ? (spare?.inputs ?? []) : []
}

function spareAdvice(value: string, access: Access, spare: readonly string[], example: string | undefined): string {
  const [field, fetched] = access === 'write' ? ['output_files', fetchedLater(value)] : ['input_files', '']
  const placeholders = spare.map((alias) => `{{${alias}}}`)
  const [only = ''] = placeholders
  if (placeholders.length > 1)
    return `${field} declares files that no command uses, ${someOf(placeholders)}: write the one that is meant${fetched}`
  const written = example === undefined ? only : `\`${example.replace(/\{\{\w+\}\}/, only)}\``
  return `write ${written}, which ${field} declares and no command uses${fetched}`
}

/** Follows what to write instead of an address that results would be sent to. */
function fetchedLater(value: string): string {
  return SENDING.test(value) ? '; results are not sent anywhere, but fetched from their `storage_url` or told by a webhook' : ''
}

/** What to write instead of a file that may not be opened. */
export interface Advice {
  /** With a placeholder in it, as `subtitles={{in_subtitles}}`. */
  example?: string | undefined
  /** Another way. */
  hint?: string | undefined
}

function isAllowed(name: string, access: Access, scope: PolicyScope): boolean {
  if (access === 'folder') return name === '.' || name === './' || isInFolders(name, scope)
  if (access === 'part') return isPlainName(name)
  if (access === 'write' && name === '-') return true
  const declared = access === 'write' ? scope.outputs : scope.inputs
  if (access === 'read' && isInFolders(name, scope)) return true
  return declared.has(name) || (scope.workingNames && isPlainName(name))
}

/** FFmpeg expands patterns, and one in the place of a folder (`{..,x}/a.png`) may become any folder. */
function isInFolders(name: string, scope: PolicyScope): boolean {
  return scope.folders === true && isNestedName(name) && !/[{}[\]*?]/.test(name.slice(0, name.lastIndexOf('/') + 1))
}

const REMOTE = /^\s*[a-z][a-z0-9+.-]*:\/\//i
/** Protocols by which people send results: what is written here is fetched instead. */
const SENDING = /^\s*(?:rtmp[a-z]*|rts?p|srt|udp|tcp|s3|gs|gcs|ftps?|sftp|https?|icecast|whip):/i

function advice(value: string, access: Access, scope: PolicyScope, { example, hint }: Advice): string {
  if (access === 'folder') return 'write `.`, the folder that holds the input files'
  if (isInFolder(value) && (access === 'part' || (access === 'write' && scope.workingNames))) {
    return `outputs lie in no folders: write a name without one, as in \`${shown(value.replaceAll('/', '_'))}\``
  }
  if (access === 'part') return 'write a plain file name without folders or a URL'
  const instead = hint === undefined ? '' : `, ${hint}`
  if (access === 'write') {
    return `${orPlainName('declare it in output_files and write {{out_…}}', value, scope)}${fetchedLater(value)}${instead}`
  }
  const placeholder = example ?? '{{in_…}}'
  const alias = /\{\{(\w+)\}\}/.exec(placeholder)?.[1] ?? 'in_file'
  const url = REMOTE.test(value) ? shortened(value.trim(), MAX_EXAMPLE) : 'https://…'
  const declared = `declare it in input_files, as in \`"${alias}": "${url}"\`, and write ${example === undefined ? placeholder : `\`${placeholder}\``}`
  return `${orPlainName(declared, value, scope)}${instead}`
}

function isInFolder(value: string): boolean {
  return value.includes('/') && isNestedName(value)
}

/** Characters of a URL that an example repeats. */
const MAX_EXAMPLE = 100

function orPlainName(declared: string, value: string, scope: PolicyScope): string {
  return scope.workingNames && !isPlainName(value) ? `write a plain file name of the working directory, or ${declared}` : declared
}

/** Catches what no table knows: a value that could only be meant for opening something outside the job's folder. */
export function checkUnlisted(value: string, what: string): Problem[] {
  if (!looksLikePath(value)) return []
  return [{ token: value, msg: `${what} may not name a path or URL (\`${shown(value)}\`): declare the file and write its placeholder` }]
}

const UNKNOWN_DEMUXER: Refusal = {
  why: 'is not a format that inputs may have',
  instead: 'leave out `-f` to have it recognised',
}
const UNKNOWN_MUXER: Refusal = {
  why: 'is not a format that outputs may have',
  instead: "leave it out to have the format chosen by the output's extension",
}

/** Checks the name of an output's format, wherever it stands. */
export function checkMuxer(name: string): Problem[] {
  const format = formatName(name)
  if (MUXERS.has(format)) return []
  const refusal = REFUSED_MUXERS.get(format) ?? UNKNOWN_MUXER
  return [{ token: name, msg: `the format \`${shown(name)}\` ${refusal.why}: ${refusal.instead}` }]
}

/** What inputs of these formats may name is judged where the input is. */
export const OWN_RULES: ReadonlySet<string> = new Set(['lavfi', 'concat', 'hls', 'applehttp'])

/** Checks the name of an input's format. */
export function checkDemuxer(name: string): Problem[] {
  const format = formatName(name)
  if (OWN_RULES.has(format) || NAMED_DEMUXERS.has(format)) return []
  const refusal = REFUSED_DEMUXERS.get(format) ?? UNKNOWN_DEMUXER
  return [{ token: name, msg: `the input format \`${shown(name)}\` ${refusal.why}: ${refusal.instead}` }]
}

export function checkCodec(name: string): Problem[] {
  for (const [pattern, refusal] of REFUSED_CODECS) {
    if (pattern.test(name)) return [{ token: name, msg: `the codec \`${shown(name)}\` ${refusal.why}: ${refusal.instead}` }]
  }
  return []
}
