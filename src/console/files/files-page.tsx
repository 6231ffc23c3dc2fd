/** Everything that is stored: uploads, files fetched from URLs, and outputs. */
import { useState } from 'preact/hooks'
import { request } from '../api/client.ts'
import type { FileList } from '../api/types.ts'
import { Filter } from '../interface/filter.tsx'
import { Empty, Failure, Skeleton } from '../interface/notice.tsx'
import { Page } from '../interface/page.tsx'
import { currentPage, Pager } from '../interface/pager.tsx'
import { useResource } from '../interface/use-resource.ts'
import { route } from '../route.ts'
import { AddFiles } from './add-files.tsx'
import { FileDialog } from './file-dialog.tsx'
import { FileRow } from './file-row.tsx'

const PAGE_SIZE = 20
const EVERY_MS = 5000
const EVERY_MS_WHILE_FETCHED = 1000

const KINDS = [
  { value: null, label: 'All' },
  { value: 'UPLOAD', label: 'Uploads' },
  { value: 'STORED_FILE', label: 'From URLs' },
  { value: 'OUTPUT', label: 'Outputs' },
]

export function FilesPage() {
  const kind = route.value.query.get('kind')
  const query = new URLSearchParams({ limit: String(PAGE_SIZE), offset: String((currentPage() - 1) * PAGE_SIZE) })
  if (kind !== null) query.set('rendi_store_type', kind)
  const path = `/files?${query}`
  const { data, error, reload } = useResource(
    path,
    (signal) => request<FileList>(path, { signal }),
    (list) => (list?.files.some((file) => file.status === 'PROCESSING') ? EVERY_MS_WHILE_FETCHED : EVERY_MS),
  )
  const [lookedAt, lookAt] = useState<string | null>(null)
  const looking = data?.files.find((file) => file.file_id === lookedAt)
  return (
    <Page title="Files" lead="What you upload here, or let the service fetch, is an input like any other.">
      <AddFiles onAdded={reload} />
      <Filter parameter="kind" label="Kind" options={KINDS} />
      {error !== undefined && <Failure error={error} onRetry={reload} />}
      {!data && error === undefined && <Skeleton rows={8} />}
      {data && data.files.length === 0 && (
        <Empty icon="folder" title={kind === null ? 'No file yet' : 'None of these'}>
          <p>{kind === null ? 'Drop one above. What your commands make is listed here too.' : 'There is no file of this kind.'}</p>
        </Empty>
      )}
      {data && data.files.length > 0 && (
        <>
          <ul class="rows">
            {data.files.map((file) => (
              <FileRow key={file.file_id} file={file} onLook={() => lookAt(file.file_id)} onGone={reload} />
            ))}
          </ul>
          <Pager total={data.total} pageSize={PAGE_SIZE} />
        </>
      )}
      {looking && <FileDialog file={looking} onClose={() => lookAt(null)} />}
    </Page>
  )
}
