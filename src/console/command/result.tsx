/** What a command has made: each output to look at, with what is in it, and text that it has for its result. */
import type { Command, OutputFile } from '../api/types.ts'
import { CodeBox } from '../interface/code-box.tsx'
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
      {command.stdout !== null && (
        <Text title="Standard output" hint={command.stdout_truncated ? 'its beginning' : ''} text={command.stdout} />
      )}
      {command.report !== null && <Text title="Report" hint="What FFmpeg found out" text={command.report} />}
    </>
  )
}

function Text({ title, hint, text }: { title: string; hint: string; text: string }) {
  return (
    <section class="card made" aria-label={title}>
      <CodeBox label={title} text={text} />
      <div class="made-foot">
        <div class="made-name">
          <h2>{title}</h2>
          {hint !== '' && <span class="hint">{hint}</span>}
        </div>
        <div class="actions">
          <CopyButton text={text} label="Copy" />
        </div>
      </div>
    </section>
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
