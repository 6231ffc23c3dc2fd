import { request } from '../api/client.ts'
import type { StoredFile } from '../api/types.ts'
import { formatDuration, formatExactTime, formatMegabytes, formatTime } from '../interface/format.ts'
import { Icon, type IconName } from '../interface/icon.tsx'
import { Failure } from '../interface/notice.tsx'
import { kindOf } from '../interface/player.tsx'
import { StatusBadge } from '../interface/status-badge.tsx'
import { useAction } from '../interface/use-action.ts'
import { navigate } from '../route.ts'
import { inputToFill, setInput } from '../run/current-draft.ts'

const ICONS: Record<ReturnType<typeof kindOf>, IconName> = {
  video: 'video',
  playlist: 'video',
  audio: 'audio',
  image: 'image',
  other: 'file',
}

/** One file of the list, and what can be done with it. */
export function FileRow({ file, onLook, onGone }: { file: StoredFile; onLook: () => void; onGone: () => void }) {
  const { file_id: id, filename, status, storage_url: url, rendi_store_type: origin } = file
  const remove = useAction(async () => {
    if (!confirm(`Delete ${filename}? Links to it end at once.`)) return
    await request(`/files/${id}`, { method: 'DELETE' })
    onGone()
  })
  return (
    <li class="row file">
      <Icon name={ICONS[kindOf(file)]} />
      <span class="row-main">
        {status === 'STORED' ? (
          <button type="button" class="link" onClick={onLook}>
            {filename}
          </button>
        ) : (
          <strong>{filename}</strong>
        )}
        <span class="hint">{status === 'FAILED' ? file.error_message : factsOf(file)}</span>
        {remove.error !== null && <Failure error={remove.error} />}
      </span>
      {status !== 'STORED' && <StatusBadge status={status} label={status === 'PROCESSING' ? workOn(file) : undefined} />}
      <time class="hint" dateTime={file.created_at} title={formatExactTime(file.created_at)}>
        {formatTime(file.created_at)}
      </time>
      <span class="actions">
        {isThere(file) && url !== null && (
          <button type="button" class="quiet" aria-label={`Use ${filename} in a command`} onClick={() => useAsInput(url, filename)}>
            Use
          </button>
        )}
        {origin !== 'OUTPUT' && (
          <button type="button" class="quiet icon-only" aria-label={`Delete ${filename}`} disabled={remove.busy} onClick={remove.run}>
            <Icon name="bin" />
          </button>
        )}
      </span>
    </li>
  )
}

/** Whether its bytes are there, which is all that a command needs of it. */
function isThere({ status, size_mbytes }: StoredFile): boolean {
  return status === 'STORED' || (status === 'PROCESSING' && size_mbytes !== null)
}

function workOn(file: StoredFile): string {
  return isThere(file) ? 'Looking inside' : 'Fetching'
}

function factsOf({ size_mbytes, duration, width, height, codec }: StoredFile): string {
  return [
    size_mbytes !== null && formatMegabytes(size_mbytes),
    duration !== null && formatDuration(duration),
    width !== null && height !== null && `${width} × ${height}`,
    codec,
  ]
    .filter(Boolean)
    .join(' · ')
}

function useAsInput(url: string, filename: string): void {
  setInput(inputToFill(), { url, filename })
  navigate('/run')
}
