/** The server of inputs, and submits that read from it. */
import { env } from 'cloudflare:workers'
import type { MediaRequest } from '../support/media-request.ts'

/** An address of the media server that no other test asks for. */
export function mediaUrl(path: string): string {
  return `${env.MEDIA_URL}${path}?${crypto.randomUUID()}`
}

/** An address that answers this, as the file of this name. */
export function answering(filename: string, body: string, { code = 200, type = 'text/html; charset=utf-8' } = {}): string {
  return `${env.MEDIA_URL}/says/${code}/${filename}?${new URLSearchParams({ type, body, n: crypto.randomUUID() })}`
}

/** What the media server was asked under this address. */
export async function requestsFor(url: string): Promise<MediaRequest[]> {
  const response = await fetch(`${env.MEDIA_URL}/requests?${encodeURIComponent(url.slice(env.MEDIA_URL.length))}`)
  return response.json<MediaRequest[]>()
}

export async function mediaFile(name: string): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await (await fetch(`${env.MEDIA_URL}/${name}`)).arrayBuffer())
}

/**
 * An input whose second half comes when the test says so. One that `breaks` loses its connection then, and gives the rest when asked.
 * One that is `held` gives the rest at once to whoever asks for it, and a `stubborn` one begins anew.
 */
export class Gate {
  readonly #name = crypto.randomUUID()
  readonly url: string

  constructor(kind: 'gate' | 'breaks' | 'held' | 'stubborn' = 'gate') {
    this.url = `${env.MEDIA_URL}/${kind}/${this.#name}/tone.wav`
  }

  async open(): Promise<void> {
    const response = await fetch(`${env.MEDIA_URL}/open/${this.#name}`)
    await response.body?.cancel()
  }
}

/**
 * A submit that stores the samples of its input as they came. As the other ones here it makes a kind of file about which the executor
 * needs to ask no ffprobe; what it does need one for, tests make themselves.
 */
export function copyOf(url: string) {
  return { input_files: { in_file: url }, output_files: { out_file: 'copy.m4a' }, ffmpeg_command: '-i {{in_file}} -c alac {{out_file}}' }
}

/** A submit that needs no input and ends within a tenth of a second. */
export const SHORT_TONE = {
  output_files: { out_tone: 'tone.m4a' },
  ffmpeg_command: '-f lavfi -i sine=d=0.1 {{out_tone}}',
}

/** A submit that takes so many seconds of FFmpeg. */
export function lastingSeconds(seconds: number) {
  return { output_files: { out_tone: 'tone.m4a' }, ffmpeg_command: `-re -f lavfi -i sine=d=${seconds} {{out_tone}}` }
}
