/** The field that a command is written in: a text area over the same text in colours. */
import type { Fault } from '../api/types.ts'
import { Icon } from '../interface/icon.tsx'
import { Faults } from './faults.tsx'
import { highlight } from './highlight.ts'

export interface EditorProps {
  id: string
  label: string
  value: string
  faults: readonly Fault[]
  onInput: (value: string) => void
  /** Absent where there is nothing else than this command. */
  onRemove?: (() => void) | undefined
}

export function Editor({ id, label, value, faults, onInput, onRemove }: EditorProps) {
  return (
    <div class="editor">
      <div class="editor-head">
        <label for={id}>{label}</label>
        {onRemove && (
          <button type="button" class="quiet icon-only" aria-label={`Remove ${label.toLowerCase()}`} onClick={onRemove}>
            <Icon name="cross" />
          </button>
        )}
      </div>
      <div class={`editor-field ${faults.length > 0 ? 'invalid' : ''}`}>
        <pre aria-hidden="true">
          {highlight(value).map(({ kind, text }, index) =>
            kind === 'text' ? (
              text
            ) : (
              <span key={index} class={kind}>
                {text}
              </span>
            ),
          )}
          {'\n'}
        </pre>
        <textarea
          id={id}
          value={value}
          rows={1}
          spellcheck={false}
          autocapitalize="off"
          autocomplete="off"
          placeholder="ffmpeg -i {{in_video}} -vf scale=640:-2 {{out_video}}"
          aria-invalid={faults.length > 0}
          aria-describedby={`${id}-faults`}
          onInput={(event) => onInput(event.currentTarget.value)}
        />
      </div>
      <Faults id={`${id}-faults`} faults={faults} />
    </div>
  )
}
