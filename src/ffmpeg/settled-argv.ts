/**
 * An argv without what the service answers for itself, and with every file under the one name that all rules know it by. What this leaves is
 * what FFmpeg runs with and what the policy judges.
 */
import { type ArgvOption, parseArgv } from './argv.ts'
import { withoutDot } from './filenames.ts'
import { withOwnFonts } from './fonts-folder.ts'
import { ruleFor } from './policy-options.ts'

export interface Settling {
  /** Names of the input files. */
  inputs: ReadonlySet<string>
  /** Whether there are inputs that no command names: whoever looks into a folder for fonts then means the one that holds them. */
  spareInputs: boolean
}

export function settledArgv(argv: readonly string[], settling: Settling): string[] {
  const { files, trailing } = parseArgv(argv)
  const settled = [...argv]
  const dropped = new Set<number>()
  const options = [...files.flatMap((file) => file.options), ...trailing]
  for (const option of options) {
    const { index, value } = option
    if (isAnsweredFor(option)) {
      dropped.add(index)
      if (value !== null) dropped.add(index + 1)
    } else if (value !== null) {
      settled[index + 1] = settledValue(option, value, settling)
    }
  }
  for (const { kind, url, index } of files) settled[index] = kind === 'output' ? settledOutput(url) : settledInput(url)
  return settled.filter((_, index) => !dropped.has(index))
}

/** Where FFmpeg's progress goes to, if it is neither a file nor a URL. */
const STANDARD_STREAM = /^(?:-|pipe:[012]?|\/dev\/(?:stdout|stderr))$/

/** Nothing is there that `-n` would keep from being overwritten, and the progress of a command is told by its status. */
function isAnsweredFor({ name, value }: ArgvOption): boolean {
  return name === 'n' || (name === 'progress' && value !== null && STANDARD_STREAM.test(value))
}

/** The null device of Windows, under which FFmpeg would write a file elsewhere. */
const WINDOWS_NULL = /^nul:?$/i

function settledOutput(url: string): string {
  return WINDOWS_NULL.test(url) ? '/dev/null' : withoutDot(url)
}

function settledInput(url: string): string {
  const list = /^concat:(.*)$/s.exec(url)?.[1]
  return list === undefined ? withoutDot(url) : `concat:${list.split('|').map(withoutDot).join('|')}`
}

function settledValue({ name }: ArgvOption, value: string, settling: Settling): string {
  const kind = ruleFor(name)?.kind
  if (kind === 'file') return withoutDot(value)
  return kind === 'graph' ? withOwnFonts(value, settling) : value
}
