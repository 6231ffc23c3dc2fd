/** Keeps the command of the draft as a preset: its inputs are given anew each time. */
import { request } from '../api/client.ts'
import type { Preset } from '../api/types.ts'
import { PresetForm } from '../presets/preset-form.tsx'
import { navigate } from '../route.ts'
import { draft } from './current-draft.ts'
import { aliasesOf, submitBody } from './draft.ts'

export function SavePreset({ onClose }: { onClose: () => void }) {
  return (
    <PresetForm
      title="Save as preset"
      given={{ name: '', description: '' }}
      save={async (entered) => {
        const body = submitBody(draft.value)
        await request<Preset>('/presets', {
          method: 'POST',
          json: {
            ...entered,
            ...('ffmpeg_commands' in body ? { ffmpeg_commands: body.ffmpeg_commands } : { ffmpeg_command: body.ffmpeg_command }),
            input_file_keys: aliasesOf(draft.value, 'in_'),
            output_file_definitions: body.output_files,
            ...(body.metadata && { metadata: body.metadata }),
          },
        })
        navigate('/presets')
      }}
      onClose={onClose}
    />
  )
}
