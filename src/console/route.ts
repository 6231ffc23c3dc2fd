/** Where in the console one is. It stands behind the `#`, so that every other path is the API's. */
import { computed, signal } from '@preact/signals'

const hash = signal(location.hash)
addEventListener('hashchange', () => {
  hash.value = location.hash
})

export interface Route {
  /** `commands`, then an id perhaps. */
  path: string[]
  query: URLSearchParams
}

export const route = computed<Route>(() => {
  const [path = '', query = ''] = hash.value.replace(/^#\/?/, '').split('?')
  return { path: path.split('/').filter((part) => part !== ''), query: new URLSearchParams(query) }
})

export function navigate(to: string): void {
  location.hash = to
}

/** A link to the same page with other parameters; those that are null are left out. */
export function withQuery(changes: Record<string, string | null>): string {
  const { path, query } = route.value
  const changed = new URLSearchParams(query)
  for (const [name, value] of Object.entries(changes)) {
    if (value === null) changed.delete(name)
    else changed.set(name, value)
  }
  const text = changed.toString()
  return `#/${path.join('/')}${text === '' ? '' : `?${text}`}`
}
