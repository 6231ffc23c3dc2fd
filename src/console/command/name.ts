/** What people call a command by: the files that it makes. */
import type { Command } from '../api/types.ts'

export function commandName({ original_request: { output_files } }: Pick<Command, 'original_request'>): string {
  if (output_files === 'OUTPUT_FOLDER') return 'Everything as one zip'
  return Object.values(output_files).join(', ')
}
