/** A command that is kept under a name, to be run with inputs of one's own. */
import type { OUTPUT_FOLDER } from '../ffmpeg/bundle.ts'

export type PresetCommand =
  | { command_type: 'FFMPEG_COMMAND'; ffmpeg_command: string }
  | { command_type: 'CHAINED_COMMAND'; ffmpeg_commands: string[] }

export interface Preset {
  id: string
  name: string
  description: string | null
  /** One of those that every account sees and none changes. */
  isSystem: boolean
  command: PresetCommand
  /** The aliases that an execution gives a URL each. */
  inputKeys: string[]
  /** Alias → file name, as a submit's `output_files`. */
  outputs: Record<string, string> | typeof OUTPUT_FOLDER
  /** The client's own object, as JSON text: nobody here looks into it. */
  metadata: string
  /** Milliseconds since the epoch. */
  createdAt: number
  updatedAt: number
}
