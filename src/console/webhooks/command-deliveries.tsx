/** The event of one command: every attempt to deliver it, and one more if wanted. */
import type { ComponentChildren } from 'preact'
import { request } from '../api/client.ts'
import type { Deliveries } from '../api/types.ts'
import { formatSeconds } from '../interface/format.ts'
import { Icon } from '../interface/icon.tsx'
import { Failure, Skeleton } from '../interface/notice.tsx'
import { StatusBadge } from '../interface/status-badge.tsx'
import { useAction } from '../interface/use-action.ts'
import { useResource } from '../interface/use-resource.ts'
import { Attempt } from './attempt.tsx'

const EVERY_MS = 3000

export function CommandDeliveries({ id, heading }: { id: string; heading?: ComponentChildren }) {
  const path = `/commands/${id}/webhook-deliveries`
  const load = (signal: AbortSignal) => request<Deliveries>(path, { signal })
  const { data, error, reload } = useResource(path, load, (deliveries) => (deliveries?.status === 'pending' ? EVERY_MS : 0))
  const again = useAction(async () => {
    await request<Deliveries>(path, { method: 'POST' })
    reload()
  })
  return (
    <section class="card deliveries" aria-label={heading ? undefined : 'Webhook'}>
      <div class="card-head">
        {heading ? <h3>{heading}</h3> : <h2>Webhook</h2>}
        {data?.status && <StatusBadge status={data.status} />}
        <span class="grow" />
        {data && data.status !== 'unwanted' && (
          <button type="button" class="quiet" disabled={again.busy} onClick={again.run}>
            <Icon name="again" />
            Send again
          </button>
        )}
      </div>
      {error !== undefined && <Failure error={error} onRetry={reload} />}
      {again.error !== null && <Failure error={again.error} />}
      {!data && error === undefined && <Skeleton rows={1} />}
      {data && data.deliveries.length > 0 && (
        <ul class="attempts">
          {data.deliveries.map((attempt) => (
            <Attempt key={attempt.created_at} attempt={attempt} />
          ))}
        </ul>
      )}
      {data?.deliveries.length === 0 && !(heading && data.status === 'unwanted') && (
        <p class="hint">
          {data.status === 'unwanted' ? (
            <>
              It ended without anywhere to send it to. <a href="#/webhooks">Set a webhook</a>
            </>
          ) : (
            'Nothing was sent yet.'
          )}
        </p>
      )}
      {data?.next_attempt_at && (
        <p class="hint">Next attempt in {formatSeconds(Math.max(0, (Date.parse(data.next_attempt_at) - Date.now()) / 1000))}.</p>
      )}
    </section>
  )
}
