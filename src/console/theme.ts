/** Light or dark: as the system has it, unless somebody chooses. */
import { effect, signal } from '@preact/signals'

const STORAGE = 'renderio.theme'
export type Theme = 'system' | 'light' | 'dark'

const stored = localStorage.getItem(STORAGE)
export const theme = signal<Theme>(stored === 'light' || stored === 'dark' ? stored : 'system')

effect(() => {
  document.documentElement.dataset.theme = theme.value
  if (theme.value === 'system') localStorage.removeItem(STORAGE)
  else localStorage.setItem(STORAGE, theme.value)
})
