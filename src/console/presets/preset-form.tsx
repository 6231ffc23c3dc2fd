/** Asks what a preset is called. */
import { useState } from 'preact/hooks'
import { Dialog } from '../interface/dialog.tsx'
import { Failure } from '../interface/notice.tsx'
import { useAction } from '../interface/use-action.ts'

export interface PresetName {
  name: string
  description: string
}

export function PresetForm({
  title,
  given,
  save,
  onClose,
}: {
  title: string
  given: PresetName
  save: (entered: PresetName) => Promise<void>
  onClose: () => void
}) {
  const [name, setName] = useState(given.name)
  const [description, setDescription] = useState(given.description)
  const saving = useAction(() => save({ name, description }))
  return (
    <Dialog title={title} onClose={onClose}>
      <form
        class="stack"
        onSubmit={(event) => {
          event.preventDefault()
          void saving.run()
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
        {saving.error !== null && <Failure error={saving.error} />}
        <button type="submit" class="primary" disabled={saving.busy}>
          Save
        </button>
      </form>
    </Dialog>
  )
}
