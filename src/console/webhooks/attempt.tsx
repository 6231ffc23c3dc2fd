import type { Delivery } from '../api/types.ts'
import { formatExactTime, formatTime } from '../interface/format.ts'

/** One attempt to deliver: when, where to, and what came back. */
export function Attempt({ attempt }: { attempt: Delivery }) {
  const { success, response_status: status, error, duration_ms, response_body: body, created_at, url, manual } = attempt
  return (
    <li class="attempt">
      <span class={`badge ${success ? 'good' : 'bad'}`}>{status ?? 'No answer'}</span>
      <span class="attempt-main">
        <span class="mono">{url}</span>
        {(error ?? body) !== '' && <span class="hint mono">{error ?? body}</span>}
      </span>
      <span class="hint number">
        {Math.round(duration_ms)} ms{manual && ' · by hand'}
      </span>
      <time class="hint" dateTime={created_at} title={formatExactTime(created_at)}>
        {formatTime(created_at)}
      </time>
    </li>
  )
}
