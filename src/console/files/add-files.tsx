/** New files: dropped, chosen, or named by a URL. */
import { useState } from 'preact/hooks'
import { messageOf, request } from '../api/client.ts'
import { uploadFile } from '../api/upload.ts'
import { Icon } from '../interface/icon.tsx'
import { Failure } from '../interface/notice.tsx'
import { useAction } from '../interface/use-action.ts'
import { useDrop } from '../interface/use-drop.ts'

interface Going {
  id: number
  filename: string
  share: number
  failure: string | null
  cancel: () => void
}

let lastId = 0

export function AddFiles({ onAdded }: { onAdded: () => void }) {
  const [uploads, setUploads] = useState<Going[]>([])
  const [url, setUrl] = useState('')

  const upload = async (file: File) => {
    const id = ++lastId
    const stop = new AbortController()
    const change = (changes: Partial<Going>) =>
      setUploads((all) => all.map((going) => (going.id === id ? { ...going, ...changes } : going)))
    const remove = () => setUploads((all) => all.filter((going) => going.id !== id))
    const cancel = () => {
      stop.abort()
      remove()
    }
    setUploads((all) => [...all, { id, filename: file.name, share: 0, failure: null, cancel }])
    try {
      await uploadFile(file, { signal: stop.signal, onProgress: (share) => change({ share }) })
      remove()
      onAdded()
    } catch (error) {
      if (!stop.signal.aborted) change({ failure: messageOf(error) })
    }
  }
  const addAll = (files: File[]) => {
    for (const file of files) void upload(file)
  }
  const fetchUrl = useAction(async () => {
    await request('/files/store-file', { method: 'POST', json: { file_url: url } })
    setUrl('')
    onAdded()
  })
  const drop = useDrop(addAll)
  return (
    <section class={`card add-files ${drop.over ? 'over' : ''}`} aria-label="Add files" {...drop.handlers}>
      <div class="drop-zone">
        <Icon name="upload" />
        <p>
          Drop files here, or{' '}
          <label class="link chooser">
            choose them
            <input
              type="file"
              multiple
              class="hidden"
              aria-label="Choose files to upload"
              onChange={(event) => {
                addAll(Array.from(event.currentTarget.files ?? []))
                event.currentTarget.value = ''
              }}
            />
          </label>
        </p>
      </div>
      <form
        class="fetch-url"
        onSubmit={(event) => {
          event.preventDefault()
          void fetchUrl.run()
        }}
      >
        <input
          type="url"
          aria-label="URL of a file to fetch"
          placeholder="or fetch https://…"
          value={url}
          required
          onInput={(event) => setUrl(event.currentTarget.value)}
        />
        <button type="submit" disabled={fetchUrl.busy}>
          Fetch
        </button>
      </form>
      {fetchUrl.error !== null && <Failure error={fetchUrl.error} />}
      <ul class="uploads">
        {uploads.map(({ id, filename, share, failure, cancel }) => (
          <li key={id} class="upload">
            <span class="upload-name">{filename}</span>
            {failure === null ? (
              <>
                <progress max={1} value={share} aria-label={`Upload of ${filename}`} />
                <span class="number">{Math.floor(share * 100)} %</span>
              </>
            ) : (
              <span class="complaint" role="alert">
                {failure}
              </span>
            )}
            <button type="button" class="quiet icon-only" aria-label={`Cancel the upload of ${filename}`} onClick={cancel}>
              <Icon name="cross" />
            </button>
          </li>
        ))}
      </ul>
    </section>
  )
}
