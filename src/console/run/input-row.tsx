/** One input of the command: a URL, or a file from this machine. */
import type { Fault } from '../api/types.ts'
import { Icon } from '../interface/icon.tsx'
import { useDrop } from '../interface/use-drop.ts'
import { draft, setInput } from './current-draft.ts'
import { EMPTY_INPUT } from './draft.ts'
import { Faults } from './faults.tsx'
import { cancelUpload, uploadInput, uploads } from './uploads.ts'

export interface InputRowProps {
  alias: string
  faults: readonly Fault[]
}

export function InputRow({ alias, faults }: InputRowProps) {
  const input = draft.value.inputs[alias] ?? EMPTY_INPUT
  const upload = uploads.value[alias]
  const drop = useDrop(([file]) => file && void uploadInput(alias, file))
  const id = `input-${alias}`
  return (
    <li class={`file-row ${drop.over ? 'over' : ''}`} {...drop.handlers}>
      <label for={id} class="alias input">
        {alias}
      </label>
      <div class="file-row-field">
        {upload?.kind === 'going' ? (
          <div class="upload">
            <span class="upload-name">{upload.filename}</span>
            <progress id={id} aria-label={`Upload of ${upload.filename}`} max={1} value={upload.share} />
            <span class="number">{Math.floor(upload.share * 100)} %</span>
            <button type="button" class="quiet icon-only" aria-label="Cancel the upload" onClick={() => cancelUpload(alias)}>
              <Icon name="cross" />
            </button>
          </div>
        ) : input.filename !== null ? (
          <div class="upload done">
            <Icon name="check" />
            <span class="upload-name">{input.filename}</span>
            <button
              id={id}
              type="button"
              class="quiet icon-only"
              aria-label={`Remove ${input.filename}`}
              onClick={() => setInput(alias, EMPTY_INPUT)}
            >
              <Icon name="cross" />
            </button>
          </div>
        ) : (
          <>
            <input
              id={id}
              type="url"
              inputMode="url"
              placeholder="https://… or drop a file here"
              spellcheck={false}
              value={input.url}
              aria-invalid={faults.length > 0}
              aria-describedby={`${id}-faults`}
              onInput={(event) => setInput(alias, { url: event.currentTarget.value, filename: null })}
            />
            <FileChooser label={`Choose a file for ${alias}`} onFiles={([file]) => file && void uploadInput(alias, file)} />
          </>
        )}
        {upload?.kind === 'failed' && (
          <p class="complaint" role="alert">
            {upload.filename} was not uploaded: {upload.reason}
          </p>
        )}
        <Faults id={`${id}-faults`} faults={faults} />
      </div>
    </li>
  )
}

function FileChooser({ label, onFiles }: { label: string; onFiles: (files: File[]) => void }) {
  return (
    <label class="button quiet chooser">
      <Icon name="upload" />
      <span aria-hidden="true">File</span>
      <input
        type="file"
        class="hidden"
        aria-label={label}
        onChange={(event) => {
          onFiles(Array.from(event.currentTarget.files ?? []))
          event.currentTarget.value = ''
        }}
      />
    </label>
  )
}
