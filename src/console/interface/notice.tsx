/** What a page says where there is nothing to show, or where something went wrong. */
import type { ComponentChildren } from 'preact'
import { messageOf } from '../api/client.ts'
import { Icon, type IconName } from './icon.tsx'

export function Empty({ icon, title, children }: { icon: IconName; title: string; children: ComponentChildren }) {
  return (
    <div class="empty">
      <span class="empty-icon">
        <Icon name={icon} />
      </span>
      <h2>{title}</h2>
      {children}
    </div>
  )
}

export function Failure({ error, onRetry }: { error: unknown; onRetry?: () => void }) {
  return (
    <div class="notice bad" role="alert">
      <Icon name="alert" />
      <p>{messageOf(error)}</p>
      {onRetry && (
        <button type="button" class="quiet" onClick={onRetry}>
          Try again
        </button>
      )}
    </div>
  )
}

/** Keeps the place of `rows` lines while they are on their way. */
export function Skeleton({ rows }: { rows: number }) {
  return (
    <div class="skeleton" role="status" aria-label="Loading">
      {Array.from({ length: rows }, (_, row) => (
        <span key={row} />
      ))}
    </div>
  )
}
