/** All commands, newest first, as they go on. */
import { request } from '../api/client.ts'
import type { Command, CommandList } from '../api/types.ts'
import { commandName } from '../command/name.ts'
import { hasEnded } from '../command/use-command.ts'
import { Filter } from '../interface/filter.tsx'
import { formatExactTime, formatSeconds, formatTime } from '../interface/format.ts'
import { Icon } from '../interface/icon.tsx'
import { Empty, Failure, Skeleton } from '../interface/notice.tsx'
import { Page } from '../interface/page.tsx'
import { currentPage, Pager } from '../interface/pager.tsx'
import { StatusBadge, statusOf } from '../interface/status-badge.tsx'
import { useResource } from '../interface/use-resource.ts'
import { route } from '../route.ts'

const PAGE_SIZE = 20
const EVERY_MS = 2500

const STATUSES = [
  { value: null, label: 'All' },
  { value: 'QUEUED', label: 'Queued' },
  { value: 'PROCESSING', label: 'Running' },
  { value: 'SUCCESS', label: 'Done' },
  { value: 'FAILED', label: 'Failed' },
]

export function CommandsPage() {
  const status = route.value.query.get('status')
  const query = new URLSearchParams({ limit: String(PAGE_SIZE), offset: String((currentPage() - 1) * PAGE_SIZE) })
  if (status !== null) query.set('status', status)
  const path = `/commands?${query}`
  const { data, error, reload } = useResource(
    path,
    (signal) => request<CommandList>(path, { signal }),
    () => EVERY_MS,
  )
  return (
    <Page
      title="Commands"
      lead="Everything that was submitted, with any of your keys."
      actions={
        <a class="button primary" href="#/run">
          <Icon name="play" />
          Run a command
        </a>
      }
    >
      <Filter parameter="status" label="Status" options={STATUSES} />
      {error !== undefined && <Failure error={error} onRetry={reload} />}
      {!data && error === undefined && <Skeleton rows={8} />}
      {data && data.commands.length === 0 && <NoCommands filtered={status !== null} />}
      {data && data.commands.length > 0 && (
        <>
          <ul class="rows">
            {data.commands.map((command) => (
              <Row key={command.command_id} command={command} />
            ))}
          </ul>
          <Pager total={data.total} pageSize={PAGE_SIZE} />
        </>
      )}
    </Page>
  )
}

function Row({ command }: { command: Command }) {
  const { ffmpeg_command, ffmpeg_commands = [] } = command.original_request
  return (
    <li>
      <a class="row" href={`#/commands/${command.command_id}`}>
        <StatusBadge status={statusOf(command)} />
        <span class="row-main">
          <strong>{commandName(command)}</strong>
          <code>{ffmpeg_command ?? ffmpeg_commands.join('  →  ')}</code>
        </span>
        <span class="row-side">
          <time dateTime={command.created_at} title={formatExactTime(command.created_at)}>
            {formatTime(command.created_at)}
          </time>
          <span class="hint number">
            {hasEnded(command) && command.total_processing_seconds !== null ? formatSeconds(command.total_processing_seconds) : ' '}
          </span>
        </span>
      </a>
    </li>
  )
}

function NoCommands({ filtered }: { filtered: boolean }) {
  if (filtered) {
    return (
      <Empty icon="list" title="None of these">
        <p>
          No command has this status now. <a href="#/commands">Show all</a>
        </p>
      </Empty>
    )
  }
  return (
    <Empty icon="play" title="No command yet">
      <p>Run the first one: the examples need no file of yours.</p>
      <a class="button primary" href="#/run">
        Run a command
      </a>
    </Empty>
  )
}
