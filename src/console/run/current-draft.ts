/** The draft that the tab holds. */
import { effect, signal } from '@preact/signals'
import { type Draft, type DraftInput, EMPTY_DRAFT } from './draft.ts'

const STORAGE = 'renderio.draft'

/** Survives a reload, as long as the tab is open. */
export const draft = signal<Draft>(restored())

effect(() => sessionStorage.setItem(STORAGE, JSON.stringify(draft.value)))

function restored(): Draft {
  try {
    return { ...EMPTY_DRAFT, ...JSON.parse(sessionStorage.getItem(STORAGE) ?? '{}') }
  } catch {
    return EMPTY_DRAFT
  }
}

export function change(changes: Partial<Draft>): void {
  draft.value = { ...draft.value, ...changes }
}

export function setInput(alias: string, input: DraftInput): void {
  change({ inputs: { ...draft.value.inputs, [alias]: input } })
}
