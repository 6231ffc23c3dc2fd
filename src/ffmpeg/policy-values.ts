/** Whether one value breaks its rule, and what to write instead. */
import { formatName } from './argv.ts'
import { shortened } from './excerpt.ts'
import { isNestedName, isPlainName, looksLikePath } from './filenames.ts'
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
}

/** Something that the policy refuses. */
export interface Problem {
  /** The part of the command that is refused, as FFmpeg would read it. */
  token: string
  msg: string
}

/** Characters of the command that a message repeats in one place. */
const MAX_SHOWN = 200

/** A part of the command as a message repeats it: enough to find it by. */
export function shown(token: string): string {
  return shortened(token, MAX_SHOWN)
}

/** Checks a file name. `what` names the option or filter that opens it, for the message. */
export function checkFile(value: string, access: Access, what: string, scope: PolicyScope, hint?: string): Problem[] {
  const name = value.replace(/^file:(?!\/)/, '')
  if (isAllowed(name, access, scope)) return []
  const instead = [advice(value, access, scope), ...(hint === undefined ? [] : [hint])].join(', ')
  return [{ token: value, msg: `${what} may not open \`${shown(value)}\`: ${instead}` }]
}

function isAllowed(name: string, access: Access, scope: PolicyScope): boolean {
  if (access === 'folder') return name === '.' || isInFolders(name, scope)
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

function advice(value: string, access: Access, scope: PolicyScope): string {
  if (access === 'folder') return 'write `.`, the folder that holds the input files'
  if (access === 'part') return 'write a plain file name without folders or a URL'
  const field = access === 'write' ? 'output_files' : 'input_files'
  const example = access === 'write' ? '{{out_…}}' : '{{in_…}}'
  const declared = `declare it in ${field} and write ${example}`
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

/** Checks the name of an input's format. */
export function checkDemuxer(name: string): Problem[] {
  const format = formatName(name)
  if (format === 'lavfi' || format === 'concat' || NAMED_DEMUXERS.has(format)) return []
  const refusal = REFUSED_DEMUXERS.get(format) ?? UNKNOWN_DEMUXER
  return [{ token: name, msg: `the input format \`${shown(name)}\` ${refusal.why}: ${refusal.instead}` }]
}

export function checkCodec(name: string): Problem[] {
  for (const [pattern, refusal] of REFUSED_CODECS) {
    if (pattern.test(name)) return [{ token: name, msg: `the codec \`${shown(name)}\` ${refusal.why}: ${refusal.instead}` }]
  }
  return []
}
