import { Icon } from './icon.tsx'

/** A signed link. One on another host opens beside the console, since a browser saves by name only what is of the same origin. */
export function DownloadLink({ url, filename, class: look = 'button' }: { url: string; filename: string; class?: string }) {
  const isOurs = new URL(url, location.href).origin === location.origin
  return (
    <a class={look} href={url} download={filename} {...(!isOurs && { target: '_blank', rel: 'noopener' })}>
      <Icon name="download" />
      Download
    </a>
  )
}
