/** What people call a command by: the files that it makes, or else what it begins with. */
import { shortened } from '../../ffmpeg/excerpt.ts'
import type { Command } from '../api/types.ts'

const MAX_CHARACTERS = 32

export function commandName({ original_request: request }: Pick<Command, 'original_request'>): string {
  const { output_files, ffmpeg_command, ffmpeg_commands } = request
  if (output_files === 'OUTPUT_FOLDER') return 'Everything as one zip'
  const names = Object.values(output_files)
  return names.length > 0 ? names.join(', ') : shortened(ffmpeg_command ?? ffmpeg_commands?.at(-1) ?? '', MAX_CHARACTERS)
}
