/** What a command is, apart from its state: fixed at the submit, and the shape in which it is stored and read. */
import type { Progress, StandardOutputText } from '../executor/protocol.ts'
import type { OUTPUT_FOLDER } from '../ffmpeg/bundle.ts'
import type { CompiledCommand } from '../ffmpeg/command.ts'
import type { CommandState, TerminalState } from './state.ts'

export type CommandType = 'FFMPEG_COMMAND' | 'CHAINED_COMMAND' | 'MULTIPLE_COMMAND'

/** The request as the client sent it, echoed by the poll. */
export type OriginalRequest = {
  input_files: Record<string, string>
  output_files: Record<string, string> | typeof OUTPUT_FOLDER
  input_compressed_folder?: string
  webhook_url?: string
  max_command_run_seconds?: number
  vcpu_count?: number
} & ({ ffmpeg_command: string } | { ffmpeg_commands: string[] })

export interface CommandSpec {
  id: string
  account: string
  type: CommandType
  request: OriginalRequest
  compiled: CompiledCommand
  /** The client's own object, as JSON text: nobody here looks into it. */
  metadata: string
  webhookUrl: string | null
  /** FFmpeg's wall time, in seconds. */
  maxRunSeconds: number
  /** Milliseconds since the epoch. */
  createdAt: number
  /** Origin of the submit, under which a webhook's URLs are made. */
  origin: string
}

/** The text that a command has for its result; both are null where it has none. Kept apart from the record, which lists are made of. */
export interface Printed {
  /** What its programs wrote to their standard output. */
  stdout: StandardOutputText | null
  /** What FFmpeg found out, of a command without output files. */
  report: string | null
}

export const NOTHING_PRINTED: Printed = { stdout: null, report: null }

/** A command as others read it: a copy, never a handle. */
export interface CommandRecord {
  spec: CommandSpec
  state: CommandState
  /** File ids of outputs that are there no more. */
  deletedFiles: readonly string[]
}

/** What the poll needs: the record, and what only exists while the command runs. */
export interface CommandSnapshot extends CommandRecord {
  progress: Progress | null
  printed: Printed
}

/** What an account's list knows of a command: enough to show it without waking it, but not how far it has come. */
export interface CommandListing {
  spec: CommandSpec
  state: { status: 'QUEUED' } | { status: 'PROCESSING' } | TerminalState
  deletedFiles: readonly string[]
}
