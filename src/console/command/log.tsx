/** FFmpeg's log, as it comes. It stays at its end unless somebody has scrolled up. */
import { useLayoutEffect, useRef } from 'preact/hooks'
import { send } from '../api/client.ts'
import { CodeBox } from '../interface/code-box.tsx'
import { CopyButton } from '../interface/copy-button.tsx'
import { useResource } from '../interface/use-resource.ts'

const EVERY_MS = 1000
const NEAR_PX = 40

export function Log({ id, live }: { id: string; live: boolean }) {
  const load = async (signal: AbortSignal) => (await send(`/commands/${id}/log`, { signal })).text()
  // The key changes with the end, so that the last lines are fetched too.
  const { data: text = '', error } = useResource(`${id} ${live}`, load, () => (live ? EVERY_MS : 0))
  const box = useRef<HTMLElement>(null)
  const shown = useRef('')
  if (text !== '') shown.current = text
  const follows = useRef(true)
  useLayoutEffect(() => {
    if (follows.current && box.current) box.current.scrollTop = box.current.scrollHeight
  }, [shown.current])
  return (
    <div class="log">
      <CodeBox
        box={box}
        label="FFmpeg’s log"
        text={
          shown.current || (error ? 'The log cannot be read.' : live ? 'FFmpeg has not said anything yet.' : 'FFmpeg has said nothing.')
        }
        onScroll={({ scrollHeight, scrollTop, clientHeight }) => {
          follows.current = scrollHeight - scrollTop - clientHeight < NEAR_PX
        }}
      />
      <CopyButton text={shown.current} label="Copy the log" />
    </div>
  )
}
