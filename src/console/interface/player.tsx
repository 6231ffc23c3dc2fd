/** Plays or shows a file in the page, as far as the browser can. */
import { useEffect, useRef, useState } from 'preact/hooks'
import type { OutputFile, StoredFile } from '../api/types.ts'
import { Icon } from './icon.tsx'

type Playable = Pick<OutputFile | StoredFile, 'storage_url' | 'filename' | 'mime_type' | 'file_type' | 'width' | 'height'>

const KINDS = [
  { kind: 'video', names: /\.(mp4|m4v|mov|webm|mkv)$/i },
  { kind: 'audio', names: /\.(mp3|m4a|wav|ogg|opus|flac|aac)$/i },
  { kind: 'image', names: /\.(png|jpe?g|gif|webp|avif)$/i },
] as const

/** What the file is to a browser. */
export function kindOf({
  mime_type: type,
  file_type: contents,
  filename,
}: Pick<Playable, 'mime_type' | 'file_type' | 'filename'>): 'video' | 'audio' | 'image' | 'playlist' | 'other' {
  if (filename.endsWith('.m3u8')) return 'playlist'
  // What an executor has not looked into yet has no type.
  if (type === null) return KINDS.find(({ names }) => names.test(filename))?.kind ?? 'other'
  const [kind] = type.split('/')
  // A file named like a film may hold sound alone.
  if (kind === 'video' && contents === 'audio') return 'audio'
  return kind === 'video' || kind === 'audio' || kind === 'image' ? kind : 'other'
}

export function Player({ file }: { file: Playable }) {
  const [broken, setBroken] = useState(false)
  const { storage_url: url, filename } = file
  if (url === null) return null
  if (broken) return <Unplayable text="This browser cannot play it here. Download it to see it." />
  const onError = () => setBroken(true)
  // The size keeps the place before the first byte is there.
  const size = { width: file.width ?? 1280, height: file.height ?? 720 }
  switch (kindOf(file)) {
    case 'video':
      return <video class="player" controls preload="metadata" playsInline src={url} {...size} onError={onError} aria-label={filename} />
    case 'audio':
      return (
        <div class="player sound">
          <Icon name="audio" />
          {/* biome-ignore lint/a11y/useMediaCaption: what people convert comes without captions. */}
          <audio controls preload="metadata" src={url} onError={onError} aria-label={filename} />
        </div>
      )
    case 'image':
      return <img class="player" src={url} alt={filename} {...(file.width !== null && file.height !== null && size)} onError={onError} />
    case 'playlist':
      return <Playlist url={url} label={filename} onError={onError} />
    default:
      return <Unplayable text="There is nothing to play in it. Download it to look inside." />
  }
}

/** An HLS playlist: by hls.js, which is loaded only here, or by the browser where that can do it alone. */
function Playlist({ url, label, onError }: { url: string; label: string; onError: () => void }) {
  const video = useRef<HTMLVideoElement>(null)
  const failed = useRef(onError)
  failed.current = onError
  useEffect(() => {
    const element = video.current
    if (!element) return
    const stop = new AbortController()
    const attach = async () => {
      const { default: Hls } = await import('hls.js')
      if (stop.signal.aborted) return
      if (!Hls.isSupported()) {
        element.src = url
        return
      }
      const hls = new Hls({ enableWorker: false })
      stop.signal.addEventListener('abort', () => hls.destroy())
      hls.on(Hls.Events.ERROR, (_, { fatal }) => fatal && failed.current())
      hls.loadSource(url)
      hls.attachMedia(element)
    }
    attach().catch(() => failed.current())
    return () => stop.abort()
  }, [url])
  // biome-ignore lint/a11y/useMediaCaption: what people convert comes without captions.
  return <video ref={video} class="player" controls playsInline width={1280} height={720} aria-label={label} />
}

function Unplayable({ text }: { text: string }) {
  return (
    <div class="player nothing">
      <Icon name="file" />
      <p>{text}</p>
    </div>
  )
}
