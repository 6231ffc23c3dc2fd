/** The few calls that the demo makes, as any client would make them. */
import { createWriteStream } from 'node:fs'
import { pipeline } from 'node:stream/promises'
import { type CommandView, commandSchema, submittedSchema } from '../api/schemas.ts'

/** How long a poll is held: short enough for a lively progress bar. */
const POLL_WAIT_SECONDS = 1

export class DemoClient {
  readonly #api: string
  readonly #apiKey: string
  readonly #signal: AbortSignal

  constructor(options: { url: string; apiKey: string; signal: AbortSignal }) {
    this.#api = `${options.url}/api/v1`
    this.#apiKey = options.apiKey
    this.#signal = options.signal
  }

  /** Sets the account's webhook, whose secret signs every event. */
  async setWebhook(url: string, secret: string): Promise<void> {
    await this.#json('/webhook-config', jsonRequest('PUT', { url, secret }))
  }

  async submit(body: object): Promise<string> {
    const answer = await this.#json('/run-ffmpeg-command', jsonRequest('POST', body))
    return submittedSchema.parse(answer).command_id
  }

  /** Polls until the command has ended, and shows `onChange` every state on the way. */
  async waitUntilEnded(commandId: string, onChange: (command: CommandView) => void): Promise<CommandView> {
    for (let wait = 0; ; wait = POLL_WAIT_SECONDS) {
      const command = commandSchema.parse(await this.#json(`/commands/${commandId}?wait=${wait}`))
      onChange(command)
      if (command.status === 'SUCCESS' || command.status === 'FAILED') return command
    }
  }

  /** Fetches a storage URL the way a browser would: a plain GET, without the key. */
  async download(storageUrl: string, file: string): Promise<void> {
    const response = await fetch(storageUrl, { signal: this.#signal })
    if (!response.ok || response.body === null) throw new Error(`GET ${storageUrl} answered ${response.status}`)
    await pipeline(response.body, createWriteStream(file))
  }

  async #json(path: string, init: RequestInit = {}): Promise<unknown> {
    const headers = { ...init.headers, 'X-API-KEY': this.#apiKey }
    const response = await fetch(this.#api + path, { ...init, headers, signal: this.#signal })
    const text = await response.text()
    if (!response.ok) throw new Error(`${init.method ?? 'GET'} ${path} answered ${response.status}: ${text}`)
    return JSON.parse(text)
  }
}

function jsonRequest(method: string, body: object): RequestInit {
  return { method, headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) }
}
