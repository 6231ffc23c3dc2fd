/** One command, from its submit to its result. */
import { request } from '../api/client.ts'
import type { Command } from '../api/types.ts'
import { CodeBox } from '../interface/code-box.tsx'
import { CopyButton } from '../interface/copy-button.tsx'
import { formatExactTime, formatSeconds } from '../interface/format.ts'
import { Icon } from '../interface/icon.tsx'
import { Failure, Skeleton } from '../interface/notice.tsx'
import { Page } from '../interface/page.tsx'
import { StatusBadge, statusOf } from '../interface/status-badge.tsx'
import { useAction } from '../interface/use-action.ts'
import { RequestAsCode } from '../request/request-as-code.tsx'
import { navigate } from '../route.ts'
import { draft } from '../run/current-draft.ts'
import { draftOfCommand, submitBody } from '../run/draft.ts'
import { CommandDeliveries } from '../webhooks/command-deliveries.tsx'
import { FailureReason } from './failure-reason.tsx'
import { GoingOn } from './going-on.tsx'
import { Log } from './log.tsx'
import { commandName } from './name.ts'
import { Result } from './result.tsx'
import { hasEnded, useCommand } from './use-command.ts'

export function CommandPage({ id }: { id: string }) {
  const { command, standing, error, replace } = useCommand(id)
  const above = (
    <p class="crumbs">
      <a href="#/commands">Commands</a>
      <span aria-hidden="true">/</span>
      <code>{id.slice(0, 8)}</code>
    </p>
  )
  if (error && !command) {
    return (
      <Page title="Command" above={above}>
        <Failure error={error} />
      </Page>
    )
  }
  if (!command) {
    return (
      <Page title="Command" above={above}>
        <Skeleton rows={6} />
      </Page>
    )
  }
  const ended = hasEnded(command)
  // It stays as it was when the command ends, so that nothing moves.
  const watched = !ended || standing !== null
  return (
    <Page
      title={commandName(command)}
      above={above}
      lead={
        <span class="command-lead">
          <span role="status">
            <StatusBadge status={statusOf(command)} />
          </span>
          <Timing command={command} />
        </span>
      }
      actions={<Actions command={command} onChange={replace} />}
    >
      <div class="command">
        {!ended && <GoingOn command={command} standing={standing} />}
        {command.status === 'FAILED' && <FailureReason command={command} watched={watched} />}
        {command.status === 'SUCCESS' && <Result command={command} />}
        <details class="card" open={watched}>
          <summary>
            <h2>Log</h2>
            <span class="hint">What FFmpeg says</span>
          </summary>
          <Log id={id} live={!ended} />
        </details>
        <Request command={command} />
        {ended && <CommandDeliveries id={id} />}
      </div>
    </Page>
  )
}

function Timing({ command }: { command: Command }) {
  const { total_processing_seconds: total, ffmpeg_command_run_seconds: ffmpeg, created_at } = command
  return (
    <span>
      {formatExactTime(created_at)}
      {total !== null && ` · took ${formatSeconds(total)}`}
      {ffmpeg !== null && `, FFmpeg ${formatSeconds(ffmpeg)}`}
    </span>
  )
}

function Actions({ command, onChange }: { command: Command; onChange: (command: Command) => void }) {
  const { command_id: id } = command
  const cancel = useAction(async () => onChange(await request<Command>(`/commands/${id}/cancel`, { method: 'POST' })))
  const again = useAction(async () => {
    const { command_id } = await request<{ command_id: string }>(`/commands/${id}/retry`, { method: 'POST' })
    navigate(`/commands/${command_id}`)
  })
  const error = cancel.error ?? again.error
  if (!hasEnded(command)) {
    return (
      <>
        <button type="button" class="danger" disabled={cancel.busy} onClick={cancel.run}>
          <Icon name="cross" />
          Cancel
        </button>
        {error !== null && <Failure error={error} />}
      </>
    )
  }
  return (
    <>
      <button
        type="button"
        onClick={() => {
          draft.value = draftOfCommand(command)
          navigate('/run')
        }}
      >
        <Icon name="edit" />
        Edit
      </button>
      <button type="button" disabled={again.busy} onClick={again.run}>
        <Icon name="again" />
        Run again
      </button>
      {error !== null && <Failure error={error} />}
    </>
  )
}

function Request({ command }: { command: Command }) {
  const { ffmpeg_command, ffmpeg_commands, input_files } = command.original_request
  const inputs = Object.entries(input_files)
  const metadata = Object.entries(command.metadata)
  return (
    <details class="card">
      <summary>
        <h2>Request</h2>
        <span class="hint">The command, its inputs, and the same as code</span>
      </summary>
      {(ffmpeg_commands ?? [ffmpeg_command ?? '']).map((text) => (
        <CodeBox key={text} label="Command" text={text} wrap />
      ))}
      <dl class="pairs">
        {inputs.map(([alias, url]) => (
          <div key={alias}>
            <dt>
              <code class="alias input">{alias}</code>
            </dt>
            <dd class="mono">{url}</dd>
          </div>
        ))}
        {metadata.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd class="mono">{typeof value === 'string' ? value : JSON.stringify(value)}</dd>
          </div>
        ))}
        <div>
          <dt>Id</dt>
          <dd class="mono with-action">
            {command.command_id} <CopyButton text={command.command_id} label="Copy" />
          </dd>
        </div>
      </dl>
      <RequestAsCode body={submitBody(draftOfCommand(command))} />
    </details>
  )
}
