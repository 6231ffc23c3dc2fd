/** Who is signed in: the API key, for as long as the tab is open. */
import { signal } from '@preact/signals'

const STORAGE = 'renderio.api-key'

/** Null while nobody is signed in. */
export const apiKey = signal<string | null>(sessionStorage.getItem(STORAGE))

/** Why the sign-in page is shown again, if it is. */
export const signedOutReason = signal<string | null>(null)

export function signIn(key: string): void {
  sessionStorage.setItem(STORAGE, key)
  signedOutReason.value = null
  apiKey.value = key
}

export function signOut(reason: string | null = null): void {
  sessionStorage.clear()
  signedOutReason.value = reason
  apiKey.value = null
}
