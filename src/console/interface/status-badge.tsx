import type { Command, Deliveries, StoredFile } from '../api/types.ts'

type Status = Command['status'] | 'CANCELLED' | StoredFile['status'] | NonNullable<Deliveries['status']>

const LOOKS: Record<Status, { label: string; tone: 'plain' | 'busy' | 'good' | 'bad' }> = {
  QUEUED: { label: 'Queued', tone: 'plain' },
  PROCESSING: { label: 'Running', tone: 'busy' },
  SUCCESS: { label: 'Done', tone: 'good' },
  STORED: { label: 'Stored', tone: 'good' },
  FAILED: { label: 'Failed', tone: 'bad' },
  CANCELLED: { label: 'Cancelled', tone: 'plain' },
  pending: { label: 'On its way', tone: 'busy' },
  delivered: { label: 'Delivered', tone: 'good' },
  failed: { label: 'Given up', tone: 'bad' },
  unwanted: { label: 'No receiver', tone: 'plain' },
}

/** How a command stands; one that was cancelled has not failed by itself. */
export function statusOf({ status, error_status }: Pick<Command, 'status' | 'error_status'>): Status {
  return error_status === 'CANCELLED' ? 'CANCELLED' : status
}

export function StatusBadge({ status, label }: { status: Status; label?: string | undefined }) {
  const look = LOOKS[status]
  return <span class={`badge ${look.tone}`}>{label ?? look.label}</span>
}
