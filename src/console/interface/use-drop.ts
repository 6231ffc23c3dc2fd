/** An area that files are dropped on. */
import { useState } from 'preact/hooks'

export function useDrop(onFiles: (files: File[]) => void) {
  const [over, setOver] = useState(false)
  return {
    over,
    handlers: {
      onDragOver: (event: DragEvent) => {
        event.preventDefault()
        // The innermost area takes the files.
        event.stopPropagation()
        setOver(true)
      },
      onDragLeave: (event: DragEvent) => {
        const inside = event.currentTarget instanceof Node && event.relatedTarget instanceof Node
        if (!(inside && event.currentTarget.contains(event.relatedTarget))) setOver(false)
      },
      onDrop: (event: DragEvent) => {
        event.preventDefault()
        event.stopPropagation()
        setOver(false)
        const files = Array.from(event.dataTransfer?.files ?? [])
        if (files.length > 0) onFiles(files)
      },
    },
  }
}
