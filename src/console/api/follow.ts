/** A command as it goes on, by Server-Sent Events. An EventSource cannot send a key, so the stream is read here. */
import { RequestFailed, request, send } from './client.ts'
import type { Command, Standing } from './types.ts'

const PAUSE_MS = 1000

export interface Watcher {
  onStanding(standing: Standing): void
  /** The command has ended; nothing comes after it. */
  onEnd(command: Command): void
}

/** Tells how the command stands until it has ended or `signal` aborts; connections that break are made again. Throws where there is no such command. */
export async function followCommand(id: string, watcher: Watcher, signal: AbortSignal): Promise<void> {
  let seen: string | null = null
  while (!signal.aborted) {
    try {
      const response = await send(`/commands/${id}/events`, { signal, headers: seen === null ? {} : { 'Last-Event-ID': seen } })
      if (response.status === 204 || !response.body) return watcher.onEnd(await request<Command>(`/commands/${id}`, { signal }))
      for await (const event of eventsIn(response.body)) {
        if (event.id !== '') seen = event.id
        if (event.name === 'end') return watcher.onEnd(JSON.parse(event.data))
        watcher.onStanding(JSON.parse(event.data))
      }
    } catch (error) {
      if (signal.aborted) return
      if (error instanceof RequestFailed && error.status >= 400 && error.status < 500 && error.status !== 429) throw error
    }
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS))
  }
}

interface ServerSentEvent {
  name: string
  id: string
  data: string
}

/** https://html.spec.whatwg.org/multipage/server-sent-events.html, as far as the API uses it: LF, and one `data` line each. */
async function* eventsIn(body: ReadableStream<Uint8Array<ArrayBuffer>>): AsyncGenerator<ServerSentEvent> {
  let text = ''
  for await (const chunk of body.pipeThrough(new TextDecoderStream())) {
    text += chunk
    const blocks = text.split('\n\n')
    text = blocks.pop() ?? ''
    for (const block of blocks) {
      const fields = new Map(
        block.split('\n').map((line) => {
          const [field = '', ...rest] = line.split(': ')
          return [field, rest.join(': ')] as const
        }),
      )
      const data = fields.get('data')
      if (data !== undefined) yield { name: fields.get('event') ?? '', id: fields.get('id') ?? '', data }
    }
  }
}
