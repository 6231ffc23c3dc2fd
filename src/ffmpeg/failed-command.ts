/** A command that FFmpeg has given up, as hints look at it. */
import { type ArgvFile, type ArgvOption, parseArgv } from './argv.ts'
import { mediaTypeOfName } from './media-type.ts'

export class FailedCommand {
  readonly options: readonly ArgvOption[]
  readonly outputs: readonly ArgvFile[]
  readonly inputCount: number

  constructor(argv: readonly string[]) {
    const { files, trailing } = parseArgv(argv)
    this.options = [...files.flatMap(({ options }) => options), ...trailing]
    this.outputs = files.filter(({ kind }) => kind === 'output')
    this.inputCount = files.length - this.outputs.length
  }

  /** The first value of an option by one of these names that is like this. */
  value(names: ReadonlySet<string>, like: RegExp): string | null {
    return this.options.find(({ name, value }) => names.has(name) && value !== null && like.test(value))?.value ?? null
  }

  /** Whether all outputs are files of sound by their names. */
  get isForSoundAlone(): boolean {
    return this.outputs.length > 0 && this.outputs.every(({ url }) => mediaTypeOfName(url)?.startsWith('audio/') === true)
  }
}
