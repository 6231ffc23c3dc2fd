/** What a command has made: each output to look at, with what is in it. */
import type { Command, OutputFile } from '../api/types.ts'
import { CopyButton } from '../interface/copy-button.tsx'
import { DownloadLink } from '../interface/download-link.tsx'
import { Facts } from '../interface/facts.tsx'
import { Player } from '../interface/player.tsx'

export function Result({ command }: { command: Command }) {
  const outputs = Object.entries(command.output_files)
  return (
    <>
      {outputs.map(([alias, file]) => (
        <Output key={file.file_id} alias={alias} file={file} />
      ))}
    </>
  )
}

function Output({ alias, file }: { alias: string; file: OutputFile }) {
  const { storage_url: url, filename, is_deleted } = file
  return (
    <section class="card made" aria-label={filename}>
      {is_deleted ? <div class="player nothing">It was deleted.</div> : <Player file={file} />}
      <div class="made-foot">
        <div class="made-name">
          <h2>{filename}</h2>
          <code class="alias output">{alias}</code>
        </div>
        {url !== null && !is_deleted && (
          <div class="actions">
            <CopyButton text={url} label="Copy link" />
            <DownloadLink url={url} filename={filename} class="button primary" />
          </div>
        )}
      </div>
      <Facts file={file} />
    </section>
  )
}
