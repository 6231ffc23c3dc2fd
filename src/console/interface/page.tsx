/** The frame of a page: its heading, which gets the focus when one comes here, and what can be done. */
import type { ComponentChildren } from 'preact'
import { useEffect, useRef } from 'preact/hooks'

let isFirst = true

export interface PageProps {
  title: string
  /** A sentence on what the page is for. */
  lead?: ComponentChildren
  actions?: ComponentChildren
  above?: ComponentChildren
  children: ComponentChildren
}

export function Page({ title, lead, actions, above, children }: PageProps) {
  const heading = useRef<HTMLHeadingElement>(null)
  useEffect(() => {
    document.title = `${title} · RenderIO`
  }, [title])
  useEffect(() => {
    if (!isFirst) heading.current?.focus({ preventScroll: true })
    isFirst = false
    scrollTo(0, 0)
  }, [])
  return (
    <>
      <header class="page-header">
        {above}
        <div class="page-title">
          <div>
            <h1 ref={heading} tabIndex={-1}>
              {title}
            </h1>
            {lead && <p class="lead">{lead}</p>}
          </div>
          {actions && <div class="actions">{actions}</div>}
        </div>
      </header>
      {children}
    </>
  )
}
