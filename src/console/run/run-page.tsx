/** Where a command is written, checked as it is written, and sent off. */
import { useState } from 'preact/hooks'
import { request } from '../api/client.ts'
import { Icon } from '../interface/icon.tsx'
import { Failure } from '../interface/notice.tsx'
import { Page } from '../interface/page.tsx'
import { useAction } from '../interface/use-action.ts'
import { RequestAsCode } from '../request/request-as-code.tsx'
import { navigate } from '../route.ts'
import { change, draft } from './current-draft.ts'
import { EMPTY_DRAFT, missingInputs, submitBody } from './draft.ts'
import { Editor } from './editor.tsx'
import { faultsAt } from './faults.tsx'
import { Inputs, Outputs } from './files-of-command.tsx'
import { Options } from './options.tsx'
import { SavePreset } from './save-preset.tsx'
import { Starters } from './starters.tsx'
import { uploads } from './uploads.ts'
import { useValidation, type Validation } from './use-validation.ts'
import { Verdict } from './verdict.tsx'

const MAX_STEPS = 10

export function RunPage() {
  const { commands } = draft.value
  const validation = useValidation(draft.value)
  const faults = validation.kind === 'faulty' ? validation.faults : []
  const [asked, setAsked] = useState(false)
  const [saving, setSaving] = useState(false)
  const missing = missingInputs(draft.value)
  const uploading = missing.some((alias) => uploads.value[alias]?.kind === 'going')
  const isChain = commands.length > 1

  const run = useAction(async () => {
    setAsked(true)
    const [first] = missingInputs(draft.value)
    if (first !== undefined) return document.getElementById(`input-${first}`)?.focus()
    const path = isChain ? '/run-chained-ffmpeg-commands' : '/run-ffmpeg-command'
    const { command_id } = await request<{ command_id: string }>(path, {
      method: 'POST',
      json: submitBody(draft.value),
    })
    navigate(`/commands/${command_id}`)
  })
  const setCommand = (index: number, command: string) => change({ commands: commands.map((other, at) => (at === index ? command : other)) })

  return (
    <Page title="Run a command" lead="Write what you would write in a terminal; put names in double braces where files go.">
      <form
        class="run"
        onSubmit={(event) => {
          event.preventDefault()
          void run.run()
        }}
        onKeyDown={(event) => {
          if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) void run.run()
        }}
        noValidate
      >
        <Starters />
        <section class="card" aria-label="Command">
          {commands.map((command, index) => (
            <Editor
              key={index}
              id={`command-${index}`}
              label={isChain ? `Step ${index + 1}` : 'Command'}
              value={command}
              faults={isChain ? faultsAt(faults, 'ffmpeg_commands', index) : faultsAt(faults, 'ffmpeg_command')}
              onInput={(value) => setCommand(index, value)}
              onRemove={isChain ? () => change({ commands: commands.filter((_, at) => at !== index) }) : undefined}
            />
          ))}
          <div class="editor-foot">
            <Verdict validation={validation} />
            <button
              type="button"
              class="quiet"
              onClick={() => {
                draft.value = EMPTY_DRAFT
              }}
            >
              Clear
            </button>
            {commands.length < MAX_STEPS && (
              <button type="button" class="quiet" onClick={() => change({ commands: [...commands, ''] })}>
                <Icon name="plus" />
                Add a step
              </button>
            )}
          </div>
        </section>
        <div class="columns">
          <Inputs faults={faults} missing={asked && !uploading ? missing : []} />
          <Outputs faults={faults} />
        </div>
        <Options faults={faults} />
        <details class="card">
          <summary>
            <h2>The same request as code</h2>
            <span class="hint">curl, JavaScript, Python</span>
          </summary>
          <RequestAsCode body={submitBody(draft.value)} />
        </details>
        {run.error !== null && <Failure error={run.error} />}
        <div class="run-bar">
          <button type="submit" class="primary" disabled={run.busy || uploading || !canRun(validation)}>
            <Icon name="play" />
            {uploading ? 'Waiting for the upload' : 'Run'}
          </button>
          <span class="hint keys">Ctrl + Enter</span>
          <span class="grow" />
          <button type="button" class="quiet" onClick={() => setSaving(true)} disabled={validation.kind !== 'valid'}>
            <Icon name="bookmark" />
            Save as preset
          </button>
        </div>
      </form>
      {saving && <SavePreset onClose={() => setSaving(false)} />}
    </Page>
  )
}

/** What could not be checked may still be tried: the submit is judged by itself. */
function canRun(validation: Validation): boolean {
  return validation.kind === 'valid' || validation.kind === 'unknown'
}
