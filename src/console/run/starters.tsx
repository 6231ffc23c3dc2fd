/** What to begin with: examples, and the presets that the account has. */
import { request } from '../api/client.ts'
import type { PresetList } from '../api/types.ts'
import { useResource } from '../interface/use-resource.ts'
import { draft } from './current-draft.ts'
import { draftOfPreset } from './draft.ts'
import { EXAMPLES } from './examples.ts'

export function Starters() {
  const presets = useResource('presets', (signal) => request<PresetList>('/presets?limit=100', { signal })).data?.presets ?? []
  const groups = [
    { label: 'Yours', presets: presets.filter((preset) => !preset.is_system) },
    { label: 'For everyday work', presets: presets.filter((preset) => preset.is_system) },
  ].filter((group) => group.presets.length > 0)
  const choose = (id: string) => {
    const preset = presets.find(({ preset_id }) => preset_id === id)
    if (preset) draft.value = draftOfPreset(preset, draft.value.inputs)
  }
  return (
    <section class="starters" aria-label="Start from">
      <span class="hint">Start from</span>
      {EXAMPLES.map((example) => (
        <button
          key={example.name}
          type="button"
          class="chip"
          onClick={() => {
            draft.value = { ...example.draft, inputs: draft.value.inputs }
          }}
        >
          {example.name}
        </button>
      ))}
      <select aria-label="A preset" value="" onChange={(event) => choose(event.currentTarget.value)}>
        <option value="">A preset …</option>
        {groups.map((group) => (
          <optgroup key={group.label} label={group.label}>
            {group.presets.map((preset) => (
              <option key={preset.preset_id} value={preset.preset_id}>
                {preset.name}
              </option>
            ))}
          </optgroup>
        ))}
      </select>
    </section>
  )
}
