/** The account's webhook: set, tested, removed. */
import { useState } from 'preact/hooks'
import { request } from '../api/client.ts'
import type { Delivery, WebhookConfig } from '../api/types.ts'
import { CopyButton } from '../interface/copy-button.tsx'
import { count, formatTime } from '../interface/format.ts'
import { Icon } from '../interface/icon.tsx'
import { Failure, Skeleton } from '../interface/notice.tsx'
import { useAction } from '../interface/use-action.ts'
import { useResource } from '../interface/use-resource.ts'
import { Attempt } from './attempt.tsx'

export function Endpoint() {
  const { data: config, error, reload } = useResource('webhook', (signal) => request<WebhookConfig>('/webhook-config', { signal }))
  if (error !== undefined) return <Failure error={error} onRetry={reload} />
  return (
    <section class="card endpoint" aria-labelledby="endpoint-heading">
      <div class="card-head">
        <h2 id="endpoint-heading">Endpoint</h2>
        {config?.configured && <State config={config} />}
      </div>
      {config ? <EndpointForm key={JSON.stringify(config)} config={config} onChange={reload} /> : <Skeleton rows={3} />}
    </section>
  )
}

function State({ config }: { config: Extract<WebhookConfig, { configured: true }> }) {
  if (config.is_active) {
    return (
      <span class="badge good">
        {config.consecutive_failures > 0 ? `Active, ${count(config.consecutive_failures, 'failure')} in a row` : 'Active'}
      </span>
    )
  }
  return <span class="badge bad">Disabled {config.disabled_at === null ? '' : formatTime(config.disabled_at)}</span>
}

function EndpointForm({ config, onChange }: { config: WebhookConfig; onChange: () => void }) {
  const [url, setUrl] = useState(config.configured ? config.url : '')
  const [secret, setSecret] = useState('')
  const [tested, setTested] = useState<Delivery | null>(null)
  const save = useAction(async () => {
    await request('/webhook-config', { method: 'PUT', json: { url: url.trim(), ...(secret !== '' && { secret }) } })
    onChange()
  })
  const test = useAction(async () => setTested(await request<Delivery>('/webhook-config/test', { method: 'POST' })))
  const remove = useAction(async () => {
    if (!confirm('Remove the webhook? Commands that end are told to nobody then.')) return
    await request('/webhook-config', { method: 'DELETE' })
    onChange()
  })
  const error = save.error ?? test.error ?? remove.error
  return (
    <form
      class="stack"
      onSubmit={(event) => {
        event.preventDefault()
        void save.run()
      }}
    >
      <label class="field">
        <span>URL</span>
        <input
          type="url"
          placeholder="https://example.com/hooks/renderio"
          value={url}
          required
          onInput={(event) => setUrl(event.currentTarget.value)}
        />
      </label>
      <div class="field">
        <label for="webhook-secret">Secret</label>
        <div class="with-action">
          <input
            id="webhook-secret"
            class="mono"
            autocomplete="off"
            spellcheck={false}
            placeholder={config.configured ? 'unchanged' : 'whsec_…'}
            value={secret}
            onInput={(event) => setSecret(event.currentTarget.value)}
          />
          {secret === '' ? (
            <button type="button" class="quiet" onClick={() => setSecret(newSecret())}>
              Make one
            </button>
          ) : (
            <CopyButton text={secret} label="Copy" />
          )}
        </div>
        <p class="hint">
          Signs every event. It is never shown again, so copy it into your receiver now. After a change, the old one signs along for a day.
        </p>
      </div>
      {error !== null && <Failure error={error} />}
      <div class="actions">
        <button type="submit" class="primary" disabled={save.busy}>
          {config.configured ? 'Save' : 'Set the webhook'}
        </button>
        {config.configured && (
          <>
            <button type="button" disabled={test.busy} onClick={test.run}>
              <Icon name="signal" />
              Send a test event
            </button>
            <span class="grow" />
            <button type="button" class="quiet" disabled={remove.busy} onClick={remove.run}>
              <Icon name="bin" />
              Remove
            </button>
          </>
        )}
      </div>
      <div aria-live="polite">
        {tested && (
          <ul class="attempts" aria-label="Test event">
            <Attempt attempt={tested} />
          </ul>
        )}
      </div>
    </form>
  )
}

/** A key of 32 random bytes, as Standard Webhooks writes it. */
function newSecret(): string {
  return `whsec_${btoa(String.fromCharCode(...crypto.getRandomValues(new Uint8Array(32))))}`
}
