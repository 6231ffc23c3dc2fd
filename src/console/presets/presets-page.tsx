/** Commands that are kept under a name: the account's own, and those that everybody has. */
import { useState } from 'preact/hooks'
import { request } from '../api/client.ts'
import type { Preset, PresetList } from '../api/types.ts'
import { Icon } from '../interface/icon.tsx'
import { Empty, Failure, Skeleton } from '../interface/notice.tsx'
import { Page } from '../interface/page.tsx'
import { currentPage, Pager } from '../interface/pager.tsx'
import { useAction } from '../interface/use-action.ts'
import { useResource } from '../interface/use-resource.ts'
import { navigate } from '../route.ts'
import { draft } from '../run/current-draft.ts'
import { draftOfPreset } from '../run/draft.ts'
import { PresetForm } from './preset-form.tsx'

const PAGE_SIZE = 50

export function PresetsPage() {
  const path = `/presets?limit=${PAGE_SIZE}&offset=${(currentPage() - 1) * PAGE_SIZE}`
  const { data, error, reload } = useResource(path, (signal) => request<PresetList>(path, { signal }))
  const [editing, setEditing] = useState<Preset | null>(null)
  const own = data?.presets.filter((preset) => !preset.is_system) ?? []
  const system = data?.presets.filter((preset) => preset.is_system) ?? []
  return (
    <Page title="Presets" lead="Commands under a name. Programs run them by POST /api/v1/presets/:id/execute.">
      {error !== undefined && <Failure error={error} onRetry={reload} />}
      {!data && error === undefined && <Skeleton rows={8} />}
      {data && (
        <>
          <section class="group" aria-labelledby="own-presets">
            <h2 id="own-presets">Yours</h2>
            {own.length === 0 ? (
              <Empty icon="bookmark" title="None of your own yet">
                <p>
                  Write a command on <a href="#/run">Run</a>, and choose “Save as preset”.
                </p>
              </Empty>
            ) : (
              <Cards presets={own} onEdit={setEditing} onGone={reload} />
            )}
          </section>
          {system.length > 0 && (
            <section class="group" aria-labelledby="system-presets">
              <h2 id="system-presets">For everyday work</h2>
              <Cards presets={system} onEdit={setEditing} onGone={reload} />
            </section>
          )}
          <Pager total={data.total} pageSize={PAGE_SIZE} />
        </>
      )}
      {editing && (
        <EditPreset
          preset={editing}
          onClose={() => {
            setEditing(null)
            reload()
          }}
        />
      )}
    </Page>
  )
}

function Cards({ presets, onEdit, onGone }: { presets: Preset[]; onEdit: (preset: Preset) => void; onGone: () => void }) {
  return (
    <ul class="cards">
      {presets.map((preset) => (
        <PresetCard key={preset.preset_id} preset={preset} onEdit={() => onEdit(preset)} onGone={onGone} />
      ))}
    </ul>
  )
}

function PresetCard({ preset, onEdit, onGone }: { preset: Preset; onEdit: () => void; onGone: () => void }) {
  const { preset_id: id, name, description, is_system, ffmpeg_command, ffmpeg_commands, input_file_keys } = preset
  const remove = useAction(async () => {
    if (!confirm(`Delete the preset “${name}”?`)) return
    await request(`/presets/${id}`, { method: 'DELETE' })
    onGone()
  })
  return (
    <li class="card preset">
      <h3>{name}</h3>
      <p class="hint">{description}</p>
      <p class="preset-command">
        <code>{ffmpeg_command ?? ffmpeg_commands?.join('  →  ')}</code>
      </p>
      <p class="preset-keys">
        {input_file_keys.map((key) => (
          <code key={key} class="alias input">
            {key}
          </code>
        ))}
      </p>
      {remove.error !== null && <Failure error={remove.error} />}
      <div class="actions">
        <button
          type="button"
          aria-label={`Use ${name}`}
          onClick={() => {
            draft.value = draftOfPreset(preset, draft.value.inputs)
            navigate('/run')
          }}
        >
          Use
        </button>
        {!is_system && (
          <>
            <button type="button" class="quiet" aria-label={`Rename ${name}`} onClick={onEdit}>
              <Icon name="edit" />
              Rename
            </button>
            <button type="button" class="quiet" aria-label={`Delete ${name}`} disabled={remove.busy} onClick={remove.run}>
              <Icon name="bin" />
              Delete
            </button>
          </>
        )}
      </div>
    </li>
  )
}

function EditPreset({ preset, onClose }: { preset: Preset; onClose: () => void }) {
  return (
    <PresetForm
      title="Rename the preset"
      given={{ name: preset.name, description: preset.description ?? '' }}
      save={async (entered) => {
        await request<Preset>(`/presets/${preset.preset_id}`, { method: 'PUT', json: entered })
        onClose()
      }}
      onClose={onClose}
    />
  )
}
