/** A client of the running stack, as a customer's would be. */
import { commandSchema } from '../../src/api/schemas.ts'
import { waitUntil } from './wait-until.ts'

export type Command = ReturnType<typeof commandSchema.parse>

export interface SubmitOptions {
  ffmpeg_command: string
  input_files?: Record<string, string>
  output_files: Record<string, string>
  max_command_run_seconds?: number
  webhook_url?: string
}

export class ApiClient {
  readonly #stack: { url: string; apiKey: string }

  /** The key is read at every request, since a stack has it only once it runs. */
  constructor(stack: { url: string; apiKey: string }) {
    this.#stack = stack
  }

  fetch(path: string, init: RequestInit = {}): Promise<Response> {
    const headers = new Headers(init.headers)
    headers.set('x-api-key', this.#stack.apiKey)
    return fetch(this.#stack.url + path, { ...init, headers })
  }

  /** Submits and returns the command's id. */
  async submit(options: SubmitOptions): Promise<string> {
    const response = await this.fetch('/api/v1/run-ffmpeg-command', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(options),
    })
    const body: unknown = await response.json()
    if (!response.ok || typeof body !== 'object' || body === null || !('command_id' in body)) throw new Error(JSON.stringify(body))
    return String(body.command_id)
  }

  async poll(id: string, waitSeconds = 0): Promise<Command> {
    const response = await this.fetch(`/api/v1/commands/${id}?wait=${waitSeconds}`)
    if (!response.ok) throw new Error(`${response.status} ${await response.text()}`)
    return commandSchema.parse(await response.json())
  }

  /** Polls until the command has ended; a stack that is down for a moment is asked again, as a client would. */
  ended(id: string, timeoutMs = 90_000): Promise<Command> {
    return waitUntil(
      `command ${id} has ended`,
      async () => {
        const command = await this.poll(id, 5).catch(() => null)
        return command && (command.status === 'SUCCESS' || command.status === 'FAILED') && command
      },
      timeoutMs,
    )
  }

  reaches(id: string, stage: Command['processing_stage']): Promise<Command> {
    return waitUntil(`command ${id} is in ${stage}`, async () => {
      const command = await this.poll(id)
      if (command.status === 'FAILED') throw new Error(`${command.error_status}: ${command.error_message}`)
      return command.processing_stage === stage && command
    })
  }
}
