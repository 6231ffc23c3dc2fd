/** Keeps the command of the draft as a preset: its inputs are given anew each time. */
import { useState } from 'preact/hooks'
import { request } from '../api/client.ts'
import type { Preset } from '../api/types.ts'
import { Dialog } from '../interface/dialog.tsx'
import { Failure } from '../interface/notice.tsx'
import { useAction } from '../interface/use-action.ts'
import { navigate } from '../route.ts'
import { draft } from './current-draft.ts'
import { aliasesOf, submitBody } from './draft.ts'

export function SavePreset({ onClose }: { onClose: () => void }) {
  const [name, setName] = useState('')
  const [description, setDescription] = useState('')
  const save = useAction(async () => {
    const body = submitBody(draft.value)
    await request<Preset>('/presets', {
      method: 'POST',
      json: {
        name,
        description,
        ...('ffmpeg_commands' in body ? { ffmpeg_commands: body.ffmpeg_commands } : { ffmpeg_command: body.ffmpeg_command }),
        input_file_keys: aliasesOf(draft.value, 'in_'),
        output_file_definitions: body.output_files,
        ...(body.metadata && { metadata: body.metadata }),
      },
    })
    navigate('/presets')
  })
  return (
    <Dialog title="Save as preset" onClose={onClose}>
      <form
        class="stack"
        onSubmit={(event) => {
          event.preventDefault()
          void save.run()
        }}
      >
        <label class="field">
          <span>Name</span>
          <input value={name} maxLength={200} required onInput={(event) => setName(event.currentTarget.value)} />
        </label>
        <label class="field">
          <span>Description</span>
          <textarea rows={2} maxLength={2000} value={description} onInput={(event) => setDescription(event.currentTarget.value)} />
        </label>
        {save.error !== null && <Failure error={save.error} />}
        <button type="submit" class="primary" disabled={save.busy}>
          Save
        </button>
      </form>
    </Dialog>
  )
}
