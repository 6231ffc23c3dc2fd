import type { Ref } from 'preact'

export interface CodeBoxProps {
  label: string
  text: string
  /** Lines that are too long go on in the next, instead of out of sight. */
  wrap?: boolean
  box?: Ref<HTMLElement>
  onScroll?: (box: HTMLElement) => void
}

/** A text to read as it is. It scrolls, so the keyboard must reach it. */
export function CodeBox({ label, text, wrap = false, box, onScroll }: CodeBoxProps) {
  return (
    <section
      {...(box && { ref: box })}
      class={`code ${wrap ? 'wrap' : ''}`}
      aria-label={label}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by the keyboard.
      tabIndex={0}
      {...(onScroll && { onScroll: (event: Event & { currentTarget: HTMLElement }) => onScroll(event.currentTarget) })}
    >
      <pre>{text}</pre>
    </section>
  )
}
