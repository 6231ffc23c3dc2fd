import type { StoredFile } from '../api/types.ts'
import { CopyButton } from '../interface/copy-button.tsx'
import { Dialog } from '../interface/dialog.tsx'
import { DownloadLink } from '../interface/download-link.tsx'
import { Facts } from '../interface/facts.tsx'
import { Player } from '../interface/player.tsx'

/** A stored file, to look at and to take along. */
export function FileDialog({ file, onClose }: { file: StoredFile; onClose: () => void }) {
  const { filename, storage_url: url } = file
  return (
    <Dialog title={filename} onClose={onClose}>
      <Player file={file} />
      <Facts file={file} />
      {url !== null && (
        <div class="actions">
          <CopyButton text={url} label="Copy link" />
          <DownloadLink url={url} filename={filename} class="button primary" />
        </div>
      )}
    </Dialog>
  )
}
