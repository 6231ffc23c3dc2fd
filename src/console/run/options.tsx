/** What a submit can say beside the command. */
import type { ComponentChildren } from 'preact'
import type { Fault } from '../api/types.ts'
import { Icon } from '../interface/icon.tsx'
import { change, draft } from './current-draft.ts'
import { Faults, faultsAt } from './faults.tsx'

const MAX_METADATA = 10

export function Options({ faults }: { faults: readonly Fault[] }) {
  const { metadata, webhookUrl, maxSeconds, archive } = draft.value
  const inUse = [webhookUrl, maxSeconds, archive].filter((value) => value !== '').length + metadata.length
  const setPair = (index: number, changes: Partial<{ name: string; value: string }>) =>
    change({ metadata: metadata.map((pair, at) => (at === index ? { ...pair, ...changes } : pair)) })
  return (
    <details class="card" open={inUse > 0}>
      <summary>
        <h2>Options</h2>
        <span class="hint">Metadata, webhook, time limit</span>
      </summary>
      <div class="options">
        <Option
          id="webhook"
          label="Webhook"
          hint="Called when the command has ended, instead of the account’s own."
          faults={faultsAt(faults, 'webhook_url')}
        >
          <input
            id="webhook"
            type="url"
            placeholder="https://…"
            value={webhookUrl}
            aria-describedby="webhook-faults"
            onInput={(event) => change({ webhookUrl: event.currentTarget.value })}
          />
        </Option>
        <Option
          id="limit"
          label="Time limit"
          hint="Seconds until FFmpeg is stopped. 300 unless given."
          faults={faultsAt(faults, 'max_command_run_seconds')}
        >
          <input
            id="limit"
            inputMode="numeric"
            placeholder="300"
            value={maxSeconds}
            aria-describedby="limit-faults"
            onInput={(event) => change({ maxSeconds: event.currentTarget.value })}
          />
        </Option>
        <Option
          id="archive"
          label="Zip to unpack first"
          hint="Its files lie beside the command, which names them as they are."
          faults={faultsAt(faults, 'input_compressed_folder')}
        >
          <input
            id="archive"
            type="url"
            placeholder="https://….zip"
            value={archive}
            aria-describedby="archive-faults"
            onInput={(event) => change({ archive: event.currentTarget.value })}
          />
        </Option>
        <fieldset class="metadata">
          <legend>Metadata</legend>
          <p class="hint">Comes back with the result and the webhook.</p>
          {metadata.map(({ name, value }, index) => (
            <div key={index} class="pair">
              <input
                aria-label={`Name ${index + 1}`}
                placeholder="name"
                value={name}
                onInput={(event) => setPair(index, { name: event.currentTarget.value })}
              />
              <input
                aria-label={`Value ${index + 1}`}
                placeholder="value"
                value={value}
                onInput={(event) => setPair(index, { value: event.currentTarget.value })}
              />
              <button
                type="button"
                class="quiet icon-only"
                aria-label={`Remove ${name || 'this line'}`}
                onClick={() => change({ metadata: metadata.filter((_, at) => at !== index) })}
              >
                <Icon name="cross" />
              </button>
            </div>
          ))}
          {metadata.length < MAX_METADATA && (
            <button type="button" class="quiet" onClick={() => change({ metadata: [...metadata, { name: '', value: '' }] })}>
              <Icon name="plus" />
              Add a line
            </button>
          )}
          <Faults id="metadata-faults" faults={faultsAt(faults, 'metadata')} />
        </fieldset>
      </div>
    </details>
  )
}

interface OptionProps {
  id: string
  label: string
  hint: string
  faults: readonly Fault[]
  children: ComponentChildren
}

function Option({ id, label, hint, faults, children }: OptionProps) {
  return (
    <div class="field">
      <label for={id}>{label}</label>
      {children}
      <p class="hint">{hint}</p>
      <Faults id={`${id}-faults`} faults={faults} />
    </div>
  )
}
