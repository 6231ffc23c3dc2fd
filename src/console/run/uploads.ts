/** Uploads of inputs that are under way, by alias. They go on while one looks at another page. */
import { signal } from '@preact/signals'
import { messageOf } from '../api/client.ts'
import { uploadFile } from '../api/upload.ts'
import { setInput } from './current-draft.ts'

export type Upload =
  | { kind: 'going'; filename: string; share: number; cancel: () => void }
  | { kind: 'failed'; filename: string; reason: string }

export const uploads = signal<Record<string, Upload>>({})

function put(alias: string, upload: Upload | null): void {
  const { [alias]: _, ...others } = uploads.value
  uploads.value = upload === null ? others : { ...others, [alias]: upload }
}

/** Uploads the file and makes it the input of that alias, in place of one that is under way. */
export async function uploadInput(alias: string, file: File): Promise<void> {
  cancelUpload(alias)
  const stop = new AbortController()
  const going = (share: number) => put(alias, { kind: 'going', filename: file.name, share, cancel: () => stop.abort() })
  going(0)
  try {
    const { storage_url } = await uploadFile(file, { signal: stop.signal, onProgress: going })
    if (stop.signal.aborted) return
    setInput(alias, { url: storage_url ?? '', filename: file.name })
    put(alias, null)
  } catch (error) {
    if (!stop.signal.aborted) put(alias, { kind: 'failed', filename: file.name, reason: messageOf(error) })
  }
}

export function cancelUpload(alias: string): void {
  const upload = uploads.value[alias]
  if (upload?.kind === 'going') upload.cancel()
  put(alias, null)
}
