/** Asks for an API key, and looks whether the API takes it. */
import { useState } from 'preact/hooks'
import { messageOf } from '../api/client.ts'
import { Icon } from '../interface/icon.tsx'
import { signedOutReason, signIn } from '../session.ts'
import { ThemeSwitch } from '../theme-switch.tsx'
import { Wordmark } from '../wordmark.tsx'

export function SignIn() {
  const [key, setKey] = useState('')
  const [complaint, setComplaint] = useState<string | null>(signedOutReason.value)
  const [busy, setBusy] = useState(false)
  const submit = async (event: Event) => {
    event.preventDefault()
    setBusy(true)
    setComplaint(await complaintAbout(key.trim()))
    setBusy(false)
  }
  return (
    <main class="sign-in">
      <form onSubmit={submit}>
        <Wordmark />
        <h1>FFmpeg, one request away.</h1>
        <p class="lead">Sign in with an API key. It stays in this tab, and is forgotten when you close it.</p>
        <label class="field">
          <span>API key</span>
          <input
            type="password"
            class="mono"
            autocomplete="off"
            spellcheck={false}
            placeholder="ffsk_…"
            value={key}
            onInput={(event) => setKey(event.currentTarget.value)}
            aria-invalid={complaint !== null}
            aria-describedby="sign-in-complaint"
            required
          />
        </label>
        <p id="sign-in-complaint" class="complaint" role="alert">
          {complaint}
        </p>
        <button type="submit" class="primary" disabled={busy}>
          {busy ? 'Looking …' : 'Sign in'}
        </button>
        <p class="hint">
          <code>npm run dev</code> prints a key. <code>npm run keys -- create --account default</code> makes another one.
        </p>
      </form>
      <footer>
        <a href="/docs">
          <Icon name="book" />
          API reference
        </a>
        <ThemeSwitch />
      </footer>
    </main>
  )
}

/** Signs in, or answers why that cannot be. */
async function complaintAbout(key: string): Promise<string | null> {
  if (!/^ffsk_[0-9a-f]{64}$/.test(key)) return 'An API key is ffsk_ and 64 characters of 0–9 and a–f.'
  try {
    const response = await fetch('/api/v1/commands?limit=1', { headers: { 'X-API-KEY': key } })
    if (response.status === 401) return 'The service does not know this key. It may have been revoked.'
    if (!response.ok) return `The service answered ${response.status}. Try again in a moment.`
    signIn(key)
    return null
  } catch (error) {
    return `The service does not answer: ${messageOf(error)}`
  }
}
