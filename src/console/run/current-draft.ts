/** The draft that the tab holds. */
import { effect, signal } from '@preact/signals'
import { aliasesOf, type Draft, type DraftInput, EMPTY_DRAFT } from './draft.ts'

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

/** Where a file goes that somebody brings: the first input that has nothing yet. A draft without inputs becomes one that has one. */
export function inputToFill(): string {
  const aliases = aliasesOf(draft.value, 'in_')
  const [first] = aliases
  if (first === undefined) {
    change({ commands: ['ffmpeg -i {{in_video}} -c:v libx264 -pix_fmt yuv420p -c:a aac {{out_video}}'] })
    return 'in_video'
  }
  return aliases.find((alias) => !draft.value.inputs[alias]?.url) ?? first
}
